import { SyncError } from '../../base/errors.ts'
import type { Column } from '../../schema/types.ts'
import type { TablePlan } from '../destination.ts'
import { isTime } from '../../schema/flags.ts'
import {
  deletedAtColumn,
  loadedAtColumn,
  runIdColumn,
  systemColumnsOf,
  validFromColumn,
  validToColumn,
} from '../../schema/system-columns.ts'
import type { Session } from './database.ts'
import { cursorTime } from './cursor-time.ts'
import { deletionTime } from '../flag-sql.ts'
import {
  startAfterLast,
  deleteSame,
  dropKnown,
  type HistoryKeys,
  insertVersions,
  avoidCollision,
  supersedeVersions,
} from './history-sql.ts'
import {
  type Absent,
  batchTable,
  countAbsent,
  countRepeats,
  countStored,
  deleteAbsent,
  deleteRepeats,
  deleteReplaced,
  dropFlagged,
  dropOutdated,
  dropStored,
  dropTable,
  keepDeletionTime,
  type MergeKeys,
  orderColumn,
  orderingSql,
  updateAbsent,
} from './merge-sql.ts'
import { planOrdering } from '../ordering.ts'
import { flagDialect, listNames, quoteName, quoteText } from './sql.ts'

/** Rows on their way into a table that has rows of the same keys. */
export interface Merge {
  readonly session: Session
  readonly plan: TablePlan
  /** The table, as SQL spells it. */
  readonly target: string
  /** The columns of the rows, with the types that they have in the table. */
  readonly columns: readonly Column[]
  /** All columns of the table, system columns left out. */
  readonly stored: readonly Column[]
}

/** The rows of `select` as they lie in the batch's table, in their order: with what the plan's table has beside their own columns. */
export function createBatchTable({ plan, columns }: Merge, select: string): string {
  const { write, deletes } = plan
  const extra: string[] = []
  if (write === 'scd2') {
    extra.push(
      `coalesce(${[cursorTime(plan, columns), quoteName(loadedAtColumn)].filter(Boolean).join(', ')}) AS ${quoteName(validFromColumn)}`,
    )
    extra.push(`NULL::TIMESTAMPTZ AS ${quoteName(validToColumn)}`)
  }
  if (write === 'scd2' || deletes) {
    extra.push(`${deletionTime(deletes ?? {}, columns, flagDialect)} AS ${quoteName(deletedAtColumn)}`)
  }
  const list = ['*', ...extra, `row_number() OVER () AS ${orderColumn}`].join(', ')
  return `CREATE TEMP TABLE ${batchTable} AS SELECT ${list} FROM (${select})`
}

/** Brings the rows of the batch's table into the target. True where rows of the target were deleted or changed. */
export async function mergeBatch(merge: Merge): Promise<boolean> {
  const { session, plan, target, columns } = merge
  const cursor = planOrdering(plan, columns, orderingSql)
  const keys: MergeKeys = { target, primaryKey: plan.primaryKey, keyNulls: plan.keyNulls === true, cursor }
  const changed = plan.write === 'scd2' ? await mergeHistory(merge, keys) : await mergeRows(merge, keys)
  if (plan.deletes?.mode === 'hard') await session.run(dropFlagged())
  const names = listNames([
    ...columns.map(({ name }) => name),
    runIdColumn,
    loadedAtColumn,
    ...systemColumnsOf(plan)
      .slice(2)
      .map(({ name }) => name),
  ])
  await session.run(`INSERT INTO ${target} (${names}) SELECT ${names} FROM ${batchTable}`)
  await session.run(dropTable(batchTable))
  return changed
}

