import type { Column } from '../../schema/types.ts'
import type { TablePlan } from '../destination.ts'
import { deletedAtColumn, validFromColumn, validToColumn } from '../../schema/system-columns.ts'
import { matchKeys, selectSome, type Source } from './rows-sql.ts'
import { quoteName } from './sql.ts'

/** What the script says where a listing lacks too many rows, followed by how many of how many. */
export const tooManyDeletes = 'headrace: too many deletes'

export interface Listing {
  /** The target, as SQL spells it. */
  readonly table: string
  /** Of the target. */
  readonly columns: readonly Column[]
  /** What a target that wants its partitions named must hear. */
  readonly filter: readonly string[]
  /** All that the listing brought; none where it is empty. */
  readonly sources: readonly Source[]
}

const [from, to, deleted] = [validFromColumn, validToColumn, deletedAtColumn].map(quoteName) as [string, string, string]

/** Deletes the rows of the target that a complete listing does not hold, unless that were more than the plan's share of them. */
export function removeAbsent({ deletes, primaryKey, keyNulls, write }: TablePlan, listing: Listing): readonly string[] {
  if (deletes?.maxShare === undefined) return []
  const { table, columns, filter, sources } = listing
  const mark = write === 'scd2' ? to : deleted
  const hasMark = write === 'scd2' || deletes.mode === 'soft'
  const isAlive = [...filter, ...(hasMark ? [`T.${mark} IS NULL`] : [])]
  const isAbsent =
    sources.length === 0
      ? 'TRUE'
      : `NOT EXISTS (SELECT 1 FROM (${selectSome(sources, primaryKey, columns)}) AS S WHERE ${matchKeys({ columns: primaryKey, nulls: keyNulls }, columns)})`
  const where = [...isAlive, isAbsent].join(' AND ')
  const count = (condition: string) => `(SELECT COUNT(*) FROM ${table} AS T WHERE ${condition})`
  const said = `ERROR(CONCAT('${tooManyDeletes} ', CAST(gone AS STRING), ' of ', CAST(stored AS STRING)))`
  return [
    `SELECT IF(gone > ${deletes.maxShare} * stored, ${said}, 1)
FROM (SELECT ${count(isAlive.join(' AND ') || 'TRUE')} AS stored, ${count(where)} AS gone)`,
    change(table, { isHistory: write === 'scd2', isSoft: deletes.mode === 'soft' }, where),
  ]
}

function change(table: string, kind: { readonly isHistory: boolean; readonly isSoft: boolean }, where: string): string {
  const now = 'TIMESTAMP(@loaded_at)'
  if (!kind.isHistory)
    return kind.isSoft
      ? `UPDATE ${table} AS T SET ${deleted} = ${now} WHERE ${where}`
      : `DELETE FROM ${table} AS T WHERE ${where}`
  const stop = `GREATEST(${now}, T.${from})`
  return `UPDATE ${table} AS T SET ${[to, ...(kind.isSoft ? [deleted] : [])].map((column) => `${column} = ${stop}`).join(', ')} WHERE ${where}`
}
