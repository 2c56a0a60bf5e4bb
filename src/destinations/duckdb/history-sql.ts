import type { Column } from '../../schema/types.ts'
import type { TablePlan } from '../destination.ts'
import {
  deletedAtColumn,
  loadedAtColumn,
  runIdColumn,
  validFromColumn,
  validToColumn,
} from '../../schema/system-columns.ts'
import { cursorTime } from './cursor-time.ts'
import { batchTable, matchKeys, type MergeKeys, orderColumn } from './merge-sql.ts'
import { quoteName, quoteText } from './sql.ts'

// A history (`write: scd2`) has one row a version. A version holds from `_valid_from` up to `_valid_to` (exclusive). Of
// versions of a key that begin at once the one that came last holds; the others are kept with no length. A deletion
// that is kept is a version of no length too, so that what arrives late finds it in its place.

const spanTable = 'temp.main._headrace_spans'
const [from, to, deleted] = [validFromColumn, validToColumn, deletedAtColumn].map(quoteName) as [string, string, string]
const forever = `TIMESTAMPTZ 'infinity'`
const moment = 'INTERVAL 1 MICROSECOND'

export interface HistoryKeys extends MergeKeys {
  /** The batch's columns. */
  readonly columns: readonly Column[]
  /** All columns of the target. */
  readonly stored: readonly Column[]
  /** Whether versions begin at their cursor, so that they may come in any order. */
  readonly timed: boolean
  /** Whether the batch is a listing of all that there is: what it holds is not deleted. */
  readonly present: boolean
  /** Whether the target marks deletions. */
  readonly marked: boolean
}

/** Every expression is bound to `stored`, a version of the target, and `fresh`, a row of the batch. */
function sameContent({ stored, columns }: HistoryKeys): string {
  const sent = new Set(columns.map(({ name }) => name.toLowerCase()))
  const parts = stored.map(({ name, type }) => {
    const column = `stored.${quoteName(name)}`
    if (sent.has(name.toLowerCase())) return `${column} IS NOT DISTINCT FROM fresh.${quoteName(name)}`
    return type.startsWith('array<') ? `len(coalesce(${column}, [])) = 0` : `${column} IS NULL`
  })
  return ['true', ...parts].join(' AND ')
}

const isOpen = (keys: HistoryKeys): string =>
  `EXISTS (SELECT 1 FROM ${keys.target} AS stored WHERE ${matchKeys(keys)} AND stored.${to} IS NULL)`

const isLast = (keys: HistoryKeys): string =>
  `NOT EXISTS (SELECT 1 FROM ${keys.target} AS later WHERE ${matchKeys(keys, 'stored', 'later')} 
    AND (later.${from} > stored.${from} OR (later.${from} = stored.${from} AND stored.${to} = stored.${from} AND later.${to} IS DISTINCT FROM later.${from})))`

/** Whether a row of the batch begins at its own cursor, not when it was loaded. */
const hasTime = (keys: Pick<HistoryKeys, 'timed'>): string =>
  keys.timed ? `fresh.${from} <> fresh.${quoteName(loadedAtColumn)}` : 'false'

/**
 * Of rows of one key that begin at once the last stays, and with a time of their own all that differ: the provider says
 * that each was a version.
 */
export function deleteSame(keys: HistoryKeys): string {
  const names = keys.primaryKey.map(quoteName).join(', ')
  const content = keys.columns.map(({ name }) => `${quoteName(name)} := ${quoteName(name)}`).join(', ')
  const own = keys.present ? 'NULL' : `CASE WHEN ${hasTime(keys)} THEN struct_pack(${content}) END`
  return `DELETE FROM ${batchTable} WHERE ${orderColumn} IN (SELECT ${orderColumn} FROM ${batchTable} AS fresh
    QUALIFY row_number() OVER (PARTITION BY ${names}, ${from}, ${own} ORDER BY ${orderColumn} DESC) > 1)`
}

/** Drops from the batch what the history holds already: with a time of its own anywhere, else as what came last. */
export function dropKnown(keys: HistoryKeys): string {
  const known = `DELETE FROM ${batchTable} AS fresh USING ${keys.target} AS stored WHERE ${matchKeys(keys)} AND ${sameContent(keys)}`
  if (keys.timed && keys.present) return `${known} AND ${isOpen(keys)}`
  const stands = `${isLast(keys)} AND (stored.${to} IS NULL OR fresh.${deleted} IS NOT NULL)`
  return `${known} AND (${hasTime(keys)} OR ${stands})`
}

/**
 * What has no time of its own, or is there again after it was deleted, begins behind all that is stored of its key. So does
 * what comes after a version whose cursor is ahead: else that one would hold for good.
 */
export function startAfterLast(keys: HistoryKeys): string {
  const ends = `SELECT ${keys.primaryKey.map(quoteName).join(', ')}, max(greatest(${from}, ${to})) AS _headrace_stop,
      bool_or(${to} IS NULL) AS _headrace_open, bool_or(${to} IS NULL AND ${keys.cursor?.isAhead?.('stored.') ?? 'false'}) AS _headrace_ahead
    FROM ${keys.target} AS stored SEMI JOIN ${batchTable} AS fresh ON ${matchKeys(keys)} GROUP BY ALL`
  const begin = `greatest(fresh.${keys.timed ? quoteName(loadedAtColumn) : from}, stored._headrace_stop)`
  const isBehind = keys.present ? 'NOT stored._headrace_open OR stored._headrace_ahead' : 'stored._headrace_ahead'
  const which = keys.timed ? `(${isBehind}) AND fresh.${from} < stored._headrace_stop` : 'true'
  return `UPDATE ${batchTable} AS fresh SET ${from} = ${begin} FROM (${ends}) AS stored WHERE ${matchKeys(keys)} AND ${which}`
}

