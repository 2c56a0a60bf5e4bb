import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface CloudRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What a path answers with: a JSON value, or text as it is. */
export type CloudReply = (request: CloudRequest) => { readonly status?: number; readonly body: unknown }

export interface Cloud {
  /** `127.0.0.1:PORT`, as GCE_METADATA_HOST wants it. */
  readonly host: string
  readonly requests: readonly CloudRequest[]
  /** A fetch that sends to this server what is meant for Google. */
  readonly fetch: typeof fetch
}

/** The metadata server of Google Cloud and its token and IAM endpoints, on loopback; what is not among `replies` is a 404. */
export async function startCloud(
  context: TestContext,
  replies: Readonly<Record<string, CloudReply>>,
  send: typeof fetch,
): Promise<Cloud> {
  const requests: CloudRequest[] = []
  const answer = (message: IncomingMessage, response: ServerResponse, body: string): void => {
    const { pathname, searchParams } = new URL(message.url ?? '/', 'http://cloud')
    const request = { path: pathname, query: searchParams, headers: message.headers, body }
    requests.push(request)
    const { status = 200, body: reply } = replies[pathname]?.(request) ?? { status: 404, body: 'not found' }
    const text = typeof reply === 'string' ? reply : JSON.stringify(reply)
    const type = typeof reply === 'string' ? 'application/text' : 'application/json'
    response.writeHead(status, { 'metadata-flavor': 'Google', 'content-type': type }).end(text)
  }
  const server = createServer((message, response) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => answer(message, response, Buffer.concat(chunks).toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    requests,
    fetch: (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input)
      if (!url.hostname.endsWith('.googleapis.com')) throw new Error(`not meant for Google: ${url.origin}`)
      return send(`http://${host}${url.pathname}${url.search}`, init)
    },
  }
}
