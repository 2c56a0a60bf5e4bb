import { isObject, memberAt } from '../base/json/path.ts'

/** Where the rows of a body are: the member names that lead to them, or the places between which it cannot be decided. */
export type RowsPath =
  | {
      readonly path: readonly string[]
      /** The body is one object, and that object is the only row. */
      readonly single?: true
    }
  | { readonly candidates: readonly string[] }

/** What APIs call their rows, in order of trust. */
const rowNames = [
  'data',
  'items',
  'results',
  'records',
  'rows',
  'entries',
  'values',
  'value',
  'list',
  'objects',
  'elements',
  'content',
  'hits',
  'features',
  'events',
  'resources',
  'Resources',
  'entities',
  'documents',
  'docs',
  'nodes',
  'members',
  'member',
  'hydra:member',
  'collection',
  'result',
  'response',
  'Items',
  'Results',
]

/** Whether rows are often called so. */
export const isUsual = (name: string): boolean => rowNames.includes(name)

/** Objects that hold the rows one level further in. */
const wrapperNames = [
  'data',
  'result',
  'results',
  'response',
  'd',
  '_embedded',
  'hits',
  'payload',
  'body',
  'content',
  'page',
  'QueryResponse',
]

/** Lists that are about the request, not rows of it. */
const sideNames = new Set([
  'errors',
  'warnings',
  'messages',
  'links',
  '_links',
  'link',
  'included',
  'meta',
  'facets',
  'aggregations',
  'fieldErrors',
  'errorMessages',
])

/**
 * Where the rows of a body are, where that is obvious: the body itself, a list under one of the usual names (also one
 * object further in), the only list of objects, or the body as the only row. A list counts if it holds objects, or nothing.
 */
export function findRowsPath(body: unknown): RowsPath {
  if (Array.isArray(body)) return isRows(body) ? { path: [] } : { candidates: nestedLists(body) }
  if (!isObject(body)) return { candidates: [] }
  const named = findNamed(body, [])
  if (named) return { path: named }
  for (const name of wrapperNames) {
    const inner = memberAt(body, [name])
    const path = isObject(inner) ? (findNamed(inner, [name]) ?? onlyList(inner, [name])) : undefined
    if (path) return { path }
  }
  // `data: null` is a listing without rows.
  const empty = rowNames.find((name) => memberAt(body, [name]) === null)
  const list = empty === undefined ? onlyList(body, []) : undefined
  const candidates = nestedLists(body)
  if (list) return { path: list }
  if (empty !== undefined && candidates.length === 0 && looksLikeRow(body)) return { path: [empty] }
  if (candidates.length > 0 || !looksLikeRow(body)) return { candidates }
  return { path: [], single: true }
}

/** An object without members, or one that reports an error, is not what anybody asked for. */
function looksLikeRow(body: Readonly<Record<string, unknown>>): boolean {
  const complaint = body['error'] ?? body['errors']
  return Object.keys(body).length > 0 && (complaint === undefined || complaint === null || complaint === false)
}

/**
 * The rows at `path`: what is null or absent has none, an object that stands alone is one row.
 * Elements that are no objects are given back as they are; whoever reads the rows says where they stand.
 */
export function rowsOf(body: unknown, path: readonly string[]): readonly unknown[] {
  const found = path.length === 0 ? body : memberAt(body, path)
  if (found === undefined || found === null) return []
  return Array.isArray(found) ? found : [found]
}

/** One object is enough: what else stands among the rows is for whoever reads them to refuse. */
function isRows(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && (value.length === 0 || (value.some(isObject) && !value.some(Array.isArray)))
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function findNamed(body: Readonly<Record<string, unknown>>, inside: readonly string[]): readonly string[] | undefined {
  const lists = rowNames.filter((name) => isRows(memberAt(body, [name])))
  const name =
    lists.length === 1 || lists[0] === 'data' || lists.every((list) => isEmpty(body[list])) ? lists[0] : undefined
  return name === undefined ? undefined : [...inside, name]
}

function onlyList(body: Readonly<Record<string, unknown>>, inside: readonly string[]): readonly string[] | undefined {
  const lists = listsIn(body, inside)
  // Between lists that are all empty no row can be taken for another.
  return lists.length === 1 || lists.every((path) => isEmpty(body[path.at(-1) as string])) ? lists[0] : undefined
}

function listsIn(body: Readonly<Record<string, unknown>>, inside: readonly string[]): readonly (readonly string[])[] {
  return Object.keys(body)
    .filter((name) => !sideNames.has(name) && isRows(body[name]))
    .map((name) => [...inside, name])
}

/** How deep lists are looked for to name them in an error. */
const deepest = 5

/** Lists of objects further in, GraphQL's edges as their nodes; for the words of an error only. */
function nestedLists(value: unknown, path = '$', depth = 0): readonly string[] {
  if (depth > deepest) return []
  if (Array.isArray(value))
    return value
      .slice(0, 10)
      .flatMap((item, at) => (Array.isArray(item) && item.length > 0 && isRows(item) ? [`${path}[${at}][*]`] : []))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, member]) => {
    const at = path + step(name)
    if (!Array.isArray(member)) return nestedLists(member, at, depth + 1)
    if (sideNames.has(name) || !isRows(member)) return []
    return [
      name === 'edges' && member.every((edge) => isObject(edge) && Object.hasOwn(edge, 'node'))
        ? `${at}[*].node`
        : `${at}[*]`,
    ]
  })
}

function step(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}
