import type { Column, ColumnType } from '../schema/types.ts'
import { isTime, isVariantOf } from '../schema/flags.ts'
import { loadedAtColumn, sameName } from '../schema/system-columns.ts'
import type { DeletePlan } from './destination.ts'

/** What one warehouse spells in its own way. */
export interface FlagDialect {
  readonly quoteName: (name: string) => string
  readonly quoteText: (text: string) => string
  /** The type of a moment. */
  readonly timestamp: string
  /** The number of elements of an array. */
  readonly lengthOf: (column: string) => string
  /** The text of a value that is no number; JSON as it is written. */
  readonly textOf: (column: string, type: ColumnType) => string
}

const numeric = /^(integer|numeric|bignumeric|number|decimal)/

/** The flag, and the columns that take those of its values which it cannot hold. */
const flagsOf = ({ flag }: Partial<DeletePlan>, columns: readonly Column[]): readonly Column[] =>
  flag === undefined ? [] : columns.filter(({ name }) => sameName(name, flag) || isVariantOf(flag, name))

/**
 * When a row was deleted, as an expression over its columns: its flag where that is a time, else when it was loaded; NULL
 * where it was not, or no row has had the flag yet.
 */
export function deletionTime(deletes: Partial<DeletePlan>, columns: readonly Column[], dialect: FlagDialect): string {
  const { quoteName, timestamp } = dialect
  const flags = flagsOf(deletes, columns)
  if (flags.length === 0) return `CAST(NULL AS ${timestamp})`
  const isFlagged = flags.map((column) => isDeleted(column, deletes.value, dialect))
  const times = flags.filter(({ type }) => isTime(type)).map(({ name }) => `CAST(${quoteName(name)} AS ${timestamp})`)
  return `CASE WHEN ${isFlagged.join(' OR ')} THEN COALESCE(${[...times, quoteName(loadedAtColumn)].join(', ')}) END`
}

export function isTimedFlag({ flag }: DeletePlan, columns: readonly Column[]): boolean {
  return columns.some(({ name, type }) => flag !== undefined && sameName(name, flag) && isTime(type))
}

function isDeleted({ name, type }: Column, value: DeletePlan['value'], dialect: FlagDialect): string {
  const column = dialect.quoteName(name)
  return value === undefined ? isSet(column, type, dialect) : equals({ column, type }, value, dialect)
}

function isSet(column: string, type: ColumnType, { lengthOf, textOf }: FlagDialect): string {
  if (type === 'boolean') return column
  if (numeric.test(type)) return `${column} <> 0`
  if (type === 'string') return `LOWER(${column}) NOT IN ('', '0', 'false')`
  if (type === 'json') return `${textOf(column, type)} NOT IN ('null', 'false', '0', '""')`
  // No array is NULL: a row without one has an empty one.
  if (type.startsWith('array<')) return `${lengthOf(column)} > 0`
  return `${column} IS NOT NULL`
}

function equals(
  { column, type }: { readonly column: string; readonly type: ColumnType },
  value: string | number | boolean,
  { textOf, quoteText }: FlagDialect,
): string {
  if (numeric.test(type)) {
    const number = String(value)
    return /^-?\d+(\.\d+)?$/.test(number) ? `${column} = ${number}` : 'FALSE'
  }
  // One value is no list and no record.
  if (/^(array|record)</.test(type)) return 'FALSE'
  return `${textOf(column, type)} = ${quoteText(String(value))}`
}
