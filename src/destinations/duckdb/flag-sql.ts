import type { Column, ColumnType } from '../../schema/types.ts'
import type { DeletePlan } from '../destination.ts'
import { isTime, isVariantOf } from '../../schema/flags.ts'
import { loadedAtColumn } from '../../schema/system-columns.ts'
import { quoteName, quoteText } from './sql.ts'

/**
 * When a row was deleted, as an expression over its columns: its flag where that is a time, else when it was loaded; NULL
 * where it was not. Undefined where no row has borne the flag yet.
 */
export function deletionTime({ flag, value }: DeletePlan, columns: readonly Column[]): string | undefined {
  if (flag === undefined) return undefined
  const flags = columns.filter(({ name }) => name === flag || isVariantOf(flag, name))
  if (flags.length === 0) return undefined
  const isFlagged = flags.map(({ name, type }) => (value === undefined ? isSet(name, type) : equals(name, type, value)))
  const times = flags.filter(({ type }) => isTime(type)).map(({ name }) => `${quoteName(name)}::TIMESTAMPTZ`)
  return `CASE WHEN ${isFlagged.join(' OR ')} THEN coalesce(${[...times, quoteName(loadedAtColumn)].join(', ')}) END`
}

function isSet(name: string, type: ColumnType): string {
  const column = quoteName(name)
  if (type === 'boolean') return column
  if (/^(integer|numeric|bignumeric|number|decimal)/.test(type)) return `${column} <> 0`
  if (type === 'string') return `lower(${column}) NOT IN ('', '0', 'false')`
  if (type === 'json') return `${column}::VARCHAR NOT IN ('null', 'false', '0', '""')`
  // No array is NULL: a row without one has an empty one.
  if (type.startsWith('array<')) return `len(${column}) > 0`
  return `${column} IS NOT NULL`
}

function equals(name: string, type: ColumnType, value: string | number | boolean): string {
  const column = quoteName(name)
  if (/^(integer|numeric|bignumeric|number|decimal)/.test(type)) {
    const number = String(value)
    return /^-?\d+(\.\d+)?$/.test(number) ? `${column} = ${number}` : 'false'
  }
  return `${column}::VARCHAR = ${quoteText(String(value))}`
}
