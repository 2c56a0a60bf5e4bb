import { join } from 'node:path'
import { SyncError } from '../../base/errors.ts'
import type { Column } from '../../schema/types.ts'
import { keptColumns, mergeColumns } from '../column-changes.ts'
import type { Batch, TablePlan, TableWriter } from '../destination.ts'
import { makeFolders } from '../../base/make-folders.ts'
import { checkShrink } from '../shrink.ts'
import type { FileFormat } from './definition.ts'
import { placeFile, writeNdjson } from './batch-file.ts'
import { guard } from './failures.ts'
import { type Commit, findCommits, type Folder, readCommits, scratchName } from './folder.ts'
import { appendLines, logFiles } from './log.ts'
import { openParquetWriter, type ParquetWriter } from './parquet.ts'
import { sliceFields } from './slices.ts'
import {
  batchFile,
  countRows,
  exists,
  fileSuffix,
  hasCommitted,
  removeBefore,
  removeCommitted,
  removeUncommitted,
  stagingDir,
  swapDirs,
  tableDir,
} from './table-dir.ts'

export interface WriterOptions {
  readonly folder: Folder
  readonly plan: TablePlan
  readonly format: FileFormat
  /** Milliseconds since 1970. */
  readonly now: () => number
}

interface WriterState extends WriterOptions {
  /** Where this stream's batches go: the table's folder, or the staging folder. */
  readonly dir: string
  /** See `fileSuffix`. */
  readonly suffix: string
  readonly parquet: ParquetWriter | undefined
  /** Set with the first commit: from then on the staged files are those of this listing. */
  begun: boolean
}

export async function openWriter({ plan: given, ...rest }: WriterOptions): Promise<TableWriter> {
  // Files are not updated, so rows that were to be merged lie beside the earlier ones, like those of every merge.
  const plan = given.merges ? { ...given, staged: false } : given
  const options = { ...rest, plan }
  const { folder, format } = options
  const suffix = fileSuffix(plan)
  const dir = plan.staged ? stagingDir(folder, plan.table, suffix) : tableDir(folder, plan.table)
  await guard(dir, () => folder.lock(() => recover(folder, plan, dir)))
  const parquet = format === 'parquet' ? await openParquetWriter(plan, join(folder.dir, scratchName)) : undefined
  const state: WriterState = { ...options, dir, suffix, parquet, begun: plan.resumed }
  return {
    missing: !(await exists(tableDir(folder, plan.table))),
    columns: folder.columns.get(plan.table) ?? [],
    inFlight: 1,
    append: (batch) => guard(dir, () => folder.lock(() => append(state, batch))),
    async [Symbol.asyncDispose]() {
      await parquet?.[Symbol.asyncDispose]()
    },
  }
}

/** Finishes what the last commit promised, and removes what none did. */
async function recover(folder: Folder, plan: TablePlan, dir: string): Promise<void> {
  const last = folder.commits.get(plan.stream)
  const suffix = fileSuffix(plan)
  await finish(folder, plan, last)
  await removeUncommitted(tableDir(folder, plan.table), last?.seq ?? 0, suffix)
  await removeUncommitted(stagingDir(folder, plan.table, suffix), last?.seq ?? 0, suffix)
  if (plan.staged && plan.resumed && !(await exists(dir))) throw refuseResume(plan, dir)
}

/** What a commit promises beyond its own file; may be repeated. */
async function finish(folder: Folder, plan: TablePlan, commit: Commit | undefined): Promise<void> {
  if (!commit) return
  const { stream, retracts, begins, replaces, empty, seq, suffix = '' } = commit
  if (retracts) {
    const taken = (await readCommits(folder, stream)).filter((one) => retracts.includes(one.seq))
    const files = taken.map((one) => batchFile(one.seq, one.suffix))
    await removeCommitted(tableDir(folder, plan.table), files)
  }
  if (begins) await removeBefore(stagingDir(folder, plan.table, suffix), seq, suffix)
  // Once that is done, what is staged is of a later listing.
  if (replaces !== undefined && (empty || (await hasCommitted(stagingDir(folder, replaces, suffix), seq, suffix))))
    await swapDirs(folder, replaces, suffix)
}

