import { Listings, type Page, isOdd, writeJson, writeRow } from './pages.ts'
import type { FaultKind, Host, ProviderSpec } from './scenario.ts'
import { type Source, type SourceRow, bookedLag } from './source.ts'
import { spellingOf } from './spelling.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The connection breaks off behind so many characters of the body. */
  readonly cutAt?: number
}

export interface World {
  readonly sourceOf: (host: Host) => Source
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The slices that exist on a host. */
  readonly slicesOf: (host: Host) => readonly number[]
}

const hostOf = ({ hostname }: URL): Host => (hostname.startsWith('sandbox') ? 'sandbox' : 'api')

/** An API over the source, with its habits. */
export class Provider {
  readonly #spec: ProviderSpec
  readonly #world: World
  readonly #listings: Listings
  #lastBody = ''

  constructor(spec: ProviderSpec, world: World) {
    this.#spec = spec
    this.#world = world
    this.#listings = new Listings(spec)
  }

  /** `isFirst`: of a run, so that there is no page before it. */
  answer(url: URL, fault: FaultKind | undefined, isFirst: boolean): Answer {
    if (isFirst) this.#lastBody = ''
    const headers = { ...this.#date(), 'content-type': 'application/json' }
    const spoiled = fault && spoil(fault, headers, this.#lastBody)
    if (spoiled) return spoiled
    const honest = url.pathname.endsWith('/parents') ? this.#parents(url, headers) : this.#rows(url, headers, fault)
    this.#lastBody = honest.body
    return fault === 'cut' ? { ...honest, cutAt: Math.floor(honest.body.length / 2) } : honest
  }

  #date(): Record<string, string> {
    const { skew } = this.#spec
    return skew === null ? {} : { date: new Date(this.#world.now() + skew * 1000).toUTCString() }
  }

  #parents(url: URL, headers: Record<string, string>): Answer {
    const data = this.#world.slicesOf(hostOf(url)).map((id) => ({ id }))
    return { status: 200, headers, body: writeJson({ data }) }
  }

  #rows(url: URL, headers: Record<string, string>, fault: FaultKind | undefined): Answer {
    const slice = /\/slices\/(\d+)\/rows$/.exec(url.pathname)?.[1]
    const wanted = slice === undefined ? undefined : Number(slice)
    const since = this.#since(url)
    const place = this.#place(url)
    if (since === null || (wanted !== undefined && !this.#world.slicesOf(hostOf(url)).includes(wanted)))
      return { status: since === null ? 400 : 404, headers, body: '{"error":"no such thing"}' }
    const { rows, salt } = this.#world.sourceOf(hostOf(url))
    const matching = rows.filter((row) => (wanted === undefined || row.slice === wanted) && since(row))
    const page = this.#listings.read(this.#listings.sort(matching, salt), place, salt)
    if (!page) return { status: 400, headers, body: '{"error":"bad cursor"}' }
    // Rows that are counted show it; else a place that leads on, or a last page, is nothing to wonder at.
    const { total, counts, paging } = this.#spec
    const isFlagged = page.more && (paging === 'page' || paging === 'offset')
    const isRevealed = isFlagged || (total === 'right' && counts !== 'pages')
    return this.#write(url, headers, fault === 'empty_page' && isRevealed ? { ...page, rows: [] } : page)
  }

  /** Whether a row is asked for; null where the parameter makes no sense. */
  #since(url: URL): ((row: SourceRow) => boolean) | null {
    const booked = url.searchParams.get('booked_since')
    const text = url.searchParams.get('since') ?? booked
    const lag = booked === null ? 0 : bookedLag
    const { since, spelling } = this.#spec
    if (text === null || since === 'ignored') return () => true
    const at = spellingOf(spelling).parse(text)
    if (at === undefined) return null
    const follows = (row: SourceRow): boolean => (since === 'inclusive' ? row.at - lag >= at : row.at - lag > at)
    return (row) => (isOdd(row, this.#spec) ? this.#spec.odd === 'future' : follows(row))
  }

  #place(url: URL): string | undefined {
    const name = { page: 'page', offset: 'offset', keyset: 'after' }[this.#spec.paging as string] ?? 'cursor'
    return url.searchParams.get(name) ?? undefined
  }

  #write(url: URL, headers: Record<string, string>, page: Page): Answer {
    const { paging, envelope, total, hasMore, counts: place } = this.#spec
    const rows = page.rows.map((row) => writeRow(row, this.#spec))
    const next = new URL(url)
    if (page.token !== undefined) next.searchParams.set('cursor', page.token)
    const link = page.token === undefined ? undefined : next.href
    const count = this.#count(page.total)
    const counts = {
      ...(total !== 'absent' && place === 'rows' && { total: count }),
      ...(total !== 'absent' && place === 'pages' && { total_pages: Math.ceil(count / this.#spec.size) }),
      ...flags(hasMore, page.more),
      ...(paging === 'token' && { next_cursor: page.token ?? null }),
      ...(paging === 'link_body' && { next: link ?? null }),
    }
    const body =
      envelope === 'bare'
        ? rows
        : envelope === 'data'
          ? { data: rows, ...counts }
          : { result: { items: rows }, ...counts }
    return {
      status: 200,
      headers: {
        ...headers,
        ...(paging === 'link_header' && link && { link: `<${link}>; rel="next"` }),
        ...(total !== 'absent' && place === 'header' && { 'x-total-count': String(count) }),
      },
      body: writeJson(body),
    }
  }

  #count(rows: number): number {
    const { total, size } = this.#spec
    // Off by more than a page, so that a number of pages is off too.
    if (total === 'high') return rows + size + 1
    return total === 'low' ? Math.max(rows - size - 1, 0) : rows
  }
}

function flags(hasMore: ProviderSpec['hasMore'], more: boolean): Record<string, unknown> {
  if (hasMore === 'absent') return {}
  if (hasMore === 'inverted') return { end_of_stream: !more }
  return { has_more: hasMore === 'right' ? more : more ? 'True' : 'False' }
}

/** An answer that does not depend on what was asked; undefined where the fault spoils the honest one. */
function spoil(fault: FaultKind, headers: Record<string, string>, before: string): Answer | undefined {
  const ok = (body: string, status = 200): Answer => ({ status, headers, body })
  switch (fault) {
    case 'error_envelope':
      return ok('{"error":{"code":17,"message":"try later"}}')
    case 'errors_null':
      return ok('{"errors":[{"message":"try later"}],"data":null}')
    case 'success_false':
      return ok('{"success":false}')
    case 'empty_object':
      return ok('{}')
    case 'null':
      return ok('null')
    case 'no_content':
      return ok('', 204)
    case 'accepted':
      return ok('{"status":"processing"}', 202)
    case 'repeat':
      return before === '' ? undefined : ok(before)
    case 'html':
      return { status: 200, headers: { ...headers, 'content-type': 'text/html' }, body: '<html>maintenance</html>' }
    case 'status_500':
      return ok('{"error":"oops"}', 500)
    case 'status_429':
      return { status: 429, headers: { ...headers, 'retry-after': '2' }, body: '{"error":"slow down"}' }
    case 'status_400':
      return ok('{"error":"bad request"}', 400)
    case 'status_410':
      return ok('{"error":"expired"}', 410)
    case 'reset':
      return { status: 0, headers, body: '', cutAt: 0 }
    case 'cut':
    case 'empty_page':
      return undefined
  }
}
