import { quoteName } from './sql.ts'

/** Where a batch lies while it is being merged; in memory, or in DuckDB's temporary files where it is large. */
export const batchTable = 'temp.main._headrace_batch'

/** The place of a row in its batch. DuckDB's own `rowid` would be hidden by a column of that name. */
export const orderColumn = '_headrace_order'

export interface MergeKeys {
  /** The target table, as SQL spells it. */
  readonly target: string
  readonly primaryKey: readonly string[]
  readonly cursor: string | undefined
}

/** Whether a key occurs more than once in the batch. */
export function countRepeats({ primaryKey }: MergeKeys): string {
  const keys = primaryKey.map(quoteName).join(', ')
  return `SELECT (SELECT count(*) FROM ${batchTable}) - (SELECT count(*) FROM (SELECT DISTINCT ${keys} FROM ${batchTable}))`
}

/** Of the rows of one key keeps the one with the highest cursor, then the last. A row without a cursor counts lowest. */
export function deleteRepeats({ primaryKey, cursor }: MergeKeys): string {
  const keys = primaryKey.map(quoteName).join(', ')
  const order = [...(cursor === undefined ? [] : [`${quoteName(cursor)} DESC NULLS LAST`]), `${orderColumn} DESC`].join(
    ', ',
  )
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
 * do the batches.
 */
export function dropOutdated(keys: MergeKeys & { readonly cursor: string }): string {
  const cursor = quoteName(keys.cursor)
  return `${dropStored(keys)} AND stored.${cursor} IS NOT NULL AND (fresh.${cursor} IS NULL OR stored.${cursor} > fresh.${cursor})`
}

/** Drops from the target the rows that the batch brings anew. */
export function deleteReplaced(keys: MergeKeys): string {
  return `DELETE FROM ${keys.target} AS stored USING ${batchTable} AS fresh WHERE ${matchKeys(keys)}`
}

function matchKeys({ primaryKey }: MergeKeys): string {
  return primaryKey.map((key) => `stored.${quoteName(key)} = fresh.${quoteName(key)}`).join(' AND ')
}

/** DDL cannot rename into another schema: the new name stands alone. */
export function renameTable(from: string, table: string): string {
  return `ALTER TABLE ${from} RENAME TO ${quoteName(table)}`
}

export function dropTable(name: string): string {
  return `DROP TABLE IF EXISTS ${name}`
}
