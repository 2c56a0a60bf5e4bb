import type { Tally } from '../destinations/resume-point.ts'
import { complaintIn } from '../decode/missing-rows.ts'
import { oversizedSize } from '../decode/oversized-row.ts'
import type { PageBody, PageRows } from '../decode/page-decoder.ts'
import { SyncError } from '../base/errors.ts'
import type { ApiRequest, ApiResponse, ResponseHeaders, Send } from '../http/send.ts'
import { offsetParams, pageParams } from '../paginators/conventions.ts'
import { firstParam } from '../paginators/find-member.ts'
import { type End, isEnd, type PageView, type Paginator } from '../paginators/paginator.ts'
import { countAgain, countOf, findUnsent, judgeEnd, wordsOf } from './listing-end.ts'
import { discardFetch, type Fetch, Prefetch } from './prefetch.ts'
import { cutOverlap, type SameRow, Tail } from './overlap.ts'
import { isCircle, markRows, repeated, Repeats } from './repeats.ts'
import type { Warn } from '../base/warnings.ts'

/** One listing: the pages that one first request leads to. */
export interface Listing {
  /** Where to begin: the first request, or the saved one of a listing that was cut short. */
  readonly start: ApiRequest
  readonly paginator: Paginator
  /** The listing ends after so many pages, those before `start` included. */
  readonly maxPages: number | undefined
  /** What is known of the listing before `start`. */
  readonly before: Tally
  /** The mark of the page before `start`, where a listing goes on. */
  readonly markBefore: string
  /** Method and URL without credentials, for messages. */
  readonly describe: (request: ApiRequest) => string
  /** Members of the answers that say nothing about the end of the listing. */
  readonly ignore: readonly string[]
  readonly warn: Warn
  /** What it brings replaces a table, or tells which rows of it are gone. */
  readonly replaces: boolean
  /** The rows have a primary key, so that no two of them are the same. */
  readonly keyed: boolean
  /** It may start again where the source changes in a way that skips rows. */
  readonly mayRestart: boolean
  /** Rows come in no order that is known, and one that comes twice is stored twice: what makes it the same row. */
  readonly mayRepeat: SameRow | undefined
  /** Pages are asked for by their position, regardless of what the parameter is called. */
  readonly isNumbered: boolean
}

export interface Page {
  readonly request: ApiRequest
  readonly status: number
  readonly headers: ResponseHeaders
  readonly body: PageBody
  /** Milliseconds from the request to the end of its body. */
  readonly took: number
  /** The same for two pages only if their rows are the same, byte for byte; empty for a page without rows. */
  readonly mark: string
}

/** A page, and the request that fetches the one after it. */
export interface PageStep {
  readonly page: Page
  readonly next: ApiRequest | undefined
  /** The listing up to and with this page. */
  readonly tally: Tally
  /** The listing would go on, but has as many pages as `max_pages` allows. */
  readonly cut?: boolean
  /** The source has changed in a way that skips rows, and the listing goes on all the same. */
  readonly moved?: true
}

