import type { Column } from '../../schema/types.ts'
import type { TablePlan } from '../destination.ts'
import { deletedAtColumn, sameName, validToColumn } from '../../schema/system-columns.ts'
import { filterPartitions } from './bounds.ts'
import { type Keys, listKeys, selectSome, type Source } from './rows-sql.ts'
import { quoteName } from './sql.ts'
import type { LiveTable } from './tables.ts'

/** What the script says where a table would shrink by too much, followed by from how many rows to how many. */
export const tableShrinks = 'headrace: table shrinks'

interface Replaced {
  /** The table, as SQL spells it. */
  readonly table: string
  readonly live: LiveTable
  /** Of the table once it is replaced. */
  readonly columns: readonly Column[]
  readonly keys: Keys | undefined
  /** All that the listing brought; none where it is empty. */
  readonly sources: readonly Source[]
}

/** Fails where more of the table's rows would go than the plan allows; those that are deleted in it do not count. */
export function guardShrink({ maxShrink }: TablePlan, replaced: Replaced): string | undefined {
  if (maxShrink === undefined) return undefined
  const { table, live } = replaced
  const marks = [deletedAtColumn, validToColumn].filter((mark) => live.fields.some(({ name }) => sameName(name, mark)))
  const alive = [...filterPartitions(live.layout, live.columns), ...marks.map((name) => `T.${quoteName(name)} IS NULL`)]
  const stored = `(SELECT COUNT(*) FROM ${table} AS T${alive.length > 0 ? ` WHERE ${alive.join(' AND ')}` : ''})`
  const said = `ERROR(CONCAT('${tableShrinks} ', CAST(stored AS STRING), ' to ', CAST(fresh AS STRING)))`
  return `SELECT IF(stored - fresh > ${maxShrink} * stored, ${said}, 1)
FROM (SELECT ${stored} AS stored, ${countFresh(replaced)} AS fresh)`
}

/** Rows of one key are one row. */
function countFresh({ sources, keys, columns }: Replaced): string {
  if (sources.length === 0) return '0'
  if (!keys) return sources.map(({ table }) => `(SELECT COUNT(*) FROM ${table})`).join(' + ')
  const rows = selectSome(sources, keys.columns, columns)
  return `(SELECT COUNT(*) FROM (SELECT DISTINCT ${listKeys(keys.columns, columns)} FROM (${rows})))`
}
