import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { complaintIn } from '../decode/missing-rows.ts'
import type { PageBody } from '../decode/page-decoder.ts'
import { SyncError } from '../errors.ts'
import type { ApiRequest, ApiResponse, ResponseHeaders, Send } from '../http/send.ts'
import { type End, isEnd, type PageView, type Paginator } from '../paginators/paginator.ts'
import { judgeEnd, type Tally, wordsOf } from './listing-end.ts'
import type { Warn } from './warnings.ts'

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
  readonly cut?: true
}

export interface PageSource {
  readonly send: Send
  /** Pages in flight at once where they are independent of one another. */
  readonly concurrency: number
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface Fetch {
  readonly request: ApiRequest
  readonly response: Promise<ApiResponse>
  readonly sent: number
}

/**
 * Fetches page after page. One is fetched ahead while the last is being worked on; where the paginator knows all the
 * pages that follow, up to `concurrency` are. They come in order, whichever is answered first.
 */
export async function* readPages(listing: Listing, source: PageSource): AsyncGenerator<PageStep, void, undefined> {
  const { paginator, maxPages, describe } = listing
  const stop = new AbortController()
  const signal = AbortSignal.any([source.signal, stop.signal])
  const ahead: Fetch[] = []
  /** The page that has not been handed over yet. */
  let current: Fetch | undefined
  const asked = new Set<string>()
  let mark = listing.markBefore
  /** What is foretold of the listing, and how much of it has been handed over. */
  let known: readonly ApiRequest[] = []
  let passed = 0
  let tally = listing.before
  let left = maxPages === undefined ? Infinity : maxPages - tally.pages

  const start = (request: ApiRequest): void => {
    const response = source.send(request, signal)
    // It is awaited when its turn comes; until then a failure must not count as unhandled.
    response.catch(() => undefined)
    ahead.push({ request, response, sent: source.now() })
  }

  try {
    if (left > 0) start(listing.start)
    for (let fetch = ahead.shift(); fetch; fetch = ahead.shift()) {
      current = fetch
      const { request } = fetch
      if (!addRequest(asked, request)) throw repeated(`${describe(request)} was asked for before in this listing`)
      const response = await fetch.response
      const took = source.now() - fetch.sent
      left--
      const { headers, body, url, status } = response
      const view = {
        request,
        url,
        headers,
        envelope: body.envelope,
        rowCount: body.sent?.count ?? body.rows.count,
        rowsAt: body.rowsAt,
        lastRow: () => (body.sent ? body.sent.last : body.rows.last()),
      }
      const found: ApiRequest | End = status >= 300 ? { end: 'ignored' } : paginator.next(view)
      tally = addPage(tally, view, found)
      const cut = left <= 0 && !isEnd(found)
      if (isEnd(found)) checkEnd(listing, { end: found, page: view, tally })
      checkBody(listing, response, { request, isFirst: tally.pages === 1 })
      const expected = known[passed]
      let next = cut || isEnd(found) ? undefined : found
      if (!next || !expected || !isSame(next, expected)) {
        // The listing goes another way than was foretold.
        await discard(ahead)
        known = next ? (paginator.rest?.(view) ?? [next]) : []
        passed = 0
      }
      const markBefore = mark
      mark = await markRows(body)
      if (mark !== '' && mark === markBefore) {
        throw repeated(
          `${describe(request)} brought the same rows as the page before it, byte for byte: the provider seems to ignore the paging parameter`,
        )
      }
      const following = Math.min(known.length - passed, left)
      next = following > 0 ? known[passed] : undefined
      const window = following > 1 ? source.concurrency : 1
      while (ahead.length < Math.min(window, following)) start(known[passed + ahead.length] as ApiRequest)
      passed++
      current = undefined
      yield { page: { request, status, headers, body, took, mark }, next, tally, ...(cut && { cut }) }
    }
  } finally {
    stop.abort()
    await discard(current ? [current, ...ahead] : ahead)
  }
}

function addPage({ pages, rows, led }: Tally, page: PageView, next: ApiRequest | End): Tally {
  return {
    pages: pages + 1,
    ...(rows !== undefined && { rows: rows + page.rowCount }),
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

async function discard(fetches: Fetch[]): Promise<void> {
  for (const { response } of fetches.splice(0)) {
    await response.then(({ body }) => body.rows[Symbol.asyncDispose]()).catch(() => undefined)
  }
}

const isSame = (a: ApiRequest, b: ApiRequest): boolean => requestKey(a) === requestKey(b)
const requestKey = ({ method, url, body = '', headers }: ApiRequest): string =>
  JSON.stringify([method, url, body, headers])

const repeated = (what: string): SyncError =>
  new SyncError('PAGE_REPEATED', `${what}; look at the paginator of this stream`)

/** False where the listing has asked for this before. */
function addRequest(asked: Set<string>, request: ApiRequest): boolean {
  const size = asked.size
  return asked.add(createHash('sha1').update(requestKey(request)).digest('base64')).size > size
}

/** Size, checksum, and the first and last bytes as they are: two pages that agree in all of them are the same page. */
async function markRows({ rows: { count, lines }, sent }: PageBody): Promise<string> {
  if (sent) return sent.count === 0 ? '' : createHash('sha1').update(sent.text).digest('base64')
  if (count === 0) return ''
  const hash = createHash('sha1')
  let sum = 0
  let last = Buffer.alloc(0)
  for await (const chunk of lines.read()) {
    if (sum === 0) hash.update(chunk.subarray(0, 512))
    sum = crc32(chunk, sum)
    last = Buffer.from(chunk.subarray(-512))
  }
  return hash.update(last).update(`${lines.size} ${sum}`).digest('base64')
}
