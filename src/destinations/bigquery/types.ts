import { type TypeTree, typeText, typeTree } from '../../schema/type-tree.ts'
import type { Column, ColumnType, ScalarType } from '../../schema/types.ts'
import type { Field } from './replies.ts'

const sqlTypes: Readonly<Record<ScalarType, string>> = {
  integer: 'INT64',
  numeric: 'NUMERIC',
  bignumeric: 'BIGNUMERIC',
  number: 'FLOAT64',
  boolean: 'BOOL',
  string: 'STRING',
  timestamp: 'TIMESTAMP',
  datetime: 'DATETIME',
  date: 'DATE',
  time: 'TIME',
  json: 'JSON',
  bytes: 'BYTES',
}

/** The REST API answers with the names of legacy SQL. */
const legacyTypes: Readonly<Record<string, ScalarType>> = { INTEGER: 'integer', FLOAT: 'number', BOOLEAN: 'boolean' }

const ownTypes = new Map(Object.entries(sqlTypes).map(([type, sql]) => [sql, type as ScalarType]))

/** As the definition of a column spells it. */
export function toSqlType(type: ColumnType): string {
  return spell(typeTree(type), ({ precision, scale }) => `(${precision}, ${scale})`)
}

/** As an expression spells it: digits are the column's business. */
export function toCastType(type: ColumnType | TypeTree): string {
  return spell(typeof type === 'string' ? typeTree(type) : type, () => '')
}

interface Decimal {
  readonly precision: number
  readonly scale: number
}

function spell(tree: TypeTree, digits: (decimal: Decimal) => string): string {
  switch (tree.kind) {
    case 'scalar':
      return sqlTypes[tree.type]
    case 'decimal':
      return `${decimalType(tree)}${digits(tree)}`
    case 'array':
      return `ARRAY<${spell(tree.item, digits)}>`
    case 'record':
      return `STRUCT<${tree.fields.map(({ name, type }) => `\`${name}\` ${spell(type, digits)}`).join(', ')}>`
  }
}

/** NUMERIC takes 29 digits before the point and 9 behind it. */
function decimalType({ precision, scale }: Decimal): string {
  return scale <= 9 && precision - scale <= 29 ? 'NUMERIC' : 'BIGNUMERIC'
}

/** A column as the REST API takes it (`TableFieldSchema`). */
export function toField({ name, type }: Column): Field {
  return { name, ...describeField(typeTree(type)) }
}

function describeField(tree: TypeTree): Omit<Field, 'name'> & { readonly type: string; readonly mode: string } {
  switch (tree.kind) {
    case 'scalar':
      return { type: sqlTypes[tree.type], mode: 'NULLABLE' }
    case 'decimal': {
      const { precision, scale } = tree
      return { type: decimalType(tree), mode: 'NULLABLE', precision: String(precision), scale: String(scale) }
    }
    case 'array':
      return { ...describeField(tree.item), mode: 'REPEATED' }
    case 'record': {
      const fields = tree.fields.map(({ name, type }) => ({ name, ...describeField(type) }))
      return { type: 'RECORD', mode: 'NULLABLE', fields }
    }
  }
}

/** The logical type of a live column. A type unknown here counts as a string: rows go in by a cast, and a value that cannot be cast fails the batch. */
export function fromField(field: Field): ColumnType {
  return typeText(readField(field))
}

function readField({ mode, ...item }: Field): TypeTree {
  if (mode === 'REPEATED') return { kind: 'array', item: readField({ ...item, mode: 'NULLABLE' }) }
  const { type, fields = [], precision, scale } = item
  if (type === 'RECORD' || type === 'STRUCT')
    return { kind: 'record', fields: fields.map((field) => ({ name: field.name, type: readField(field) })) }
  if (precision !== undefined) return { kind: 'decimal', precision: Number(precision), scale: Number(scale ?? 0) }
  return { kind: 'scalar', type: ownTypes.get(type) ?? legacyTypes[type] ?? 'string' }
}
