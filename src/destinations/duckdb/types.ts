import { parseType, type TypeTree, typeText, typeTree } from '../../schema/type-tree.ts'
import type { ColumnType, ScalarType } from '../../schema/types.ts'
import { quoteName } from './sql.ts'

const sqlTypes: Readonly<Record<ScalarType, string>> = {
  integer: 'BIGINT',
  numeric: 'DECIMAL(38,9)',
  bignumeric: 'HUGEINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  string: 'VARCHAR',
  timestamp: 'TIMESTAMPTZ',
  datetime: 'TIMESTAMP',
  date: 'DATE',
  time: 'TIME',
  json: 'JSON',
  bytes: 'BLOB',
}

/** Types that a table of somebody else's making may have, and what they take. */
const foreignTypes: Readonly<Record<string, ScalarType>> = {
  TINYINT: 'integer',
  SMALLINT: 'integer',
  INTEGER: 'integer',
  UTINYINT: 'integer',
  USMALLINT: 'integer',
  UINTEGER: 'integer',
  UBIGINT: 'bignumeric',
  UHUGEINT: 'bignumeric',
  FLOAT: 'number',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  TIMESTAMP_S: 'datetime',
  TIMESTAMP_MS: 'datetime',
  TIMESTAMP_NS: 'datetime',
}

const ownTypes = new Map(Object.entries(sqlTypes).map(([type, sql]) => [sql, type as ScalarType]))

export function toSqlType(type: ColumnType): string {
  return spell(typeTree(type), sqlTypes)
}

/** The type to read from NDJSON, where bytes are base64. */
export function toReadType(type: ColumnType): string {
  return spell(typeTree(type), { ...sqlTypes, bytes: sqlTypes.string })
}

function spell(tree: TypeTree, scalars: Readonly<Record<ScalarType, string>>): string {
  switch (tree.kind) {
    case 'scalar':
      return scalars[tree.type]
    case 'decimal':
      return `DECIMAL(${tree.precision},${tree.scale})`
    case 'array':
      return `${spell(tree.item, scalars)}[]`
    case 'record':
      return `STRUCT(${tree.fields.map(({ name, type }) => `${quoteName(name)} ${spell(type, scalars)}`).join(', ')})`
  }
}

/** What turns a value that was read as `toReadType` into one of the column: base64 into bytes, no array into an empty one. */
export function toColumnValue(expression: string, type: ColumnType): string {
  const tree = typeTree(type)
  const value = decodeBytes(expression, tree, 0)
  return tree.kind === 'array' ? `coalesce(${value}, [])` : value
}

function decodeBytes(expression: string, tree: TypeTree, depth: number): string {
  if (!holdsBytes(tree)) return expression
  switch (tree.kind) {
    case 'scalar':
    case 'decimal':
      return `from_base64(${expression})`
    case 'array': {
      const item = `item${depth}`
      return `list_transform(${expression}, lambda ${item}: ${decodeBytes(item, tree.item, depth + 1)})`
    }
    case 'record': {
      const fields = tree.fields.map(({ name, type }) => {
        const field = `${expression}.${quoteName(name)}`
        return `${quoteName(name)} := ${decodeBytes(field, type, depth)}`
      })
      return `CASE WHEN ${expression} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`
    }
  }
}

function holdsBytes(tree: TypeTree): boolean {
  switch (tree.kind) {
    case 'scalar':
      return tree.type === 'bytes'
    case 'decimal':
      return false
    case 'array':
      return holdsBytes(tree.item)
    case 'record':
      return tree.fields.some(({ type }) => holdsBytes(type))
  }
}

/** Whether a column is to be empty where a row has nothing for it: BigQuery knows no array that is NULL. */
export function isArray(type: ColumnType): boolean {
  return typeTree(type).kind === 'array'
}

/**
 * The logical type of a live column. A type unknown here counts as a string, or as json where it is nested: rows go in
 * by a cast, and a value that cannot be cast fails the batch.
 */
export function fromSqlType(sql: string): ColumnType {
  const known = readSqlType(sql)
  if (known) return typeText(known)
  if (/\[\d*\]$|^(STRUCT|MAP|UNION)\b/.test(sql)) return 'json'
  return sql.startsWith('DECIMAL(') ? 'numeric' : 'string'
}

function readSqlType(sql: string): TypeTree | undefined {
  const scalar = ownTypes.get(sql) ?? foreignTypes[sql]
  if (scalar) return { kind: 'scalar', type: scalar }
  if (sql.endsWith('[]')) {
    const item = readSqlType(sql.slice(0, -2))
    return item && item.kind !== 'array' ? { kind: 'array', item } : undefined
  }
  if (sql.startsWith('DECIMAL(')) return parseType(sql.toLowerCase())
  return sql.startsWith('STRUCT(') && sql.endsWith(')') ? readStruct(sql.slice(7, -1)) : undefined
}

function readStruct(text: string): TypeTree | undefined {
  const fields = splitStruct(text).map((part) => {
    const [, quoted, bare, type = ''] = /^(?:"((?:[^"]|"")+)"|(\w+)) (.+)$/s.exec(part) ?? []
    const name = quoted ?? bare ?? ''
    const tree = readSqlType(type)
    return tree && /^[A-Za-z_]\w*$/.test(name) ? { name, type: tree } : undefined
  })
  return fields.every((field) => field !== undefined) ? { kind: 'record', fields } : undefined
}

function splitStruct(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') at = text.indexOf('"', at + 1)
    else if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, at).trim())
      start = at + 1
    }
    if (at < 0) return []
  }
  return [...parts, text.slice(start).trim()]
}
