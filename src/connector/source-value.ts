import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { Document, Node, YAMLMap } from 'yaml'
import type { Path } from './problems.ts'

const maxDepth = 64
const maxNodes = 100_000

const noAnchor = 'this alias (*name) has no anchor (&name) above it; a text that begins with * needs quotes'

export interface NodeProblem {
  readonly node: Node
  readonly path: Path
  readonly message: string
}

/**
 * Turns a document into plain values. `whole` is false where the bounds of depth and size
 * cut it short: they see to it that aliases of aliases, or an alias of itself, cost nothing.
 */
export function readValue(doc: Document.Parsed): { value: unknown; problems: readonly NodeProblem[]; whole: boolean } {
  const problems: NodeProblem[] = []
  /** The latest anchor of each name so far (YAML 1.2.2 section 7.1); the parser's own look-up walks the whole file each time. */
  const anchors = new Map<string, Node>()
  let nodes = 0

  function read(node: Node | null, path: Path): unknown {
    if (node === null) return null
    if (++nodes > maxNodes) {
      if (nodes === maxNodes + 1)
        problems.push({ node, path, message: `expected at most ${maxNodes} values, aliases (*name) resolved` })
      return null
    }
    if (path.length > maxDepth) {
      problems.push({
        node,
        path: path.slice(0, 3),
        message: `expected at most ${maxDepth} levels of nesting, aliases (*name) resolved`,
      })
      // One such problem says it all, and a document that refers to itself would give endlessly many.
      nodes = maxNodes + 1
      return null
    }
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (!target) problems.push({ node, path, message: noAnchor })
      return read(target ?? null, path)
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
    if (isSeq(node)) return node.items.map((item, at) => read(item as Node | null, [...path, at]))
    if (isMap(node)) return readMap(node, path)
    return readScalar(node, path)
  }

  function readMap(map: YAMLMap, path: Path): unknown {
    const entries = new Map<string, unknown>()
    for (const { key, value } of map.items as { key: Node; value: Node | null }[]) {
      const name = isScalar(key) ? key.value : undefined
      if (typeof name !== 'string') {
        problems.push({ node: key ?? map, path, message: 'expected a key that is text: put it in quotes' })
      } else if (name === '__proto__') {
        problems.push({ node: key, path, message: '__proto__ cannot be used as a key' })
      } else if (entries.has(name)) {
        problems.push({
          node: key,
          path: [...path, name],
          message: 'this key stands here a second time: keep one of the two',
        })
      } else {
        entries.set(name, read(value, [...path, name]))
      }
    }
    return Object.fromEntries(entries)
  }

  function readScalar(node: Node, path: Path): unknown {
    const value = isScalar(node) ? node.value : null
    if (typeof value !== 'number') return value
    if (!Number.isFinite(value)) problems.push({ node, path, message: 'expected a finite number' })
    // A number beyond 2^53 would silently become another one.
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      problems.push({ node, path, message: 'this number is too large to be kept exactly: put it in quotes' })
    }
    return value
  }

  const value = read(doc.contents, [])
  return { value, problems, whole: nodes <= maxNodes }
}
