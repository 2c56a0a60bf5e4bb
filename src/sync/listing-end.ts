import { namesInLast, simplePath } from '../base/json/path.ts'
import type { Counted, Tally } from '../destinations/resume-point.ts'
import { commonLimits, offsetParams, pageParams, sizeParams } from '../paginators/conventions.ts'
import { countAt } from '../paginators/envelope.ts'
import { findSigns, type Sign } from '../paginators/evidence.ts'
import { firstParam } from '../paginators/find-member.ts'
import type { ApiRequest } from '../http/send.ts'
import type { End, PageView } from '../paginators/paginator.ts'
import { readNumber } from '../paginators/request-param.ts'
import { oneLine } from '../base/words/line.ts'

export interface EndOfListing {
  readonly end: End
  /** The last page. */
  readonly page: PageView
  /** The whole listing, the last page included. */
  readonly tally: Tally
  /** What the paginator knows of the same from the paths that the connector declares. */
  readonly declared: readonly Sign[]
  /** Members that say nothing about the end: JSONPaths, or `header:NAME`. */
  readonly ignore: readonly string[]
}

export interface Judgment {
  /** `incomplete`: the answers prove that there is more. `doubt`: it is merely likely. */
  readonly verdict: 'incomplete' | 'doubt'
  /** Goes on after "the listing ended, but". */
  readonly because: string
}

/** Holds the end of a listing against everything else that its answers say; undefined where nothing speaks against it. */
export function judgeEnd(listing: EndOfListing): Judgment | undefined {
  const { page, tally, declared, ignore } = listing
  // An empty page may no longer count.
  const counted = page.rowCount === 0 && tally.counted ? [{ ...tally.counted, sure: true }] : []
  const signs = [...declared, ...findSigns(page), ...counted].filter((sign) => !isIgnored(sign, ignore))
  const found = [
    judgeFlags(signs, listing),
    judgeNext(signs, listing),
    judgeCounts(signs, listing),
    judgeUnsent(listing),
    judgeLastRow(listing),
  ].filter((judgment) => judgment !== undefined)
  const isLast = signs.some((sign) => sign.kind === 'last' || (sign.kind === 'more' && !sign.value))
  return (
    found.find(({ verdict }) => verdict === 'incomplete') ?? found[0] ?? (isLast ? undefined : judgeFullPage(listing))
  )
}

/** What the answer counts, if its page was asked for by a position; undefined for all others, which lose no row by a deletion. */
export function countOf(page: PageView, declared: readonly Sign[], ignore: readonly string[]): Counted | undefined {
  if (firstParam(page.request, [...pageParams, ...offsetParams]) === undefined && declared.length === 0)
    return undefined
  const signs = [...declared, ...findSigns(page)].filter((sign) => !isIgnored(sign, ignore))
  for (const kind of ['total', 'pages'] as const) {
    for (const sign of signs) if (sign.kind === kind && sign.sure) return { path: sign.path, kind, value: sign.value }
  }
  return undefined
}

/** Where a page names a next page that is not the one which `next` asks for; undefined where it names none, or that one. */
export function findUnsent(page: PageView, next: ApiRequest, ignore: readonly string[]): string | undefined {
  const places = findSigns(page).filter((sign) => sign.kind === 'cursor' || sign.kind === 'link')
  if (places.length === 0) return undefined
  const asked = new URL(next.url).searchParams
  const isAsked = (sign: Sign): boolean => {
    if (sign.kind === 'cursor') {
      const text = String(sign.value)
      return [...asked.values()].includes(text) || (next.body ?? '').includes(text)
    }
    if (sign.kind !== 'link' || !URL.canParse(String(sign.value), page.url)) return true
    const link = new URL(String(sign.value), page.url)
    const before = new URL(page.request.url).searchParams
    const leads = [...link.searchParams].filter(([name, value]) => !before.getAll(name).includes(value))
    return leads.length === 0 || leads.some(([name, value]) => asked.getAll(name).includes(value))
  }
  return places.every((sign) => !isAsked(sign)) ? places.find((sign) => !isIgnored(sign, ignore))?.path : undefined
}

/** What was counted on the page before; undefined where it has no count there, so that one has to be searched for. */
export function countAgain(page: PageView, { path, kind }: Counted): Counted | undefined {
  const value = countAt(page, path)
  return value === undefined ? undefined : { path, kind, value }
}