export interface PageSource {
  readonly send: Send
  /** Pages in flight at once where they are independent of one another. */
  readonly concurrency: number
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Fetches page after page. One is fetched ahead while the last is being worked on; where the paginator knows all the
 * pages that follow, up to `concurrency` are. They come in order, whichever is answered first.
 */
export async function* readPages(listing: Listing, source: PageSource): AsyncGenerator<PageStep, void, undefined> {
  const { paginator, maxPages, describe } = listing
  const stop = new AbortController()
  const prefetch = new Prefetch(source, AbortSignal.any([source.signal, stop.signal]))
  const repeats = new Repeats(listing.markBefore)
  /** The page that has not been handed over yet. */
  let current: Fetch | undefined
  /** Pages with the rows of the one before them, until another shows that the provider goes on. */
  const held: PageStep[] = []
  let tally = listing.before
  let left = maxPages === undefined ? Infinity : maxPages - tally.pages

  try {
    if (left > 0) prefetch.start(listing.start)
    for (let fetch = prefetch.shift(); fetch; fetch = prefetch.shift()) {
      current = fetch
      const { request } = fetch
      const response = await fetch.response.catch((error: unknown) => {
        throw tally.pages > 0 ? explainRefusal(error, request) : error
      })
      const took = source.now() - fetch.sent
      left--
      const { headers, body, status } = response
      const view = viewOf(request, response)
      const mark = await markRows(body)
      const isSame = repeats.add(request, mark, describe)
      const found = findNext(response, view, { paginator, repeats })
      const counted = checkCount(listing, view, tally)
      const unsent = isEnd(found) ? tally.unsent : findUnsent(view, found, listing.ignore)
      tally = { ...addPage({ ...tally, ...counted.tally }, view, found), ...(unsent !== undefined && { unsent }) }
      if (isEnd(found)) checkEnd(listing, { end: found, page: view, tally })
      checkBody(listing, response, { request, isFirst: tally.pages === 1 })
      const cut = left <= 0 && !isEnd(found)
      const isLast = cut || isEnd(found)
      const goesOn = isSame && provesProgress(listing, { page: view, found, tally })
      if (await isCircle(body.rows, { isSame, isLast, goesOn, held, keyed: listing.keyed }))
        throw repeated(
          `${describe(held[0]?.page.request ?? request)} brought the same rows as the page before it, byte for byte: the provider seems to ignore the paging parameter`,
        )
      if (isSame && held.length > 0)
        listing.warn(
          'ROWS_MAY_REPEAT',
          `Several pages in a row of ${describe(listing.start)} have the same rows, byte for byte, and rows without a primary_key may be twins: all of them are stored.`,
        )
      const next = await prefetch.follow(isLast ? undefined : found, () => paginator.rest?.(view), left)
      const { rows, tail } = await dropMoved(listing, body.rows, { request, isSame, before: tally.tail })
      tally = { ...tally, ...(tail && { tail }) }
      const page = { request, status, headers, body: { ...body, rows }, took, mark }
      const step = { page, next, tally, ...(cut && { cut }), ...(counted.moved && { moved: counted.moved }) }
      current = undefined
      held.push(step)
      if (isSame && !isLast && !(goesOn && held.length > 1)) continue
      for (let one = held.shift(); one; one = held.shift()) yield one
    }
  } finally {
    stop.abort()
    if (current) await discardFetch(current.response)
    for (const { page } of held) await page.body.rows[Symbol.asyncDispose]()
    await prefetch.discard()
  }
}

/** Whether the provider itself says that a page with known rows is another: by a new place that it names, or by what it counts. */
function provesProgress(
  { paginator, ignore, isNumbered }: Listing,
  { page, found, tally }: { readonly page: PageView; readonly found: ApiRequest | End; readonly tally: Tally },
): boolean {
  if (!isEnd(found) && !isNumbered && !isByPosition(page.request)) return true
  const counted = countOf(page, paginator.declared?.(page) ?? [], ignore)
  if (counted === undefined) return false
  return counted.kind === 'pages' ? tally.pages <= counted.value : (tally.rows ?? Infinity) <= counted.value
}

/** A page that is refused may be the one after the last, of which only the connector can tell. */
function explainRefusal(error: unknown, request: ApiRequest): unknown {
  if (!(error instanceof SyncError) || error.code !== 'API_REFUSED') return error
  const { status } = error.details
  if (!isByPosition(request) || (status !== 400 && status !== 404)) return error
  return new SyncError(
    error.code,
    `${error.message.replace(/\.$/, '')}; if this page is behind the last one, say where the listing ends (total_pages, total, has_more or stop.short_page), or take the answer for its end: errors: [{ status: ${status}, then: ignore }].`,
    { cause: error, details: error.details },
  )
}

const viewOf = (request: ApiRequest, { url, headers, body }: ApiResponse): PageView => ({
  request,
  url,
  headers,
  envelope: body.envelope,
  rowCount: body.sent?.count ?? body.rows.count,
  rowsAt: body.rowsAt,
  lastRow: () => {
    const last = body.sent ? body.sent.last : body.rows.last()
    const size = oversizedSize(last)
    if (size === undefined) return last
    throw new SyncError(
      'RESPONSE_TOO_LARGE',
      `The last row of a page is of ${size} bytes, more than max_row allows, and the next page is asked for by a field of it: raise max_row, or page by something else.`,
    )
  },
})

function findNext(
  { status }: ApiResponse,
  page: PageView,
  { paginator, repeats }: { readonly paginator: Paginator; readonly repeats: Repeats },
): ApiRequest | End {
  if (status >= 300) return { end: 'ignored' }
  const next = paginator.next(page)
  // Many providers still name a cursor on the empty page after the last one.
  return page.rowCount === 0 && !isEnd(next) && repeats.knows(next) ? { end: 'empty_page' } : next
}

/** Leaves out the rows that have moved here from the page before, and warns where they may be new. */
async function dropMoved(
  { mayRepeat, isNumbered, describe, warn }: Listing,
  rows: PageRows,
  at: { readonly request: ApiRequest; readonly isSame: boolean; readonly before: Tally['tail'] },
): Promise<{ readonly rows: PageRows; readonly tail?: Tail }> {
  if (!mayRepeat || rows.count === 0) return { rows }
  const isOpaque = !isNumbered && !isByPosition(at.request)
  // A page that is the one before it as a whole says nothing of single rows.
  const before = at.isSame ? [] : (at.before ?? [])
  const known =
    before instanceof Tail ? before : new Tail(mayRepeat, before && 'marks' in before ? before.marks : before)
  const found = await cutOverlap(rows, known, { ...mayRepeat, isOpaque })
  const { dropped, isDoubtful, tail } = found
  const isKeyed = mayRepeat.primaryKey.length > 0
  if (at.isSame || isDoubtful || (dropped > 0 && !isKeyed)) {
    const done = dropped > 0 ? 'were left out, as rows were inserted in front meanwhile' : 'are stored again'
    warn(
      'ROWS_MAY_REPEAT',
      `A page begins with rows that the one before it ends with, first at ${describe(at.request)}: they ${done}; declare a primary_key to tell rows apart, or page by a cursor.`,
    )
  }
  if (found.isFar)
    warn(
      'ROWS_MAY_REPEAT',
      `Many rows were inserted in front while the pages were read, so that rows of one page come again on the next, first at ${describe(at.request)}: they are stored again; sort oldest first and declare order: asc, write: merge with a primary_key, or page by a cursor.`,
    )
  return { rows: found.rows, tail }
}

const isByPosition = (request: ApiRequest): boolean =>
  firstParam(request, [...pageParams, ...offsetParams]) !== undefined

/**
 * Pages that are asked for by their position skip a row where one before them is deleted: what the provider counts has
 * become less. Throws `LISTING_EXPIRED`, so that the listing starts again, or warns where it has started again too often.
 */
function checkCount(
  { describe, ignore, paginator, warn, mayRestart, mayRepeat }: Listing,
  page: PageView,
  { counted: before }: Tally,
): { readonly tally: Pick<Tally, 'counted'>; readonly moved?: true } {
  const counted = (before && countAgain(page, before)) ?? countOf(page, paginator.declared?.(page) ?? [], ignore)
  const isAnswer = counted !== undefined && (page.rowCount > 0 || counted.value > 0)
  if (!isAnswer) return { tally: {} }
  if (!before || before.path !== counted.path) return { tally: { counted } }
  if (before.value < counted.value && mayRepeat)
    warn(
      'ROWS_MAY_REPEAT',
      `${counted.path} grew while the listing was paged: where rows are added in front, others move to the next page and come twice; sort oldest first and declare order: asc, or write: merge with a primary_key.`,
    )
  if (before.value <= counted.value) return { tally: { counted } }
  const what = `${describe(page.request)}: ${counted.path} counts ${counted.value} where it counted ${before.value} earlier in the listing, as rows were deleted meanwhile, so that rows may have been skipped`
  if (mayRestart) throw new SyncError('LISTING_EXPIRED', what, { details: { moved: true } })
  warn('SOURCE_MOVED', `${what}; page by a cursor or a key instead, if the provider can.`)
  return { tally: { counted }, moved: true }
}

function addPage({ pages, rows, led, counted, tail }: Tally, page: PageView, next: ApiRequest | End): Tally {
  return {
    pages: pages + 1,
    ...(rows !== undefined && { rows: rows + page.rowCount }),
    ...(counted && { counted }),
    ...(tail && { tail }),
    ...((led === true || !isEnd(next)) && { led: true }),
  }
}

/** Throws `LISTING_INCOMPLETE` where the answers prove that the listing goes on, and warns where that is likely. */
function checkEnd(listing: Listing, { end, page, tally }: { end: End; page: PageView; tally: Tally }): void {
  const declared = listing.paginator.declared?.(page) ?? []
  const judgment = judgeEnd({ end, page, tally, declared, ignore: listing.ignore })
  if (!judgment) return
  const read = tally.rows === undefined ? '' : ` and ${tally.rows} rows`
  const what = `The listing of ${listing.describe(page.request)} ended after ${tally.pages} pages${read}, ${wordsOf(end)}, but ${judgment.because}: ${adviceFor(end)}, or name that member in stop.ignore if it means something else`
  if (judgment.verdict === 'incomplete') throw new SyncError('LISTING_INCOMPLETE', what)
  listing.warn('LISTING_IN_DOUBT', `${what}.`)
}

/** An answer that comes without a body, or with an error beside its rows, is not what a page should be. */
function checkBody(
  { describe, warn, replaces }: Listing,
  { status, body, ignored }: ApiResponse,
  { request, isFirst }: { readonly request: ApiRequest; readonly isFirst: boolean },
): void {
  if (ignored) return
  const complaint = complaintIn(body.envelope)
  if (complaint !== undefined && body.rows.count > 0 && body.rowsAt?.length !== 0)
    warn('LISTING_IN_DOUBT', `${describe(request)} answered with rows and with an error, in its member ${complaint}.`)
  if (!body.bodiless) return
  const what = `${describe(request)} answered ${status}, without a body: add { status: ${status}, then: ignore } to errors if that means that there are no more rows`
  if (replaces || !isFirst) throw new SyncError('LISTING_INCOMPLETE', what)
  warn('LISTING_IN_DOUBT', `${what}.`)
}

const adviceFor = ({ suggestions = [] }: End): string =>
  suggestions.length === 0
    ? 'fix the paginator (headrace check proposes one)'
    : `say how to read on, such as ${suggestions.join(' or ')}`
