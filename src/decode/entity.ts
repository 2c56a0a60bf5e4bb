import { isObject } from './json-path.ts'
import { findRowsPath, isUsual, type RowsPath } from './rows-path.ts'

/** What the path of a request says of its answer. */
export interface Asked {
  /** It ends in a placeholder: `/users/{{ parent.id }}` asks for one user. */
  readonly one: boolean
  /** What the rows may be called: a list of that name holds them. */
  readonly names: readonly string[]
}

/** Members of a row that tell it from others. */
const identities = ['id', '_id', 'uuid', 'guid', 'gid', 'sid', 'Id', 'ID']

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

const whole: RowsPath = { path: [], single: true }

type Members = Readonly<Record<string, unknown>>

const isThing = (object: Members, { one }: Asked): boolean => hasId(object) || (one && hasOwn(object))

const hasId = (object: Members): boolean =>
  identities.some((name) => ['string', 'number', 'bigint'].includes(typeof object[name]))

const hasOwn = (object: Members): boolean =>
  Object.entries(object).some(
    ([name, value]) => !Array.isArray(value) && !identities.includes(name) && !aroundRows.test(name),
  )
