import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SlicedRow {
  readonly id: string
  readonly at: string
}

export interface Asked {
  readonly slice: string
  /** Null where it was not sent. */
  readonly since: string | null
  readonly page: number
}

/**
 * A provider of parents (`/parents`, rows `{id}`) and of rows below each (`/rows/ID`, from `since` on, oldest first), by
 * pages of `size`.
 */
export interface SlicedProvider extends AsyncDisposable {
  readonly url: string
  parents: readonly object[]
  rows: Map<string, readonly SlicedRow[]>
  /** Every request for rows, in order. */
  asked: Asked[]
  parentsAsked: string[]
  /** Answers in place of the provider where it returns true. */
  fault: (asked: Asked, response: ServerResponse) => boolean
}

export async function startSlicedProvider(size: number): Promise<SlicedProvider> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const page = Number(searchParams.get('page') ?? 1)
    const send = (rows: readonly object[]): void =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ data: rows.slice((page - 1) * size, page * size) }))
    if (pathname === '/parents') {
      provider.parentsAsked.push(request.url ?? '')
      return send(provider.parents)
    }
    const slice = decodeURIComponent(pathname.slice('/rows/'.length))
    const since = searchParams.get('since')
    const asked = { slice, since, page }
    provider.asked.push(asked)
    if (provider.fault(asked, response)) return
    const rows = provider.rows.get(slice)
    if (!rows) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
    send(rows.filter(({ at }) => since === null || at >= since))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const provider: SlicedProvider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    parents: [],
    rows: new Map(),
    asked: [],
    parentsAsked: [],
    fault: () => false,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return provider
}

/** Rows `from` up to `to` of a slice, each a minute after the one before it. */
export const slicedRows = (slice: string, from: number, to: number): readonly SlicedRow[] =>
  Array.from({ length: to - from }, (_, index) => ({
    id: `${slice}-${from + index}`,
    at: new Date(Date.UTC(2024, 0, 1) + (from + index) * 60_000).toISOString(),
  }))

/** `2024-01-01T00:0N:00.000Z`: the cursor of a slice's row. */
export const timeOf = (row: number): string => new Date(Date.UTC(2024, 0, 1) + row * 60_000).toISOString()