/** Why the listing ended, in words. */
export function wordsOf({ end, missing }: End): string {
  switch (end) {
    case 'said':
      return 'as the provider says that this is the last page'
    case 'no_next':
      return missing === undefined ? 'as nothing leads to a next page' : `as there is nothing at ${missing}`
    case 'empty_page':
      return 'with a page without rows'
    case 'short_page':
      return 'with a page that is not full'
    case 'total':
      return 'as everything that the provider counts is read'
    case 'one_request':
      return 'as the paginator reads one page only'
    case 'nothing_found':
      return 'as nothing in the answer leads on'
    case 'max_pages':
      return 'by max_pages'
    case 'ignored':
      return 'with an answer that an errors rule ignores'
  }
}

/** The provider itself has said in the paginator's own place that nothing follows. */
function isExplicit({ end }: EndOfListing): boolean {
  return end.end === 'said' || end.end === 'ignored' || (end.end === 'no_next' && end.missing === undefined)
}

/** The paginator has worked so far, so that its end is likely to be one. */
function isLikely(listing: EndOfListing): boolean {
  return (
    isExplicit(listing) || listing.end.end === 'total' || (listing.end.end === 'no_next' && listing.tally.led === true)
  )
}

function judgeFlags(signs: readonly Sign[], listing: EndOfListing): Judgment | undefined {
  const flags = signs.filter((sign) => sign.kind === 'more')
  const more = flags.find(({ value }) => value)
  if (!more) return undefined
  const isDoubtful = listing.end.end === 'said' || listing.end.end === 'ignored' || flags.some(({ value }) => !value)
  return { verdict: isDoubtful ? 'doubt' : 'incomplete', because: `${oneLine(more.path, 200)} says that there is more` }
}

function judgeNext(signs: readonly Sign[], listing: EndOfListing): Judgment | undefined {
  const { end, page, tally } = listing
  const next = signs.find(({ kind }) => kind === 'link' || kind === 'cursor')
  if (!next || end.end === 'said' || end.end === 'ignored') return undefined
  // Many providers still name a cursor on the empty page after the last one.
  if (page.rowCount === 0 && tally.pages > 1) return undefined
  const proves = !isLikely(listing) && page.rowCount > 0
  return { verdict: proves ? 'incomplete' : 'doubt', because: `${oneLine(next.path, 200)} names a next page` }
}

/** Nothing came behind the page before, which said where the next one is. */
function judgeUnsent({ page, tally }: EndOfListing): Judgment | undefined {
  if (page.rowCount > 0 || tally.unsent === undefined) return undefined
  return {
    verdict: 'doubt',
    because: `${tally.unsent} of the page before it named another next page than the one that was asked for`,
  }
}

/** What leads on is a member of the last row, and that row does not have it. */
function judgeLastRow({ end, page, tally }: EndOfListing): Judgment | undefined {
  if (!end.missing?.startsWith('$') || page.rowCount === 0 || !page.rowsAt) return undefined
  if (namesInLast(end.missing, page.rowsAt) === undefined) return undefined
  return { verdict: tally.led ? 'doubt' : 'incomplete', because: 'the page has rows, and the last of them lacks it' }
}

function judgeCounts(signs: readonly Sign[], listing: EndOfListing): Judgment | undefined {
  const { pages, rows } = listing.tally
  for (const sign of signs) {
    if (sign.kind !== 'total' && sign.kind !== 'pages') continue
    if (!sign.sure && isLikely(listing)) continue
    const read = sign.kind === 'total' ? rows : pages
    if (read === undefined || sign.value <= read) continue
    const what = sign.kind === 'total' ? 'rows' : 'pages'
    const verdict = sign.sure && !isLikely(listing) ? 'incomplete' : 'doubt'
    return { verdict, because: `${oneLine(sign.path, 200)} counts ${sign.value} ${what}` }
  }
  return undefined
}

/** The only page is as full as it can be, and what would lead on was never there. */
function judgeFullPage({ end, page, tally }: EndOfListing): Judgment | undefined {
  const isLost = end.end === 'nothing_found' || (end.end === 'no_next' && end.missing !== undefined)
  if (!(isLost || end.end === 'one_request') || tally.pages > 1 || tally.led || page.rowCount === 0) return undefined
  const size = firstParam(page.request, sizeParams)
  const asked = size === undefined ? undefined : readNumber(page.request, { param: size, in: 'query' })
  const isFull = asked === undefined ? isLost && commonLimits.has(page.rowCount) : page.rowCount >= asked
  return isFull ? { verdict: 'doubt', because: `its page of ${page.rowCount} rows looks full` } : undefined
}

function isIgnored({ path }: Sign, ignore: readonly string[]): boolean {
  return ignore.some((one) => placeOf(one) === placeOf(path))
}

/** Paths that are written in different ways and mean the same place are the same text. */
function placeOf(path: string): string {
  if (!path.startsWith('$')) return path.toLowerCase()
  return JSON.stringify(simplePath(path) ?? path)
}
