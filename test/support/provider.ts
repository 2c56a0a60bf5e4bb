import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { findWindow, formatPage, type PageStyle, type PageWindow } from './pages.ts'

export type Row = Readonly<Record<string, unknown>>

/** A request that the provider got. */
export interface Received {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Which page was asked for, from 1. */
  readonly page: number
  /** How many requests came before it since the fault was set. */
  readonly at: number
}

export interface Exchange {
  readonly received: Received
  readonly response: ServerResponse
  readonly window: PageWindow
  /** The page as it would be served without a fault. */
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** Answers in place of the provider, and may do so badly. */
export type Fault = (exchange: Exchange) => void | Promise<void>

export interface ProviderOptions {
  readonly rows: readonly Row[]
  readonly pageSize: number
  readonly style?: PageStyle
  /** The bearer token that every request must carry. */
  readonly token?: string
  /** Before each page, milliseconds. */
  readonly delay?: number
}

/** A provider of rows on loopback at `/rows`: pages in the style asked for, `updated_since` filters (inclusive). */
export interface Provider extends AsyncDisposable {
  readonly url: string
  /** Everything it was asked since the last `watch`. */
  readonly received: readonly Received[]
  /** What it serves from now on. */
  setRows(rows: readonly Row[]): void
  /** Chooses a fault for each request from now on; undefined serves the page as it should be. */
  setFault(choose?: (received: Received) => Fault | undefined): void
  /** Called for each request, before it is answered; forgets the requests so far. */
  watch(onRequest?: (received: Received) => void): void
}

export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const { pageSize, style = 'page_number', token, delay = 0 } = options
  let rows = options.rows
  let choose: (received: Received) => Fault | undefined = () => undefined
  let onRequest: (received: Received) => void = () => undefined
  let sinceFault = 0
  let received: Received[] = []
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = new URL(request.url ?? '/', url)
    const matching = filterSince(rows, target.searchParams.get('updated_since'))
    const window = findWindow({ style, query: target.searchParams, rows: matching, pageSize })
    const method = request.method ?? 'GET'
    const one = { method, url: request.url ?? '/', headers: request.headers, page: window.page, at: sinceFault++ }
    received.push(one)
    onRequest(one)
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
    const exchange = { received: one, response, window, ...formatPage({ style, url: target, window }) }
    const fault = choose(one)
    if (fault) return fault(exchange)
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"who are you?"}')
      return
    }
    response.writeHead(200, { ...exchange.headers, 'content-length': exchange.body.length }).end(exchange.body)
  }
  server.on('request', (request, response) => {
    answer(request, response).catch((error: Error) => response.destroy(error))
  })

  return {
    url,
    get received() {
      return received
    },
    setRows: (next) => void (rows = next),
    setFault(next = () => undefined) {
      choose = next
      sinceFault = 0
    },
    watch(next = () => undefined) {
      onRequest = next
      received = []
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Row `at` of a test table: `id` from 1, `updated_at` a second apart, long past. */
export function makeRow(at: number, rest: Row = {}): Row {
  const updatedAt = new Date(Date.UTC(2024, 0, 1) + at * 1000).toISOString()
  return {
    id: at + 1,
    name: `row ${at + 1}`,
    amount: at / 4,
    updated_at: updatedAt,
    tags: { even: at % 2 === 0 },
    ...rest,
  }
}

export function makeRows(count: number, from = 0): Row[] {
  return Array.from({ length: count }, (_, at) => makeRow(from + at))
}

function filterSince(rows: readonly Row[], since: string | null): readonly Row[] {
  return since === null ? rows : rows.filter((row) => String(row['updated_at']) >= since)
}

/** A server of another origin that answers everything with rows, and keeps what it was sent. */
export async function startStranger(): Promise<Provider> {
  return startProvider({ rows: makeRows(3, 1_000_000), pageSize: 10 })
}