const isDeletion = ({ marked }: HistoryKeys): string =>
  marked ? `stored.${to} IS NOT DISTINCT FROM stored.${from} AND stored.${deleted} IS NOT NULL` : 'false'

/** A deletion and a version do not begin at once: the one that came later begins later. */
export function avoidCollision(keys: HistoryKeys): string {
  return `UPDATE ${batchTable} AS fresh SET ${from} = greatest(fresh.${quoteName(loadedAtColumn)}, stored.${from} + ${moment})
    FROM ${keys.target} AS stored WHERE ${matchKeys(keys)} AND stored.${from} = fresh.${from}
    AND (fresh.${deleted} IS NULL) = (${isDeletion(keys)})`
}

/** A version that has no time of its own gives way to one that the same run brings later; how long it held is kept. */
export function supersedeVersions(keys: HistoryKeys): readonly string[] {
  const run = quoteName(runIdColumn)
  const same = `${matchKeys(keys)} AND stored.${from} = fresh.${from} AND stored.${run} = fresh.${run} AND NOT (${hasTime(keys)})`
  return [
    `UPDATE ${batchTable} AS fresh SET ${to} = coalesce(stored.${to}, ${forever}) FROM ${keys.target} AS stored WHERE ${same}`,
    `DELETE FROM ${keys.target} AS stored USING ${batchTable} AS fresh WHERE ${same}`,
  ]
}

/**
 * How long each version of a key of the batch holds: up to the one that follows, or to where the version that it
 * interrupts was over. Of those that begin at once the stored ones come first.
 */
export function insertVersions(keys: HistoryKeys): readonly string[] {
  const names = keys.primaryKey.map(quoteName).join(', ')
  const versions = `SELECT ${names}, ${from}, coalesce(${to}, ${forever}) AS _headrace_stop, false AS _headrace_deletion,
      CASE WHEN ${to} = ${from} THEN 0 ELSE 1 END AS _headrace_rank, NULL AS ${orderColumn}
      FROM ${keys.target} AS stored SEMI JOIN ${batchTable} AS fresh ON ${matchKeys(keys)}
    UNION ALL SELECT ${names}, ${from}, ${to}, ${deleted} IS NOT NULL, 2, ${orderColumn} FROM ${batchTable}`
  const ordered = `SELECT *, lead(${from}) OVER line AS _headrace_next, last_value(_headrace_stop IGNORE NULLS) OVER line AS _headrace_over
    FROM (${versions}) WINDOW line AS (PARTITION BY ${names} ORDER BY ${from}, _headrace_rank, ${orderColumn})`
  const over = `CASE WHEN _headrace_over > ${from} THEN _headrace_over ELSE ${forever} END`
  const end = `CASE WHEN _headrace_deletion THEN ${from}
    ELSE nullif(least(coalesce(_headrace_next, ${forever}), ${over}), ${forever}) END`
  const isStored = `${matchKeys(keys, 'version', 'span')} AND version.${from} = span.${from} AND version.${to} IS DISTINCT FROM version.${from}`
  return [
    `CREATE OR REPLACE TEMP TABLE ${spanTable} AS SELECT ${names}, ${from}, _headrace_rank, ${orderColumn}, ${end} AS _headrace_end FROM (${ordered})`,
    `UPDATE ${keys.target} AS version SET ${to} = span._headrace_end FROM ${spanTable} AS span
     WHERE ${isStored} AND span._headrace_rank = 1 AND version.${to} IS DISTINCT FROM span._headrace_end`,
    `UPDATE ${batchTable} AS version SET ${to} = span._headrace_end FROM ${spanTable} AS span WHERE version.${orderColumn} = span.${orderColumn}`,
    `DROP TABLE ${spanTable}`,
  ]
}

/** How many rows of a table have a key that another row has too. */
export function countRepeated(target: string, { primaryKey }: TablePlan): string {
  return `SELECT count(*) - count(DISTINCT (${primaryKey.map(quoteName).join(', ')})) FROM ${target}`
}

/** The rows of a table that was no history so far become the first versions of one. */
export function beginHistory(target: string, plan: TablePlan, columns: readonly Column[]): string {
  const time = cursorTime(plan, columns)
  const begin = [
    ...(time === undefined ? [] : [time]),
    quoteName(loadedAtColumn),
    `TIMESTAMPTZ ${quoteText(plan.loadedAt)}`,
  ]
  return `UPDATE ${target} SET ${from} = coalesce(${begin.join(', ')}) WHERE ${from} IS NULL`
}

/** Those among them that were deleted by then: a flagged row says that it is gone, any other when it went. */
export function endDeleted(target: string, { deletes }: TablePlan): string {
  const end = deletes?.flag === undefined ? `greatest(${from}, ${deleted})` : from
  return `UPDATE ${target} SET ${to} = ${end} WHERE ${deleted} IS NOT NULL AND ${to} IS NULL`
}
