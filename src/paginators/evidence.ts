import { isObject } from '../base/json/path.ts'
import type { ApiRequest, ResponseHeaders } from '../http/send.ts'
import { readFlag, toCount } from './envelope.ts'
import { pathOf } from './find-member.ts'
import { findLink } from './link-header.ts'
import { parseLinks } from './web-link.ts'

/** One thing that an answer says about how far its listing goes. */
export type Sign = {
  /** Where it is: a JSONPath, or `header:NAME`. */
  readonly path: string
} & (
  | {
      /** A flag; true where there is more (`has_more: true`, `end_of_stream: false`). */
      readonly kind: 'more'
      readonly value: boolean
    }
  | {
      /** The cursor or number of the next page, or its URL. */
      readonly kind: 'cursor' | 'link'
      readonly value: string | number | bigint
    }
  | {
      /** An empty place for the next page, such as `next: null`. */
      readonly kind: 'last'
    }
  | {
      /** Rows of the whole listing, or pages of it. */
      readonly kind: 'total' | 'pages'
      readonly value: number
      /** False for a name that often means something else (`count` may be that of the page). */
      readonly sure: boolean
    }
)

/** The part of a page that is searched. */
export interface Searched {
  readonly request: ApiRequest
  /** The URL that answered. */
  readonly url: string
  readonly headers: ResponseHeaders
  readonly envelope: unknown
  readonly rowCount: number
  /** The member names that lead to the rows; nothing inside of them is searched. */
  readonly rowsAt?: readonly string[] | undefined
}

/** How deep an envelope is searched. */
const deepest = 6

const nextName =
  /^(?:odata)?next(?:page|results?|records?|batch|set)?(?:url|uri|link|href|token|cursor|id|key|marker|offset|start|after|page|number|position|index|skip)?$/
const continuationName = /^(?:continuation|continue)(?:token|key)?$/
const insideNext = /^(?:href|url|uri|link|after|cursor|token|id|key|page|number|offset|start)$/
const moreName =
  /^(?:has|isthere)?(?:more|next|nextpage)(?:available|items|records|results|data|pages|rows|entries|itemsincollection)?$|^(?:is)?truncated$/
const endName =
  /^(?:is)?(?:last|lastpage|end|done|finalpage)$|^endof(?:stream|results|records|data|list|file)$|^nomore(?:items|results|pages)?$|^eof$/
const totalName =
  /^(?:total(?:count|results?|items?|elements?|records?|rows|hits|entries|size|matches|number|available)|nbhits|numfound|recordstotal|recordcount|resultcount|odatacount)$/
const pagesName = /^(?:totalpages?|pages?total|pagecount|nbpages|numpages|numberofpages|lastpage|maxpage)$/
/** Objects that are about paging, so that a mere `total` or `pages` means the listing. */
const pagingName = /pag|meta|cursor|info|list|result|search|hits|^nav/

/**
 * Everything in an answer that says how far the listing goes: at every depth of the body around the rows, and in its
 * headers. Objects with a list of their own, which are other listings, are left out.
 */
export function findSigns(page: Searched): readonly Sign[] {
  const found = isObject(page.envelope) && page.rowsAt?.length !== 0 ? searchObject(page.envelope, [], page) : []
  return [...found, ...searchHeaders(page)].filter((sign) => !isEcho(sign, page.request))
}

function searchObject(
  object: Readonly<Record<string, unknown>>,
  at: readonly string[],
  page: Searched,
): readonly Sign[] {
  const { rowsAt } = page
  const holdsRows = rowsAt === undefined || at.every((name, index) => rowsAt[index] === name)
  if (at.length > deepest || (!holdsRows && Object.values(object).some(isListing))) return []
  const paging = holdsRows || traitsOf(at.at(-1) ?? '').paging
  return Object.entries(object).flatMap(([name, value]) => {
    const path = [...at, name]
    if (holdsRows && rowsAt?.length === path.length && rowsAt.at(-1) === name) return []
    const sign = readMember(path, value, { paging, rowCount: page.rowCount })
    if (sign) return [sign]
    if (Array.isArray(value)) return /^_?links?$/i.test(name) ? readLinkList(path, value) : []
    return isObject(value) ? searchObject(value, path, page) : []
  })
}

const isListing = (value: unknown): boolean => Array.isArray(value) && value.some((item) => isObject(item))

interface Surroundings {
  /** The object is about paging. */
  readonly paging: boolean
  readonly rowCount: number
}

