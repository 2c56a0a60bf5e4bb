import { type TypeTree, parseType, typeText } from './type-tree.ts'
import { legalName } from './names.ts'
import type { ColumnType } from './types.ts'

/** A type as a connector file declares it: in a word, and the fields where that is `record` or `array<record>`. */
export interface Declaration {
  readonly type?: string | undefined
  readonly fields?: Readonly<Record<string, string | Declaration>> | undefined
}

/** Why a declaration makes no type, and the keys that lead there. */
export interface DeclarationProblem {
  readonly path: readonly string[]
  readonly message: string
}

const words =
  'expected integer, numeric, bignumeric, decimal(p,s), number, boolean, string, timestamp, datetime, date, time, json, bytes, record, or array<T> of one of these'

/** The type of a column; undefined where none is declared. What `findDeclarationProblem` finds is refused before anybody asks. */
export function declaredType(declaration: Declaration): ColumnType | undefined {
  if (declaration.type === undefined) return undefined
  const tree = read(declaration, [])
  if ('message' in tree) throw new TypeError(tree.message)
  return typeText(tree)
}

export function findDeclarationProblem(declaration: Declaration): DeclarationProblem | undefined {
  if (declaration.type === undefined)
    return declaration.fields && { path: ['fields'], message: 'only a record has fields: add type: record' }
  const tree = read(declaration, [])
  return 'message' in tree ? tree : undefined
}

function read(declaration: string | Declaration, path: readonly string[]): TypeTree | DeclarationProblem {
  const { type = '', fields } = typeof declaration === 'string' ? { type: declaration } : declaration
  const at = typeof declaration === 'string' ? path : [...path, 'type']
  const word = type.replaceAll(' ', '')
  if (word === 'record' || word === 'array<record>') {
    const record = readFields(fields, path)
    return 'message' in record || word === 'record' ? record : { kind: 'array', item: record }
  }
  if (fields)
    return { path: [...path, 'fields'], message: 'only a record has fields: expected type record or array<record>' }
  if (word.startsWith('array<array<'))
    return { path: at, message: 'no warehouse has arrays of arrays: declare it as json' }
  if (word.includes('record<'))
    return { path: at, message: 'a record lists its fields under fields, such as fields: {city: string}' }
  const tree = parseType(word)
  if (tree) return tree
  const message = /decimal/.test(word)
    ? 'expected decimal(p,s) with 1 to 38 digits in all (p) and at most p of them behind the point (s)'
    : words
  return { path: at, message }
}

function readFields(fields: Declaration['fields'], path: readonly string[]): TypeTree | DeclarationProblem {
  const entries = Object.entries(fields ?? {})
  if (entries.length === 0)
    return {
      path: [...path, 'type'],
      message: 'a record needs its fields, such as fields: {city: string, zip: string}',
    }
  const names = new Map<string, string>()
  const types = []
  for (const [key, field] of entries) {
    const place = [...path, 'fields', key]
    const name = legalName(key)
    const other = names.get(name.toLowerCase())
    if (other !== undefined) return { path: place, message: `${other} becomes a field of this name already` }
    names.set(name.toLowerCase(), key)
    const type = read(field, place)
    if ('message' in type) return type
    types.push({ name, type })
  }
  return { kind: 'record', fields: types }
}
