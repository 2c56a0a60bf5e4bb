import type { Column } from '../../schema/types.ts'
import { sameName } from '../../schema/system-columns.ts'
import { ingestionColumn, type Layout, truncate } from './layout.ts'
import { matchKeys, selectSome, type Source, typeOf } from './rows-sql.ts'
import { quoteName } from './sql.ts'
import { toCastType } from './types.ts'

/**
 * What lets a merge skip the parts of its target that hold no row of a key that comes. BigQuery skips partitions and
 * blocks by constants, of which a script's variables are some
 * (https://cloud.google.com/bigquery/docs/querying-partitioned-tables), not by what it finds while it joins.
 */
export interface Bounds {
  readonly declarations: readonly string[]
  /** Statements that give the variables their values, in the merge's own transaction. */
  readonly preparations: readonly string[]
  /** Conditions on `T`: each holds for every row of the target that has a key of the sources. */
  readonly conditions: readonly string[]
}

export interface Bounded {
  /** The target, as SQL spells it. */
  readonly table: string
  /** Of the target. */
  readonly columns: readonly Column[]
  readonly layout: Layout
  readonly keys: readonly string[]
  /** Whether keys may be NULL. */
  readonly nulls?: boolean | undefined
  readonly sources: readonly Source[]
  /** The column by which a row keeps its partition for ever, if somebody has promised it. */
  readonly fixed: string | undefined
}

const partitions = '_headrace_partitions'
const range = '_headrace_range'
const keyRange = '_headrace_keys'

export function boundMerge(merge: Bounded): Bounds {
  const keys = boundKeys(merge)
  const rows = boundPartitions(merge, keys.conditions)
  return {
    declarations: [...keys.declarations, ...rows.declarations],
    preparations: [...keys.preparations, ...rows.preparations],
    conditions: [...keys.conditions, ...rows.conditions],
  }
}

const unbounded: Bounds = { declarations: [], preparations: [], conditions: [] }

/** Types whose values are small, and ordered as they are compared. */
const ranged = /^(integer|numeric|date|datetime|timestamp)$/

/** Blocks are skipped by the first column that a table is clustered by. */
function boundKeys({ columns, layout, keys, nulls, sources }: Bounded): Bounds {
  if (nulls) return unbounded
  const key = keys.find((name) => layout.cluster[0] !== undefined && sameName(name, layout.cluster[0]))
  const type = key === undefined ? undefined : typeOf(columns, key)
  if (key === undefined || type === undefined || !ranged.test(type)) return unbounded
  const sql = toCastType(type)
  const [value, from] = [quoteName(key), selectSome(sources, [key], columns)]
  return {
    declarations: [`DECLARE ${keyRange} STRUCT<low ${sql}, high ${sql}>`],
    preparations: [`SET ${keyRange} = (SELECT AS STRUCT MIN(${value}) AS low, MAX(${value}) AS high FROM (${from}))`],
    conditions: [`T.${value} >= ${keyRange}.low`, `T.${value} <= ${keyRange}.high`],
  }
}

/**
 * The partitions to look into: those of the rows that come where a key tells its partition, else those that hold the
 * keys, which are found first, by reading these columns alone. A row without a value for its partition is looked for too.
 */
function boundPartitions(merge: Bounded, keyConditions: readonly string[]): Bounds {
  const { columns, layout, keys, nulls, sources, table, fixed } = merge
  const { partition } = layout
  if (!partition) return unbounded
  const { column } = partition
  const type = sameName(column, ingestionColumn) ? 'timestamp' : typeOf(columns, column)
  if (type === undefined) return unbounded
  const isKey = keys.some((key) => sameName(key, column))
  const stays = isKey || (fixed !== undefined && sameName(fixed, column))
  const value = quoteName(column)
  const where = [
    ...filterPartitions(layout, columns),
    ...keyConditions,
    `EXISTS (SELECT 1 FROM (${selectSome(sources, keys, columns)}) AS S WHERE ${matchKeys({ columns: keys, nulls }, columns)})`,
  ]
  const from = stays ? `(${selectSome(sources, [column], columns)}) AS T` : `${table} AS T WHERE ${where.join(' AND ')}`
  const orNone = isKey && !nulls ? '' : ` OR T.${value} IS NULL`
  const sql = toCastType(type)
  if (typeof partition.by === 'object') {
    return {
      declarations: [`DECLARE ${range} STRUCT<low ${sql}, high ${sql}>`],
      preparations: [`SET ${range} = (SELECT AS STRUCT MIN(T.${value}) AS low, MAX(T.${value}) AS high FROM ${from})`],
      conditions: [`(T.${value} BETWEEN ${range}.low AND ${range}.high${orNone})`],
    }
  }
  const begin = truncate(`T.${value}`, type, partition.by)
  return {
    declarations: [`DECLARE ${partitions} ARRAY<${sql}>`],
    preparations: [`SET ${partitions} = IFNULL((SELECT ARRAY_AGG(DISTINCT ${begin} IGNORE NULLS) FROM ${from}), [])`],
    conditions: [`(${begin} IN UNNEST(${partitions})${orNone})`],
  }
}

/** Says "all partitions" to a table that wants to hear which ones. */
export function filterPartitions({ partition }: Layout, columns: readonly Column[]): readonly string[] {
  if (!partition?.requireFilter) return []
  const value = `T.${quoteName(partition.column)}`
  const type = sameName(partition.column, ingestionColumn) ? 'timestamp' : typeOf(columns, partition.column)
  return [`(${value} >= ${lowest[type ?? ''] ?? lowest['timestamp']} OR ${value} IS NULL)`]
}

const lowest: Readonly<Record<string, string>> = {
  timestamp: `TIMESTAMP '0001-01-01 00:00:00+00'`,
  datetime: `DATETIME '0001-01-01 00:00:00'`,
  date: `DATE '0001-01-01'`,
  integer: '-9223372036854775808',
}