async function append(state: WriterState, batch: Batch): Promise<void> {
  const { folder, plan, dir } = state
  const last = folder.commits.get(plan.stream)?.seq ?? 0
  if (last !== batch.seq - 1) throw refuseCommit(plan, batch, last)
  if (plan.staged && batch.complete) await checkReplacement(state, batch)
  if (plan.staged) await makeFolders(dir)
  await keepColumns(state, batch)
  if (batch.rows > 0) await writeRows(state, batch)
  await keepRejects(state, batch)
  const commit = await toCommit(state, batch)
  await appendLines(join(folder.dir, logFiles.commits), [commit])
  folder.commits.set(plan.stream, commit)
  state.begun = true
  // The commit says that it is to be done; a crash from here on leaves it to the next run.
  await finish(folder, plan, commit)
}

/** Throws `TABLE_SHRINKS` where the staged files hold too few rows to take the place of the table's. */
async function checkReplacement({ folder, plan, dir, begun }: WriterState, batch: Batch): Promise<void> {
  if (plan.maxShrink === undefined) return
  const stored = await countRows(folder, plan, tableDir(folder, plan.table))
  const staged = begun ? await countRows(folder, plan, dir) : 0
  checkShrink(plan, { stored, fresh: staged + batch.rows })
}

async function keepColumns({ folder, plan }: WriterState, batch: Batch): Promise<void> {
  const known = folder.columns.get(plan.table) ?? []
  const kept = plan.staged ? keptColumns(known, batch.columns) : known
  const columns = mergeColumns(plan.table, kept, batch.columns)
  if (JSON.stringify(columns) === JSON.stringify(known)) return
  await appendLines(join(folder.dir, logFiles.columns), [{ table: plan.table, columns }])
  folder.columns.set(plan.table, columns)
}

async function writeRows({ folder, plan, format, dir, suffix, parquet }: WriterState, batch: Batch): Promise<void> {
  await makeFolders(dir)
  await placeFile(dir, `${batchFile(batch.seq, suffix)}.${format}`, async (path) => {
    if (parquet) await parquet.write(path, batch, pickColumns(folder.columns.get(plan.table) ?? [], batch.columns))
    else await writeNdjson(batch.lines, path)
  })
}

/** The columns of a batch, each with the widest type that the table has for it by now. */
function pickColumns(known: readonly Column[], wanted: readonly Column[]): readonly Column[] {
  const types = new Map(known.map(({ name, type }) => [name.toLowerCase(), type]))
  return wanted.map(({ name, type }) => ({ name, type: types.get(name.toLowerCase()) ?? type }))
}

/** Before the commit, as the rows: a crash in between repeats them. */
async function keepRejects({ folder, plan, now }: WriterState, { rejects, seq }: Batch): Promise<void> {
  const rejected_at = new Date(now()).toISOString()
  const lines = rejects.map(({ reason, row }) => ({
    stream: plan.stream,
    seq,
    run_id: plan.runId,
    reason,
    row,
    rejected_at,
  }))
  await appendLines(join(folder.dir, logFiles.rejects), lines)
}

async function toCommit({ folder, plan, now, dir, suffix, begun }: WriterState, batch: Batch): Promise<Commit> {
  const retracts = plan.staged ? [] : await findCommits(folder, plan.stream, batch.retract)
  const isEmpty = batch.rows === 0 && !(begun && (await hasCommitted(dir, batch.seq, suffix)))
  return {
    stream: plan.stream,
    seq: batch.seq,
    run_id: plan.runId,
    checkpoint: batch.checkpoint,
    rows: batch.rows,
    committed_at: new Date(now()).toISOString(),
    ...sliceFields(plan, batch),
    ...(suffix === '' ? {} : { suffix }),
    ...(retracts.length > 0 ? { retracts } : {}),
    ...(plan.staged && !begun ? { begins: true } : {}),
    ...(plan.staged && batch.complete ? { replaces: plan.table } : {}),
    ...(plan.staged && batch.complete && isEmpty ? { empty: true } : {}),
  }
}

function refuseCommit(plan: TablePlan, batch: Batch, last: number): SyncError {
  const message = `Another run has written stream ${plan.stream} meanwhile (commit ${last}, expected ${batch.seq - 1}): nothing of this batch was written, run again.`
  return new SyncError('STATE_CONFLICT', message)
}

/** The listing starts again: what was staged of it is gone. */
function refuseResume(plan: TablePlan, dir: string): SyncError {
  const message = `${dir}, which held the first part of the listing of stream ${plan.stream}, is gone.`
  return new SyncError('LISTING_EXPIRED', message)
}
