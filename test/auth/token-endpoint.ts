import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What the endpoint does with one request. */
export type Reply = (response: ServerResponse, request: IncomingMessage) => void

export interface TokenEndpoint {
  readonly url: string
  readonly requests: readonly SeenRequest[]
  /** The replies to come; the last one stays. */
  replies: Reply[]
}

/** A token endpoint that answers as the test wants. */
export async function startEndpoint(context: TestContext, ...replies: Reply[]): Promise<TokenEndpoint> {
  const requests: SeenRequest[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      requests.push({ method, url, headers, body: Buffer.concat(chunks).toString() })
      const reply = endpoint.replies.length > 1 ? endpoint.replies.shift() : endpoint.replies[0]
      reply?.(response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth/token`
  const endpoint: TokenEndpoint = { url, requests, replies }
  return endpoint
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return text(JSON.stringify(body), status, { 'content-type': 'application/json', ...headers })
}

export function text(body: string | Buffer, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) => response.writeHead(status, headers).end(body)
}

export const breakOff: Reply = (_response, request) => request.socket.destroy()

export const html = text('<!doctype html><html><head><title>Sign in to Acme</title></head></html>', 200, {
  'content-type': 'text/html',
})
