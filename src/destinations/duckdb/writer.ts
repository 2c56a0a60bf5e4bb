import { SyncError } from '../../base/errors.ts'
import type { Column } from '../../schema/types.ts'
import { keptColumns, mergeColumns } from '../column-changes.ts'
import { withCursorUnit } from '../cursor-unit.ts'
import type { Batch, TablePlan, TableWriter } from '../destination.ts'
import { runIdColumn, stagingName } from '../../schema/system-columns.ts'
import type { Database, Session } from './database.ts'
import { isOutOfMemory, isRowTooLarge, toFailure, toLoadFailure } from './failures.ts'
import { listLoadedColumns, selectRows } from './load.ts'
import { insertCommit, insertRejects, qualify, readLastCommit } from './log.ts'
import { createBatchTable, type Merge, mergeBatch, readCount, removeAbsent } from './merge.ts'
import { batchTable, dropTable, renameTable } from './merge-sql.ts'
import { rowSizes, stepUp } from './limits.ts'
import { writeSlices } from './slices.ts'
import { checkReplacement } from './shrink.ts'
import { quoteName, quoteText } from './sql.ts'
import { checkHistory, holdsWide, prepareTable, readColumns } from './table.ts'

interface WriterState {
  readonly database: Database
  readonly schema: string
  readonly plan: TablePlan
  /** The table that rows go into: the stream's own, or its staging table. */
  readonly table: string
  /** Set with the first commit: from then on the staged rows are this listing's. */
  begun: boolean
  /** A row larger than all before makes this larger for the rest of the run. */
  rowSize: number
}

export async function openWriter(database: Database, schema: string, plan: TablePlan): Promise<TableWriter> {
  const table = plan.staged ? stagingName(plan.table) : plan.table
  const state: WriterState = { database, schema, plan, table, begun: plan.resumed, rowSize: rowSizes[0] }
  let missing = false
  const columns = await database.use(async (session) => {
    const found = await readColumns(session, schema, plan.table)
    missing = found === undefined
    const live = found ?? []
    if (!plan.staged || plan.merges) await checkHistory(session, { schema, table: plan.table, plan })
    if (!plan.staged || !plan.resumed) return live
    const staged = await readColumns(session, schema, table)
    if (!staged) throw refuseResume(state)
    return plan.merges ? mergeColumns(plan.table, live, staged) : staged
  })
  return {
    missing,
    columns,
    inFlight: 1,
    isWide: (column) => isWide(state, column),
    append: (batch) => append(state, batch),
    async [Symbol.asyncDispose]() {
      // Nothing to discard: what is not committed was rolled back.
    },
  }
}

/** Asks the table and what is staged for it, whichever has the column. */
function isWide({ database, schema, plan, table }: WriterState, column: string): Promise<boolean> {
  return database.use(async (session) => {
    for (const name of new Set([plan.table, table])) {
      const columns = (await readColumns(session, schema, name)) ?? []
      const known = columns.find((one) => one.name.toLowerCase() === column.toLowerCase())
      if (known && (await holdsWide(session, qualify(schema, name), known))) return true
    }
    return false
  })
}

async function append(state: WriterState, batch: Batch): Promise<void> {
  const path = batch.rows > 0 ? await flush(batch) : undefined
  for (;;) {
    try {
      await commit(state, batch, path)
      state.begun = true
      return
    } catch (thrown) {
      if (!makeRoom(state, thrown)) throw thrown
    }
  }
}

/** True where a batch that was rolled back for want of room for a row may go through now. */
function makeRoom(state: WriterState, thrown: unknown): boolean {
  const larger = isRowTooLarge(thrown) ? stepUp(rowSizes, state.rowSize) : undefined
  state.rowSize = larger ?? state.rowSize
  return larger !== undefined
}

async function commit(state: WriterState, batch: Batch, path: string | undefined): Promise<void> {
  const { database, schema, plan } = state
  await database.transact(
    async (session) => {
      const last = await readLastCommit(session, schema, plan.stream)
      if (last.seq !== batch.seq - 1) throw refuseCommit(state, batch, last.seq)
      if (plan.staged) await beginStaging(state, session)
      const columns = await prepareColumns(state, session, batch)
      await retractRuns(state, session, batch)
      if (path !== undefined) await loadRows(state, session, batch, { path, columns })
      if (plan.staged && batch.complete)
        await (plan.merges ? mergeStaged(state, session, batch) : swapTables(state, session))
      await insertRejects(session, schema, plan, batch)
      await writeSlices(session, schema, { plan, batch, begun: state.begun })
      await insertCommit(session, schema, plan, batch)
    },
    async (session) => {
      const last = await readLastCommit(session, schema, plan.stream)
      return last.seq === batch.seq && last.runId === plan.runId
    },
  )
}

/**
 * Drops what an earlier listing left, in the transaction of this listing's first checkpoint: until then the earlier one
 * may be resumed.
 */
async function beginStaging(state: WriterState, session: Session): Promise<void> {
  if (!state.begun) await session.run(dropTable(qualify(state.schema, state.table)))
}

async function prepareColumns(state: WriterState, session: Session, batch: Batch): Promise<readonly Column[]> {
  const { schema, plan, table } = state
  const isEmpty = batch.columns.length === 0 && batch.rows === 0
  if (isEmpty && !plan.staged) return []
  return prepareTable(session, { schema, table, plan: loadPlan(state, batch) }, batch.columns)
}