function readMember(names: readonly string[], value: unknown, { paging, rowCount }: Surroundings): Sign | undefined {
  const traits = traitsOf(names.at(-1) ?? '')
  const name = traits.plain
  const path = pathOf(names)
  const flag = traits.more ? readFlag(value) : undefined
  const isPlace = typeof value !== 'boolean' && traits.next
  if (flag !== undefined && !isPlace) return { path, kind: 'more', value: flag }
  if (typeof value === 'boolean' && traits.end) return { path, kind: 'more', value: !value }
  if (traits.next || traits.continuation || (traits.insideNext && traitsOf(names.at(-2) ?? '').plain === 'next'))
    return readNext(path, value)
  // Airtable's offset: an opaque text, which no offset that counts rows is.
  if (name === 'offset' && paging && typeof value === 'string' && !/^\d*$/.test(value))
    return { path, kind: 'cursor', value }
  const count = toCount(isObject(value) ? value['value'] : value)
  if (count === undefined) return undefined
  if (traits.total || (name === 'total' && paging)) return { path, kind: 'total', value: count, sure: true }
  if (name === 'count' && paging && count > rowCount) return { path, kind: 'total', value: count, sure: false }
  if (traits.pages) return { path, kind: 'pages', value: count, sure: true }
  if (name === 'pages' && paging) return { path, kind: 'pages', value: count, sure: false }
  return undefined
}

/** Twitter's lists end with a cursor of 0. */
function readNext(path: string, value: unknown): Sign | undefined {
  if (value === null || value === false || /^(?:|0|-1|null|none|undefined)$/i.test(textOf(value)))
    return { path, kind: 'last' }
  if (typeof value === 'number' || typeof value === 'bigint') return { path, kind: 'cursor', value }
  if (typeof value !== 'string') return undefined
  return { path, kind: looksLikeLink(value) ? 'link' : 'cursor', value }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : 'other'

/** Whether a text is a URL, or a relative reference that shows to be one. */
export function looksLikeLink(value: unknown): boolean {
  return typeof value === 'string' && /^(?:https?:\/\/|\/|\?|\.{1,2}\/)\S+$/.test(value)
}

/** Links that each say what they lead to (FHIR, HAL). */
function readLinkList(names: readonly string[], links: readonly unknown[]): readonly Sign[] {
  return links.flatMap((link, at) => {
    if (!isObject(link) || (link['rel'] ?? link['relation'] ?? link['@rel']) !== 'next') return []
    const value = link['href'] ?? link['url'] ?? link['uri'] ?? link['@href']
    return typeof value === 'string' && value !== '' ? [{ path: `${pathOf(names)}[${at}]`, kind: 'link', value }] : []
  })
}

function searchHeaders({ headers, url }: Searched): readonly Sign[] {
  const link = findLink(parseLinks(headers['link'] ?? ''), 'next', url)
  const found: readonly Sign[] = link ? [{ path: 'header:link', kind: 'link', value: link.target }] : []
  const counts = Object.entries(headers).flatMap(([name, text]): readonly Sign[] => {
    const known = traitsOf(name).plain.replace(/^x(?:wp)?/, '')
    const count = toCount(text)
    if (known === 'nextpage') return [{ path: `header:${name}`, ...nextHeader(text) }]
    if (count === undefined) return []
    if (traitsOf(known).total || known === 'total')
      return [{ path: `header:${name}`, kind: 'total', value: count, sure: true }]
    return traitsOf(known).pages ? [{ path: `header:${name}`, kind: 'pages', value: count, sure: true }] : []
  })
  return [...found, ...counts]
}

const nextHeader = (text: string): { kind: 'last' } | { kind: 'cursor'; value: string } =>
  text.trim() === '' ? { kind: 'last' } : { kind: 'cursor', value: text }

/** A body that repeats what it was asked with does not name the next page. */
function isEcho(sign: Sign, { url, body }: ApiRequest): boolean {
  if (sign.kind !== 'cursor') return false
  const asked = [...new URL(url).searchParams.values()]
  return asked.includes(String(sign.value)) || (body ?? '').includes(JSON.stringify(String(sign.value)))
}

interface Traits {
  readonly plain: string
  readonly next: boolean
  readonly continuation: boolean
  readonly insideNext: boolean
  readonly more: boolean
  readonly end: boolean
  readonly total: boolean
  readonly pages: boolean
  readonly paging: boolean
}

/** Every page has the same names, which are read once; an envelope may hold any others. */
const traitsByName = new Map<string, Traits>()
const mostKnown = 1_000

function traitsOf(name: string): Traits {
  const before = traitsByName.get(name)
  if (before) return before
  const text = plain(name)
  const traits = {
    plain: text,
    next: nextName.test(text),
    continuation: continuationName.test(text),
    insideNext: insideNext.test(text),
    more: moreName.test(text),
    end: endName.test(text),
    total: totalName.test(text),
    pages: pagesName.test(text),
    paging: pagingName.test(text),
  }
  if (traitsByName.size >= mostKnown) traitsByName.clear()
  traitsByName.set(name, traits)
  return traits
}

/** `has_more`, `hasMore` and `HasMore` are one name. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
