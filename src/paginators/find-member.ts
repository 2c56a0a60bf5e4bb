import { isObject, memberAt } from '../base/json/path.ts'
import type { ApiRequest } from '../http/send.ts'
import { envelopeNames } from './conventions.ts'
import { readPair } from './query.ts'

/**
 * The JSONPath of the first of these members that is as it should be: at the top, in one of the usual paging objects, or in
 * any object further in whose name says that it is about paging.
 */
export function findMember(
  envelope: unknown,
  names: readonly string[],
  fits: (value: unknown) => boolean,
): string | undefined {
  for (const inside of envelopeNames) {
    const parent = inside === '' ? [] : inside.split('.')
    const name = names.find((name) => fits(memberAt(envelope, [...parent, name])))
    if (name !== undefined) return pathOf([...parent, name])
  }
  return findDeep(envelope, [], (object) => names.find((name) => fits(memberAt(object, [name]))))
}

const deepest = 5
const pagingName = /pag|meta|cursor|info|links|list|result|search|hits|^_?nav|^data$|^response$|^body$|^payload$/i

function findDeep(
  value: unknown,
  at: readonly string[],
  find: (object: unknown) => string | undefined,
): string | undefined {
  if (!isObject(value) || at.length > deepest) return undefined
  for (const [key, inner] of Object.entries(value)) {
    if (!isObject(inner) || !pagingName.test(key) || Object.values(inner).some(isFilledList)) continue
    const name = find(inner)
    const path = name === undefined ? findDeep(inner, [...at, key], find) : pathOf([...at, key, name])
    if (path !== undefined) return path
  }
  return undefined
}

/** The list of the rows is emptied: a filled one is that of another listing. */
const isFilledList = (value: unknown): boolean => Array.isArray(value) && value.some(isObject)

/** The JSONPath of a dotted path of names. */
export function pathTo(dotted: string): string {
  return pathOf(namesOf(dotted))
}

/** The member at a dotted path of names. */
export function namedAt(envelope: unknown, dotted: string): unknown {
  return memberAt(envelope, namesOf(dotted))
}

/** OData's names hold dots of their own. */
function namesOf(dotted: string): readonly string[] {
  return dotted.includes('odata') ? [dotted] : dotted.split('.')
}

/** The JSONPath of these names. */
export function pathOf(names: readonly string[]): string {
  return `$${names.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${quote(name)}]`)).join('')}`
}

/** RFC 9535 section 2.3.1: a name between double quotes is escaped as JSON is. */
const quote = (name: string): string => (/['\\\p{Cc}]/u.test(name) ? JSON.stringify(name) : `'${name}'`)

/** The first of these names that the query has with a number for its value; one of 8 digits or more is a date or a time. */
export function firstParam({ url }: ApiRequest, names: readonly string[]): string | undefined {
  const query = new URL(url).search.slice(1)
  return names.find((name) => /^\d{1,7}$/.test(readPair(query, name) ?? ''))
}
