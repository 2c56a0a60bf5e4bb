import type { Column, ColumnType } from '../../schema/types.ts'
import type { DeletePlan } from '../destination.ts'
import { isTime, isVariantOf } from '../../schema/flags.ts'
import { loadedAtColumn, sameName } from '../../schema/system-columns.ts'
import { quoteName, quoteText } from './sql.ts'

const numeric = /^(integer|numeric|bignumeric|number|decimal)/

/**
 * When a row was deleted, as an expression over its columns: its flag where that is a time, else when it was loaded; NULL
 * where it was not, or no row has borne the flag yet.
 */
export function deletionTime({ flag, value }: Partial<DeletePlan>, columns: readonly Column[]): string {
  const flags = flag === undefined ? [] : columns.filter(({ name }) => sameName(name, flag) || isVariantOf(flag, name))
  if (flags.length === 0) return 'CAST(NULL AS TIMESTAMP)'
  const isFlagged = flags.map(({ name, type }) => (value === undefined ? isSet(name, type) : equals(name, type, value)))
  const times = flags.filter(({ type }) => isTime(type)).map(({ name }) => `CAST(${quoteName(name)} AS TIMESTAMP)`)
  return `CASE WHEN ${isFlagged.join(' OR ')} THEN COALESCE(${[...times, quoteName(loadedAtColumn)].join(', ')}) END`
}

export function isTimedFlag({ flag }: DeletePlan, columns: readonly Column[]): boolean {
  return columns.some(({ name, type }) => flag !== undefined && sameName(name, flag) && isTime(type))
}

function isSet(name: string, type: ColumnType): string {
  const column = quoteName(name)
  if (type === 'boolean') return column
  if (numeric.test(type)) return `${column} <> 0`
  if (type === 'string') return `LOWER(${column}) NOT IN ('', '0', 'false')`
  if (type === 'json') return `TO_JSON_STRING(${column}) NOT IN ('null', 'false', '0', '""')`
  // No array is NULL: a row without one has an empty one.
  if (type.startsWith('array<')) return `ARRAY_LENGTH(${column}) > 0`
  return `${column} IS NOT NULL`
}

function equals(name: string, type: ColumnType, value: string | number | boolean): string {
  const column = quoteName(name)
  if (numeric.test(type)) {
    const number = String(value)
    return /^-?\d+(\.\d+)?$/.test(number) ? `${column} = ${number}` : 'FALSE'
  }
  if (/^(array|record)</.test(type)) return 'FALSE'
  const text = type === 'json' ? `TO_JSON_STRING(${column})` : `SAFE_CAST(${column} AS STRING)`
  return `${text} = ${quoteText(String(value))}`
}
