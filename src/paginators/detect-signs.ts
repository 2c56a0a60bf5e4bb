import type { CursorConfig } from './cursor.ts'
import { findSigns, type Sign } from './evidence.ts'
import { firstParam, namedAt } from './find-member.ts'
import * as names from './conventions.ts'
import type { LinkBodyConfig } from './link-body.ts'
import type { PageView } from './paginator.ts'
import { hasJsonBody } from './request-param.ts'
import { parseLinks } from './web-link.ts'

/**
 * A link or a cursor anywhere in the envelope or its headers, where it is certain how it is sent back: a URL is followed, and
 * some names say which parameter takes them. Undefined for any other name, as a wrong guess reads the first page for ever.
 */
export function detectSigns(page: PageView): LinkBodyConfig | CursorConfig | undefined {
  const signs = findSigns(page)
  if (signs.some((sign) => sign.kind === 'more' && !sign.value)) return undefined
  const link = signs.find(({ kind, path }) => kind === 'link' && path.startsWith('$'))
  if (link) return { type: 'link_body', path: link.path }
  for (const cursor of signs) {
    if (cursor.kind !== 'cursor') continue
    const param = paramOf(cursor, page)
    if (param === undefined) continue
    if (!cursor.path.startsWith('$')) return { type: 'cursor', header: cursor.path.replace('header:', ''), param }
    return { type: 'cursor', path: cursor.path, ...(hasJsonBody(page.request) ? { body: `$.${param}` } : { param }) }
  }
  return undefined
}

/** The parameter that takes a cursor back; undefined where its name does not tell. */
function paramOf(
  { path, value }: Extract<Sign, { readonly value: unknown }>,
  { request }: PageView,
): string | undefined {
  const name = /(?<!\w)(\w+)(?:'\])?$/.exec(path)?.[1] ?? ''
  if (/^(?:header:)?(?:x-)?next[-_]?page(?:[-_]?number)?$/i.test(path.split('.').at(-1) ?? ''))
    return /^\d+$/.test(String(value)) ? (firstParam(request, names.pageParams) ?? 'page') : undefined
  return names.certainParams.get(name)
}

/** What may be declared to read on, by all that the page says; the names of parameters are the provider's to tell. */
export function suggestPaginators(page: PageView): readonly string[] {
  const rows = page.rowCount
  const lines = findSigns(page).map((sign): readonly [rank: number, lines: readonly string[]] => {
    const { path } = sign
    const place = path.startsWith('$') ? `path: ${path}` : `header: ${path.replace('header:', '')}`
    switch (sign.kind) {
      case 'cursor':
        return [0, [`{ type: cursor, ${place}, param: cursor } (or another param that takes it: start_cursor, after)`]]
      case 'link':
        return [0, [path.startsWith('$') ? `{ type: link_body, ${place} }` : '{ type: link_header }']]
      case 'pages':
        return [1, [`{ type: page_number, param: page, total_pages: ${path} }`]]
      case 'total':
        return [
          2,
          [
            `{ type: page_number, param: page, total: ${path}, size: ${rows} }`,
            `{ type: offset, param: offset, limit: ${rows}, total: ${path} }`,
          ],
        ]
      case 'more':
        return [3, sign.value ? [`{ type: page_number, param: page, has_more: ${path} }`] : []]
      case 'last':
        return [4, []]
    }
  })
  return lines
    .toSorted(([a], [b]) => a - b)
    .flatMap(([, some]) => some)
    .slice(0, 3)
    .map((line) => `paginator: ${line}`)
}

const otherRels = ['first', 'last', 'prev', 'previous']

/** An answer that gives links but none to a next page, or an empty place for one, says that it is the last. */
export function saysEnd({ headers, envelope }: PageView): boolean {
  const links = parseLinks(headers['link'] ?? '')
  if (links.some(({ rels }) => otherRels.some((rel) => rels.includes(rel)))) return true
  return [...names.linkPaths, ...names.cursorPairs.map(([path]) => path)].some((path) => {
    const place = namedAt(envelope, path)
    return place === null || place === '' || place === false
  })
}