/** Leaves in the batch what is to be inserted, and in the target what stays beside it. */
async function mergeRows({ session, plan, columns }: Merge, keys: MergeKeys): Promise<boolean> {
  if ((await readCount(session, countRepeats(keys))) > 0) await session.run(deleteRepeats(keys))
  if ((await readCount(session, countStored(keys))) === 0) return false
  if (plan.write === 'insert_only') {
    await session.run(dropStored(keys))
    return false
  }
  const { deletes } = plan
  const isKept = deletes?.mode === 'soft'
  if (keys.cursor !== undefined) {
    // What a listing of everything holds is there, however old it is.
    const alive = isKept && plan.merges ? ` AND stored.${quoteName(deletedAtColumn)} IS NULL` : ''
    await session.run(dropOutdated({ ...keys, cursor: keys.cursor }) + alive)
  }
  const isTimed = columns.some(({ name, type }) => name === deletes?.flag && isTime(type))
  if (isKept && !isTimed) await session.run(keepDeletionTime(keys))
  await session.run(deleteReplaced(keys))
  return true
}

/** As `mergeRows`, where a row becomes a version beside the earlier ones. */
async function mergeHistory(merge: Merge, keys: MergeKeys): Promise<boolean> {
  const { session, plan, columns, stored } = merge
  const timed = cursorTime(plan, columns) !== undefined
  const history: HistoryKeys = {
    ...keys,
    columns,
    stored,
    timed,
    present: plan.merges === true,
    marked: plan.deletes?.mode === 'soft',
  }
  const repeats = timed ? { ...keys, primaryKey: [...keys.primaryKey, validFromColumn], cursor: undefined } : keys
  if ((await readCount(session, countRepeats(repeats))) > 0)
    await session.run(timed ? deleteSame(history) : deleteRepeats(repeats))
  const isKnown = (await readCount(session, countStored(keys))) > 0
  if (isKnown) {
    if (!timed && keys.cursor !== undefined) await session.run(dropOutdated({ ...keys, cursor: keys.cursor }))
    await session.run(dropKnown(history))
    if (!timed || history.present || keys.cursor?.isAhead) await session.run(startAfterLast(history))
    await session.run(avoidCollision(history))
    for (const sql of supersedeVersions(history)) await session.run(sql)
  }
  for (const sql of insertVersions(history)) await session.run(sql)
  return isKnown
}

/**
 * Deletes the rows of the target that a complete listing does not hold. Throws `TOO_MANY_DELETES` where that were more
 * than the plan's share of them. True where rows were deleted or changed.
 */
export async function removeAbsent({ session, plan, target }: Merge, listing: string): Promise<boolean> {
  const { deletes, primaryKey, write } = plan
  if (!deletes || deletes.maxShare === undefined) return false
  const column = quoteName(write === 'scd2' ? validToColumn : deletedAtColumn)
  const hasMark = write === 'scd2' || deletes.mode === 'soft'
  const absent: Absent = {
    target,
    primaryKey,
    keyNulls: plan.keyNulls === true,
    listing,
    alive: hasMark ? `stored.${column} IS NULL` : 'true',
  }
  const [all = 0, gone = 0] = ((await session.read(countAbsent(absent)))[0] ?? []).map(Number)
  if (gone === 0) return false
  if (gone > deletes.maxShare * all) throw refuseDeletes(plan, all, gone)
  const now = `TIMESTAMPTZ ${quoteText(plan.loadedAt)}`
  const stop = `greatest(${now}, ${quoteName(validFromColumn)})`
  const mark = `${quoteName(deletedAtColumn)} = ${write === 'scd2' ? stop : now}`
  if (write === 'scd2')
    await session.run(
      updateAbsent(
        absent,
        [`${quoteName(validToColumn)} = ${stop}`, ...(deletes.mode === 'soft' ? [mark] : [])].join(', '),
      ),
    )
  else await session.run(deletes.mode === 'soft' ? updateAbsent(absent, mark) : deleteAbsent(absent))
  return true
}

function refuseDeletes({ stream, table, deletes }: TablePlan, all: number, gone: number): SyncError {
  const message = `The listing of stream ${stream} lacks ${gone} of the ${all} rows of table ${table}, more than deletes.max_share (${deletes?.maxShare}) allows; nothing was changed: see whether the provider left rows out, or raise max_share.`
  return new SyncError('TOO_MANY_DELETES', message, { details: { all, gone } })
}

export async function readCount(session: Session, sql: string): Promise<number> {
  return Number((await session.read(sql))[0]?.[0])
}