async function retractRuns(state: WriterState, session: Session, { retract }: Batch): Promise<void> {
  const { schema, table, database } = state
  if (retract.length === 0 || !(await readColumns(session, schema, table))) return
  const runs = retract.map(quoteText).join(', ')
  const deleted = await session.run(
    `DELETE FROM ${qualify(schema, table)} WHERE ${quoteName(runIdColumn)} IN (${runs})`,
  )
  if (deleted > 0) database.noteDeletedRows()
}

async function loadRows(
  state: WriterState,
  session: Session,
  batch: Batch,
  source: { readonly path: string; readonly columns: readonly Column[] },
): Promise<void> {
  const { schema, table, rowSize, database } = state
  const plan = loadPlan(state, batch)
  const target = qualify(schema, table)
  const select = selectRows({ ...source, runId: plan.runId, loadedAt: plan.loadedAt, rowSize })
  const keyed = plan.primaryKey.length > 0 && (plan.staged || plan.write !== 'append')
  const where = `table ${schema}.${table} in ${database.path}`
  const load = (sql: string) =>
    session.run(sql).catch((thrown: unknown) => {
      throw isRowTooLarge(thrown) || isOutOfMemory(thrown) ? thrown : toLoadFailure(thrown, where)
    })
  if (!keyed) {
    checkCount(await load(`INSERT INTO ${target} (${listLoadedColumns(source.columns)}) ${select}`), batch, where)
    return
  }
  const stored = plan.write === 'scd2' ? ((await readColumns(session, schema, table)) ?? []) : []
  const merge: Merge = { session, plan, target, columns: source.columns, stored }
  await session.run(dropTable(batchTable))
  await load(createBatchTable(merge, select))
  checkCount(await readCount(session, `SELECT count(*) FROM ${batchTable}`), batch, where)
  if (await mergeBatch(merge)) database.noteDeletedRows()
}

/** What a complete listing is merged by must not be done to the rows that collect for it. */
function loadPlan({ plan }: WriterState, batch: Batch): TablePlan {
  if (plan.merges !== true) return withCursorUnit(plan, batch)
  const { deletes: _deletes, ...rest } = plan
  return { ...rest, write: 'merge' }
}

/** Merges the rows that have collected into the table, once they are all that there is. */
async function mergeStaged(state: WriterState, session: Session, batch: Batch): Promise<void> {
  const { schema, table, database } = state
  const plan = withCursorUnit(state.plan, batch)
  const listing = qualify(schema, table)
  const target = { schema, table: plan.table, plan }
  const fresh = (await readColumns(session, schema, table)) ?? []
  const isNew = (await readColumns(session, schema, plan.table)) === undefined
  if (!(isNew && fresh.length === 0)) {
    const columns = await prepareTable(session, target, fresh)
    const stored = (await readColumns(session, schema, plan.table)) ?? []
    const merge: Merge = { session, plan, target: qualify(schema, plan.table), columns, stored }
    const removed = batch.whole === true && !isNew && (await removeAbsent(merge, listing))
    await session.run(dropTable(batchTable))
    await session.run(createBatchTable(merge, `SELECT ${listLoadedColumns(columns)} FROM ${listing}`))
    if ((await mergeBatch(merge)) || removed) database.noteDeletedRows()
  }
  await session.run(dropTable(listing))
}

async function swapTables({ schema, plan, table }: WriterState, session: Session): Promise<void> {
  const staged = qualify(schema, table)
  // The new table keeps the columns of the one it replaces.
  const live = (await readColumns(session, schema, plan.table)) ?? []
  const kept = keptColumns(live, (await readColumns(session, schema, table)) ?? [])
  await prepareTable(session, { schema, table, plan }, kept)
  // An empty listing of a stream that never had a row: there is no column to make a table of.
  const columns = await readColumns(session, schema, table)
  const rows = await readCount(session, `SELECT count(*) FROM ${staged}`)
  await checkReplacement(session, { schema, plan, fresh: rows })
  await session.run(dropTable(qualify(schema, plan.table)))
  await session.run(columns?.length || rows > 0 ? renameTable(staged, plan.table) : dropTable(staged))
}

/** What DuckDB read must be what was sent: a difference would be rows lost without a word. */
function checkCount(loaded: number, batch: Batch, where: string): void {
  if (loaded === batch.rows) return
  throw new SyncError(
    'DESTINATION_FAILED',
    `DuckDB read ${loaded} rows of a batch of ${batch.rows} for ${where}; nothing was written.`,
  )
}

async function flush(batch: Batch): Promise<string> {
  try {
    return await batch.lines.flush()
  } catch (thrown) {
    throw toFailure(thrown, 'the temporary folder that holds a batch')
  }
}

function refuseCommit({ plan }: WriterState, batch: Batch, last: number): SyncError {
  const message = `Another run has written stream ${plan.stream} meanwhile (commit ${last}, expected ${batch.seq - 1}): nothing of this batch was written, run again.`
  return new SyncError('STATE_CONFLICT', message)
}

/** The listing starts again: what was staged of it is gone. */
function refuseResume({ plan, schema, table }: WriterState): SyncError {
  const message = `Table ${schema}.${table}, which held the first part of the listing of stream ${plan.stream}, is gone.`
  return new SyncError('LISTING_EXPIRED', message)
}
