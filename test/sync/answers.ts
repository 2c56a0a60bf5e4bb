import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One answer of a provider. */
export interface Answer {
  readonly status?: number
  /** JSON unless it is a text. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface AnsweringProvider extends AsyncDisposable {
  readonly url: string
  /** Paths with their queries, in the order of the requests. */
  readonly asked: readonly string[]
}

/** A provider on loopback that answers as a test says; `at` counts the requests from 0. */
export async function startAnswering(
  answer: (query: URLSearchParams, at: number) => Answer,
): Promise<AnsweringProvider> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const target = new URL(request.url ?? '/', 'http://localhost')
    const { status = 200, body, headers = {} } = answer(target.searchParams, asked.length)
    asked.push(`${target.pathname}${target.search}`)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Rows `from` to `to`, both included. */
export const rowsOf = (from: number, to: number): readonly { readonly id: number; readonly at: string }[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => ({
    id: from + index,
    at: new Date(Date.UTC(2024, 0, 1) + (from + index) * 1000).toISOString(),
  }))
