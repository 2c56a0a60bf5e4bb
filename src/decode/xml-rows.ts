import { compilePath, isObject, memberAt, simplePath } from '../base/json/path.ts'
import type { XmlNode } from './xml-tree.ts'

/** How deep rows are looked for. */
const deepest = 5

/**
 * Where the rows of a document are, where that is obvious: the entries of an Atom feed, the items of an RSS channel, the one
 * thing that repeats, or where nothing does the innermost element that stands alone. Else the places between which it cannot be decided.
 */
export function findXmlRows(document: XmlNode): readonly string[] | { readonly candidates: readonly string[] } {
  const [root = ''] = Object.keys(document)
  const entry = root.replace(/feed$/, 'entry')
  if (/^(?:[^:]+:)?feed$/.test(root) && isAtom(document[root], entry)) return [root, entry]
  if (root === 'rss') return [root, 'channel', 'item']
  for (let depth = 1; depth <= deepest; depth++) {
    const lists = listsAt(document, depth)
    const [first] = lists
    if (lists.length > 1) return { candidates: lists.map(writePath) }
    if (first) return first
  }
  return onlyElement(document[root], [root]) ?? { candidates: [] }
}

/** RFC 4287; a feed of another kind is searched like any other document. */
function isAtom(feed: unknown, entry: string): boolean {
  if (!isObject(feed)) return false
  return Object.hasOwn(feed, entry) || Object.values(feed).includes('http://www.w3.org/2005/Atom')
}

/** What repeats `depth` elements below the root. */
function listsAt(document: XmlNode, depth: number): readonly (readonly string[])[] {
  let level: readonly (readonly [path: readonly string[], node: unknown])[] = [[[], document]]
  for (let at = 0; at <= depth; at++) level = level.flatMap(([path, node]) => childrenOf(node, path))
  return level.flatMap(([path, node]) => (Array.isArray(node) && node.some(isObject) ? [path] : []))
}

function childrenOf(node: unknown, path: readonly string[]): readonly (readonly [readonly string[], unknown])[] {
  if (!isObject(node)) return []
  return Object.entries(node).flatMap(([name, child]) =>
    name.startsWith('@') || name === '#text' ? [] : [[[...path, name], child] as const],
  )
}

/** A list of one looks like no list. */
function onlyElement(node: unknown, path: readonly string[]): readonly string[] | undefined {
  if (!isObject(node)) return undefined
  const children = childrenOf(node, path)
  const [first] = children
  if (children.length === 1 && first && isObject(first[1])) return onlyElement(first[1], first[0])
  return children.length > 0 ? path : undefined
}

/** The JSONPath of the rows at these names. */
export const writePath = (names: readonly string[]): string =>
  `$${names.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `['${name}']`)).join('')}[*]`

/** The rows at a path, always as a list: one element that stands alone is one row, an empty one is none. */
export function selectXmlRows(document: XmlNode, path: string): readonly unknown[] {
  const names = simplePath(path)
  const found = names ? [memberAt(document, names)] : compilePath(path)(document)
  return found.flat().filter((row) => row !== undefined && row !== '')
}

/** The document with nothing where its rows were. */
export function withoutRows(document: XmlNode, path: string): unknown {
  const names = simplePath(path)
  return names ? emptyAt(document, names) : document
}

function emptyAt(node: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return []
  return isObject(node) && Object.hasOwn(node, name) ? { ...node, [name]: emptyAt(node[name], rest) } : node
}

/** A feed with a single link has a list of one all the same, so that a path to the next page means it too. */
export function listLinks(document: XmlNode): XmlNode {
  return Object.fromEntries(
    Object.entries(document).map(([root, node]) => [root, isObject(node) ? listsOfLinks(node as XmlNode) : node]),
  )
}

function listsOfLinks(node: XmlNode): XmlNode {
  return Object.fromEntries(
    Object.entries(node).map(([name, child]) => {
      if (name === 'channel' && isObject(child)) return [name, listsOfLinks(child as XmlNode)]
      const isLink = name === 'link' || name.endsWith(':link')
      return [name, isLink && isObject(child) ? [child as XmlNode] : child]
    }),
  )
}
