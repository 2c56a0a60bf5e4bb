import { isObject, memberAt } from '../base/json/path.ts'
import { findRowsPath, isUsual, type RowsPath } from './rows-path.ts'

/** What the path of a request says of its answer. */
export interface Asked {
  /** It ends in a placeholder: `/users/{{ parent.id }}` asks for one user. */
  readonly one: boolean
  /** What the rows may be called: a list of that name holds them. */
  readonly names: readonly string[]
}

/** Members of a row that tell it from others. */
const identities = ['id', '_id', 'uuid', 'guid', 'gid', 'sid', 'Id', 'ID', '@id']

/** What stands around the rows of a listing, and says nothing of a thing of its own. */
const aroundRows =
  /page|total|count|next|prev|more|offset|limit|cursor|token|marker|links?$|meta|info|status|success|^ok$|message|error|warning|size|first|last|self|href|url|took|time|request|version|object|^type$|^kind$|etag|^@|context|included|facets|aggregations|schema|quota/i

/**
 * The path of an answer that is one thing, hence one row, although it holds lists; undefined where it is a listing or that
 * cannot be told. A list that is named like the stream, or has only paging members next to it, is a listing. Else a thing has
 * an id of its own, or members of its own where the path asks for one thing; with a list under one of the usual names of
 * rows (`data`, `items`) it must have all three.
 */
export function findEntity(body: unknown, asked: Asked | undefined): RowsPath | undefined {
  if (!asked || !isObject(body)) return undefined
  const found = findRowsPath(body)
  if ('candidates' in found) return isThing(body, asked) && found.candidates.length > 0 ? whole : undefined
  const [outer = '', inner] = found.path
  const list = found.path.at(-1)
  if (found.single || list === undefined) return undefined
  const holder = inner !== undefined && isObject(body[outer]) ? body[outer] : body
  if (!Array.isArray(holder[list]) || asked.names.some((name) => name.toLowerCase() === list.toLowerCase()))
    return undefined
  const isOne = isUsual(list) ? asked.one && hasId(holder) && hasOwn(holder) : isThing(holder, asked)
  return isOne ? whole : undefined
}

/**
 * As `findEntity`, for XML: the outermost element above the rows that were found (or above the first place where they
 * may be) which is one thing. A feed has an id too, and is a listing.
 */
export function findXmlEntity(
  document: Members,
  found: readonly string[],
  asked: Asked | undefined,
): readonly string[] | undefined {
  const isNamed = (name: string): boolean =>
    asked?.names.some((one) => one.toLowerCase() === name.toLowerCase()) === true
  if (!asked || /^(?:rss|(?:[^:]+:)?feed)$/.test(found[0] ?? '') || found.some(isNamed)) return undefined
  for (let length = 1; length < found.length; length++) {
    const node = memberAt(document, found.slice(0, length))
    if (!isObject(node)) return undefined
    const isOne = found.slice(length).some(isUsual) ? asked.one && hasId(node) && hasOwn(node) : isThing(node, asked)
    if (isOne) return found.slice(0, length)
  }
  return undefined
}

const whole: RowsPath = { path: [], single: true }

type Members = Readonly<Record<string, unknown>>

const isThing = (object: Members, { one }: Asked): boolean => hasId(object) || (one && hasOwn(object))

const hasId = (object: Members): boolean =>
  identities.some((name) => ['string', 'number', 'bigint'].includes(typeof object[name]))

const hasOwn = (object: Members): boolean =>
  Object.entries(object).some(
    ([name, value]) => !Array.isArray(value) && !identities.includes(name) && !aroundRows.test(name),
  )

/** What is guessed where an answer has an id of its own; `rows` is the path of the thing itself. */
export const describeEntity = ({ where }: { readonly where: string }, rows: string): string =>
  `The answer of ${where} has an id of its own, so that it is taken for one row although it holds a list: say rows: ${rows} if it is one, or where its rows are.`
