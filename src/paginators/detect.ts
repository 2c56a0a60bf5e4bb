import { isObject, memberAt } from '../base/json/path.ts'
import type { CursorConfig } from './cursor.ts'
import * as names from './conventions.ts'
import { detectCounted } from './detect-counted.ts'
import { detectSigns } from './detect-signs.ts'
import { hasMore, toCount, valueAt } from './envelope.ts'
import type { KeysetConfig } from './keyset.ts'
import type { LinkBodyConfig } from './link-body.ts'
import { findLink, type LinkHeaderConfig } from './link-header.ts'
import type { OffsetConfig } from './offset.ts'
import type { PageNumberConfig } from './page-number.ts'
import type { PageView } from './paginator.ts'
import { findMember, firstParam, namedAt, pathTo } from './find-member.ts'
import { hasJsonBody, parseBody, readParam } from './request-param.ts'
import { parseLinks } from './web-link.ts'

/** What a page can be seen to go by. */
export type Detected = PageNumberConfig | OffsetConfig | CursorConfig | LinkHeaderConfig | LinkBodyConfig | KeysetConfig

/**
 * How the listing goes on, by the shape of this page alone, so that any page of a listing gives the same answer; undefined
 * where there is nothing to go on by, as on a last page. In order of trust: a `Link` header, a link or a cursor in the
 * body, what counts pages or rows, the last row's id.
 */
export function detect(page: PageView): Detected | undefined {
  if (findLink(parseLinks(page.headers['link'] ?? ''), 'next', page.url)) return { type: 'link_header', rel: 'next' }
  return (
    detectGraphql(page) ??
    detectLink(page) ??
    detectCursor(page) ??
    detectSigns(page) ??
    detectCounted(page) ??
    detectLastId(page)
  )
}

function detectLink(page: PageView): LinkBodyConfig | undefined {
  // HubSpot gives both; the cursor also serves its searches, which are sent by POST.
  if (memberAt(page.envelope, ['paging', 'next', 'after']) !== undefined) return undefined
  const named = names.linkPaths.find((path) => looksLikeLink(namedAt(page.envelope, path)))
  if (named !== undefined) return { type: 'link_body', path: pathTo(named) }
  const path = isObject(page.envelope)
    ? names.listedLinks.find((path) => looksLikeLink(valueAt(page.envelope, path)))
    : undefined
  return path === undefined ? undefined : { type: 'link_body', path }
}

function looksLikeLink(value: unknown): boolean {
  return typeof value === 'string' && /^(?:https?:\/\/|\/|\?|\.{1,2}\/)\S+$/.test(value)
}

function detectCursor(page: PageView): CursorConfig | undefined {
  const { envelope, request } = page
  const more = findMember(envelope, names.hasMoreNames, isFlag)
  const pair = names.cursorPairs.find(
    ([path, param]) => isCursor(namedAt(envelope, path)) && !echoes(page, path, param),
  )
  const numbered = names.nextPagePaths.find((path) => toCount(namedAt(envelope, path)) !== undefined)
  const last = more !== undefined && isCursor(memberAt(envelope, ['last_id'])) ? 'last_id' : undefined
  const found = pair?.[0] ?? numbered ?? last
  if (found === undefined) return undefined
  if (more !== undefined && hasMore(envelope, more) === false) return undefined
  const param =
    (pair && paramOf(pair, envelope)) ??
    (numbered === undefined ? lastIdParam(envelope) : (firstParam(request, names.pageParams) ?? 'page'))
  const place = hasJsonBody(request) ? { body: pathTo(param) } : { param }
  return { type: 'cursor', path: pathTo(found), ...place, ...(more === undefined ? {} : { has_more: more }) }
}

/** Notion's lists say that they are lists, and take `start_cursor` for their `next_cursor`. */
const paramOf = ([path, param]: (typeof names.cursorPairs)[number], envelope: unknown): string =>
  path === 'next_cursor' && memberAt(envelope, ['object']) === 'list' ? 'start_cursor' : param

/** OpenAI's lists say that they are lists, and take `after`; Anthropic's do not, and take `after_id`. */
function lastIdParam(envelope: unknown): string {
  return memberAt(envelope, ['object']) === 'list' ? 'after' : 'after_id'
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean'
}

function isCursor(value: unknown): value is string | number | bigint {
  return (typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'bigint'
}

/** A body that repeats the cursor it was asked with (`cursor`, `after`) does not name the next one. */
function echoes({ request, envelope }: PageView, path: string, param: string): boolean {
  const sent = readParam(request, { param, in: hasJsonBody(request) ? 'body' : 'query' })
  return isCursor(sent) && String(sent) === String(namedAt(envelope, path))
}

/** Stripe's lists: more to come, no cursor, each row with an id. */
function detectLastId(page: PageView): KeysetConfig | undefined {
  const { envelope, rowCount } = page
  if (rowCount === 0 || memberAt(envelope, ['has_more']) !== true || memberAt(envelope, ['object']) !== 'list')
    return undefined
  const id = memberAt(page.lastRow(), ['id'])
  return isCursor(id)
    ? { type: 'keyset', field: 'id', param: 'starting_after', has_more: '$.has_more', in: 'query' }
    : undefined
}

/** How deep connections are looked for. */
const deepest = 6

/**
 * A GraphQL connection (the Relay cursor connections specification): `pageInfo` gives the cursor, and the query says which
 * variable takes it. Only where there is one connection, as two would have to be paged apart.
 */
function detectGraphql({ request, envelope }: PageView): CursorConfig | undefined {
  if (!isObject(envelope) || !isObject(envelope['data']) || !hasJsonBody(request)) return undefined
  const query = memberAt(parseBody(request), ['query'])
  const variable = typeof query === 'string' ? /\bafter\s*:\s*\$(\w+)/.exec(query)?.[1] : undefined
  const found = findPageInfo(envelope['data'], ['data'])
  if (variable === undefined || found.length !== 1) return undefined
  const path = `$${(found[0] as readonly string[]).map((name) => `[${JSON.stringify(name)}]`).join('')}.pageInfo`
  return { type: 'cursor', path: `${path}.endCursor`, body: `$.variables.${variable}`, has_more: `${path}.hasNextPage` }
}

function findPageInfo(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (!isObject(value) || path.length > deepest) return []
  const here = typeof memberAt(value, ['pageInfo', 'hasNextPage']) === 'boolean' ? [path] : []
  return [...here, ...Object.entries(value).flatMap(([name, member]) => findPageInfo(member, [...path, name]))]
}
