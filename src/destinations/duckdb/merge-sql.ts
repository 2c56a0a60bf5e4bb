import { deletedAtColumn } from '../../schema/system-columns.ts'
import { type Ordering, type OrderingSql, rank } from '../ordering.ts'
import { findAhead } from './cursor-time.ts'
import { quoteName } from './sql.ts'

/** Where a batch lies while it is being merged; in memory, or in DuckDB's temporary files where it is large. */
export const batchTable = 'temp.main._headrace_batch'

/** The place of a row in its batch. DuckDB's own `rowid` would be hidden by a column of that name. */
export const orderColumn = '_headrace_order'

export const orderingSql: OrderingSql = {
  quote: quoteName,
  timeKey: (value, type) => {
    const time = type === 'timestamp' ? `${value} AT TIME ZONE 'UTC'` : `${value}::TIMESTAMP`
    return `(strftime(${time}, '%Y-%m-%dT%H:%M:%S.%f') || '000')`
  },
  findAhead,
}

export interface MergeKeys {
  /** The target table, as SQL spells it. */
  readonly target: string
  readonly primaryKey: readonly string[]
  /** Whether a key may have NULLs, which are equal to one another. */
  readonly keyNulls: boolean
  readonly cursor: Ordering | undefined
}

/** Whether a key occurs more than once in the batch. */
export function countRepeats({ primaryKey }: MergeKeys): string {
  const keys = primaryKey.map(quoteName).join(', ')
  return `SELECT (SELECT count(*) FROM ${batchTable}) - (SELECT count(*) FROM (SELECT DISTINCT ${keys} FROM ${batchTable}))`
}

/** Of the rows of one key keeps the one with the highest cursor, then the last. A row without a cursor counts lowest. */
export function deleteRepeats({ primaryKey, cursor }: MergeKeys): string {
  const keys = primaryKey.map(quoteName).join(', ')
  const order = [...(cursor === undefined ? [] : [`${rank(cursor)} DESC NULLS LAST`]), `${orderColumn} DESC`].join(', ')
  return `DELETE FROM ${batchTable} WHERE ${orderColumn} IN (
    SELECT ${orderColumn} FROM (SELECT ${orderColumn}, row_number() OVER (PARTITION BY ${keys} ORDER BY ${order}) AS _headrace_place FROM ${batchTable})
    WHERE _headrace_place > 1)`
}

/** How many rows of the target have a key that the batch has too. */
export function countStored(keys: MergeKeys): string {
  return `SELECT count(*) FROM ${keys.target} AS stored SEMI JOIN ${batchTable} AS fresh ON ${matchKeys(keys)}`
}

/** Drops from the batch what the target has already (`insert_only`). */
export function dropStored(keys: MergeKeys): string {
  return `DELETE FROM ${batchTable} AS fresh USING ${keys.target} AS stored WHERE ${matchKeys(keys)}`
}

/**
 * Drops from the batch the rows that are older than the stored ones: the rows of one listing come in any order, and so
 * do the batches. Of two rows one of which is ahead of its time the later to arrive stays.
 */
export function dropOutdated(keys: MergeKeys & { readonly cursor: Ordering }): string {
  const { value, isAhead } = keys.cursor
  const [stored, fresh] = [value('stored.'), value('fresh.')]
  const isTold = isAhead ? ` AND NOT ${isAhead('stored.')} AND NOT ${isAhead('fresh.')}` : ''
  return `${dropStored(keys)} AND ${stored} IS NOT NULL AND (${fresh} IS NULL OR ${stored} > ${fresh})${isTold}`
}

/** Drops from the target the rows that the batch brings again. */
export function deleteReplaced(keys: MergeKeys): string {
  return `DELETE FROM ${keys.target} AS stored USING ${batchTable} AS fresh WHERE ${matchKeys(keys)}`
}

export function matchKeys(
  { primaryKey, keyNulls }: Pick<MergeKeys, 'primaryKey' | 'keyNulls'>,
  a = 'stored',
  b = 'fresh',
): string {
  const equals = keyNulls ? 'IS NOT DISTINCT FROM' : '='
  return primaryKey.map((key) => `${a}.${quoteName(key)} ${equals} ${b}.${quoteName(key)}`).join(' AND ')
}

const deletedAt = quoteName(deletedAtColumn)

/** A row that is deleted once more stays deleted since the first time. */
export function keepDeletionTime(keys: MergeKeys): string {
  return `UPDATE ${batchTable} AS fresh SET ${deletedAt} = stored.${deletedAt} FROM ${keys.target} AS stored
    WHERE ${matchKeys(keys)} AND fresh.${deletedAt} IS NOT NULL AND stored.${deletedAt} IS NOT NULL`
}

/** Drops from the batch the rows that are flagged as deleted. */
export function dropFlagged(): string {
  return `DELETE FROM ${batchTable} WHERE ${deletedAt} IS NOT NULL`
}

/** Of the target the rows that a complete listing does not hold, and how many they are of how many. */
export function countAbsent(absent: Absent): string {
  return `SELECT count(*), count(*) FILTER (WHERE ${isAbsent(absent)}) FROM ${absent.target} AS stored WHERE ${absent.alive}`
}

export function deleteAbsent(absent: Absent): string {
  return `DELETE FROM ${absent.target} AS stored WHERE ${absent.alive} AND ${isAbsent(absent)}`
}

/** Sets columns of the rows that are gone. */
export function updateAbsent(absent: Absent, values: string): string {
  return `UPDATE ${absent.target} AS stored SET ${values} WHERE ${absent.alive} AND ${isAbsent(absent)}`
}

export interface Absent extends Pick<MergeKeys, 'target' | 'primaryKey' | 'keyNulls'> {
  /** The table that holds the listing. */
  readonly listing: string
  /** Which rows of the target are there so far. */
  readonly alive: string
}

function isAbsent(absent: Absent): string {
  return `NOT EXISTS (SELECT 1 FROM ${absent.listing} AS fresh WHERE ${matchKeys(absent)})`
}

/** DDL cannot rename into another schema: the new name stands alone. */
export function renameTable(from: string, table: string): string {
  return `ALTER TABLE ${from} RENAME TO ${quoteName(table)}`
}

export function dropTable(name: string): string {
  return `DROP TABLE IF EXISTS ${name}`
}
