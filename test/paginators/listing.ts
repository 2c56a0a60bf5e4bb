import type { StopRules } from '../../src/paginators/fields.ts'
import type { ApiRequest } from '../../src/http/send.ts'
import { createPaginator, paginatorConfig, type PaginatorConfig } from '../../src/paginators/index.ts'
import { type End, isEnd, type Paginator, type PageView } from '../../src/paginators/paginator.ts'

/** An answer as a test writes it; rows are left out of the body, as the decoder does. */
export interface Answer {
  readonly body?: unknown
  readonly rows?: readonly unknown[]
  readonly headers?: Readonly<Record<string, string>>
  /** The URL that answered, if it is another one. */
  readonly url?: string
}

export const base: ApiRequest = {
  method: 'GET',
  url: 'https://api.example.com/v1/items',
  headers: { accept: 'application/json' },
}

export const stop: StopRules = {}

/** A request like `base` with this query. */
export function get(query: string): ApiRequest {
  return { ...base, url: `${base.url}?${query}` }
}

export function post(body: unknown): ApiRequest {
  return { method: 'POST', url: base.url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** A paginator with its two answers apart. */
export interface Follower extends Omit<Paginator, 'next'> {
  next(page: PageView): ApiRequest | undefined
  end(page: PageView): End | undefined
}

function follow(paginator: Paginator): Follower {
  const ask = (page: PageView) => paginator.next(page)
  return {
    ...paginator,
    next(page) {
      const next = ask(page)
      return isEnd(next) ? undefined : next
    },
    end(page) {
      const next = ask(page)
      return isEnd(next) ? next : undefined
    },
  }
}

export function paginate(config: unknown, rules = stop): Follower {
  return follow(createPaginator(paginatorConfig.parse(config), { stop: rules }))
}

/** A paginator that finds its way, and what it says that it found. */
export function auto(): { paginator: Follower; found: { config: PaginatorConfig }[] } {
  const found: { config: PaginatorConfig }[] = []
  const options = { stop, found: (config: PaginatorConfig) => found.push({ config }) }
  const paginator = follow(createPaginator({ type: 'auto' }, options))
  return { paginator, found }
}

export function view(request: ApiRequest, { body = {}, rows = [], headers = {}, url = request.url }: Answer): PageView {
  return { request, url, headers, envelope: body, rowCount: rows.length, lastRow: () => rows.at(-1) }
}

export interface Step {
  readonly request: ApiRequest
  readonly page: PageView
  readonly rows: readonly unknown[]
}

export type Serve = (request: ApiRequest) => Answer

/** Walks a listing from `request` to its end; gives up after 5,000 pages. */
export function walk(paginator: Follower, request: ApiRequest, serve: Serve): readonly Step[] {
  const steps: Step[] = []
  for (let next: ApiRequest | undefined = request; next; next = paginator.next(steps.at(-1)?.page as PageView)) {
    const answer = serve(next)
    steps.push({ request: next, page: view(next, answer), rows: answer.rows ?? [] })
    if (steps.length > 5_000) throw new Error('the listing does not end')
  }
  return steps
}

/** A parameter of the query as a number. */
export function param({ url }: ApiRequest, name: string): number | undefined {
  const value = new URL(url).searchParams.get(name)
  return value === null ? undefined : Number(value)
}

export function rowsFrom(start: number, count: number): readonly { readonly id: number }[] {
  return Array.from({ length: Math.max(0, count) }, (_, at) => ({ id: start + at }))
}
