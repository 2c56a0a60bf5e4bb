import { cursorPairs, linkPaths } from './conventions.ts'
import { namedAt } from './find-member.ts'
import type { PageView } from './paginator.ts'
import { parseLinks } from './web-link.ts'

const otherRels = ['first', 'last', 'prev', 'previous']

/** An answer that gives links but none to a next page, or an empty place for one, says that it is the last. */
export function saysEnd({ headers, envelope }: PageView): boolean {
  const links = parseLinks(headers['link'] ?? '')
  if (links.some(({ rels }) => otherRels.some((rel) => rels.includes(rel)))) return true
  return [...linkPaths, ...cursorPairs.map(([path]) => path)].some((path) => {
    const place = namedAt(envelope, path)
    return place === null || place === '' || place === false
  })
}
