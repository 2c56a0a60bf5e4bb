import { SyncError } from '../../errors.ts'
import type { Column } from '../../schema/types.ts'
import { keptColumns } from '../column-changes.ts'
import type { Batch, TablePlan, TableWriter } from '../destination.ts'
import { runIdColumn, stagingName } from '../system.ts'
import type { Database, Session } from './database.ts'
import { isOutOfMemory, isRowTooLarge, toFailure, toLoadFailure } from './failures.ts'
import { listLoadedColumns, selectRows } from './load.ts'
import { insertCommit, insertRejects, qualify, readLastCommit } from './log-tables.ts'
import {
  batchTable,
  countRepeats,
  countStored,
  deleteRepeats,
  deleteReplaced,
  dropOutdated,
  dropStored,
  dropTable,
  type MergeKeys,
  orderColumn,
  renameTable,
} from './merge-sql.ts'
import { rowSizes, stepUp } from './room.ts'
import { quoteName, quoteText } from './sql.ts'
import { prepareTable, readColumns } from './table.ts'

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
  const columns = await database.use(async (session) => {
    if (!plan.staged || !plan.resumed) return (await readColumns(session, schema, plan.table)) ?? []
    const staged = await readColumns(session, schema, table)
    if (!staged) throw refuseResume(state)
    return staged
  })
  return {
    columns,
    append: (batch) => append(state, batch),
    async [Symbol.asyncDispose]() {
      // Nothing to discard: what is not committed was rolled back.
    },
  }
}

async function append(state: WriterState, batch: Batch): Promise<void> {
  const path = batch.rows > 0 ? await flush(batch) : undefined
  for (;;) {
    try {
      await commit(state, batch, path)
      state.begun = true
      return
    } catch (thrown) {
      if (!(await makeRoom(state, thrown))) throw thrown
    }
  }
}

/** True where a batch that was rolled back for want of room may go through now. */
async function makeRoom(state: WriterState, thrown: unknown): Promise<boolean> {
  if (isOutOfMemory(thrown)) return state.database.raiseMemory()
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
      if (plan.staged && batch.complete) await swapTables(state, session)
      await insertRejects(session, schema, plan, batch)
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
  return prepareTable(session, { schema, table }, batch.columns)
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
  const { schema, plan, table, rowSize, database } = state
  const target = qualify(schema, table)
  const names = listLoadedColumns(source.columns)
  const select = selectRows({ ...source, runId: plan.runId, loadedAt: plan.loadedAt, rowSize })
  const keyed = plan.primaryKey.length > 0 && (plan.staged || plan.write === 'merge' || plan.write === 'insert_only')
  const where = `table ${schema}.${table} in ${database.path}`
  const load = (sql: string) =>
    session.run(sql).catch((thrown: unknown) => {
      throw isRowTooLarge(thrown) || isOutOfMemory(thrown) ? thrown : toLoadFailure(thrown, where)
    })
  if (!keyed) {
    checkCount(await load(`INSERT INTO ${target} (${names}) ${select}`), batch, where)
    return
  }
  await session.run(dropTable(batchTable))
  await load(`CREATE TEMP TABLE ${batchTable} AS SELECT *, row_number() OVER () AS ${orderColumn} FROM (${select})`)
  checkCount(await readCount(session, `SELECT count(*) FROM ${batchTable}`), batch, where)
  // A cursor that no row has borne yet has no column.
  const cursor = source.columns.find(({ name }) => name === plan.cursor)?.name
  await mergeBatch(state, session, { target, primaryKey: plan.primaryKey, cursor })
  await session.run(`INSERT INTO ${target} (${names}) SELECT ${names} FROM ${batchTable}`)
  await session.run(dropTable(batchTable))
}

/** Leaves in the batch what is to be inserted, and in the target what stays beside it. */
async function mergeBatch({ plan, database }: WriterState, session: Session, keys: MergeKeys): Promise<void> {
  if ((await readCount(session, countRepeats(keys))) > 0) await session.run(deleteRepeats(keys))
  if ((await readCount(session, countStored(keys))) === 0) return
  if (plan.write === 'insert_only') {
    await session.run(dropStored(keys))
    return
  }
  if (keys.cursor !== undefined) await session.run(dropOutdated({ ...keys, cursor: keys.cursor }))
  await session.run(deleteReplaced(keys))
  database.noteDeletedRows()
}

async function swapTables({ schema, plan, table }: WriterState, session: Session): Promise<void> {
  const staged = qualify(schema, table)
  // The new table keeps the columns of the one it replaces.
  const live = (await readColumns(session, schema, plan.table)) ?? []
  const kept = keptColumns(live, (await readColumns(session, schema, table)) ?? [])
  await prepareTable(session, { schema, table }, kept)
  // An empty listing of a stream that never had a row: there is no column to make a table of.
  const columns = await readColumns(session, schema, table)
  const rows = await readCount(session, `SELECT count(*) FROM ${staged}`)
  await session.run(dropTable(qualify(schema, plan.table)))
  await session.run(columns?.length || rows > 0 ? renameTable(staged, plan.table) : dropTable(staged))
}

async function readCount(session: Session, sql: string): Promise<number> {
  return Number((await session.read(sql))[0]?.[0])
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
