import { join } from 'node:path'
import { systemEffects } from '../../base/effects.ts'
import { SyncError } from '../../base/errors.ts'
import { type RunRecord, runRecord } from '../run-record.ts'
import type { Destination, RunFilter, TablePlan } from '../destination.ts'
import type { FilesSpec } from './definition.ts'
import { guard } from './failures.ts'
import { acquireFolder, type Folder, releaseFolder, toPosition } from './folder.ts'
import { appendLines, logFiles, readLines } from './log.ts'
import { readSlices } from './slices.ts'
import { openWriter } from './writer.ts'

/**
 * One file a batch, in `DIR/CONNECTOR/TABLE/`, named after the batch's place in the commit log (`000000000007.ndjson`;
 * with a hash of the stream behind it where that does not bear the name of the table, as in a backfill; the log says which run wrote it and when). A file is written beside its place and renamed, then the commit is logged:
 * a crash in between leaves a file without a commit, which readers see twice over until the next run of the stream
 * overwrites or removes it. Hence at-least-once.
 *
 * Files are never changed afterwards: with `write: merge`, `insert_only` or `scd2` every version of a row is kept and none is deleted, the newest
 * in the file with the highest number. `replace` and a full refresh swap the whole folder when the listing is complete.
 * Parquet files bear the system columns; NDJSON rows are the bytes that the encoder made.
 */
export async function openFiles(
  spec: FilesSpec,
  connectorName: string,
  now: () => number = () => systemEffects.now(),
): Promise<Destination> {
  const folder = await acquireFolder(spec.dir, connectorName)
  let disposed = false
  return {
    guarantee: 'at-least-once',
    batchAge: 30_000,
    exclusive: true,
    readPosition: async (stream) => toPosition(folder.commits.get(stream)),
    readSlices: (stream, without, staged) =>
      guard(folder.dir, () => folder.lock(() => readSlices(folder, stream, { without, staged }))),
    async openTable(plan) {
      checkTable(plan)
      return openWriter({ folder, plan, format: spec.format, now })
    },
    saveRun: (run) => guard(folder.dir, () => folder.lock(() => appendLines(join(folder.dir, logFiles.runs), [run]))),
    recentRuns: (limit, filter) => guard(folder.dir, () => folder.lock(() => readRuns(folder, limit, filter))),
    positions: async () =>
      [...folder.commits.values()]
        .map((commit) => ({ ...toPosition(commit), stream: commit.stream, committedAt: commit.committed_at }))
        .toSorted((a, b) => (a.stream < b.stream ? -1 : 1)),
    async [Symbol.asyncDispose]() {
      if (disposed) return
      disposed = true
      await guard(folder.dir, () => releaseFolder(folder))
    },
  }
}

async function readRuns(folder: Folder, limit: number, filter: RunFilter = {}): Promise<readonly RunRecord[]> {
  const { runId, since } = filter
  const lines = (await readLines(join(folder.dir, logFiles.runs))).map((line) => runRecord.parse(line))
  const latest = new Map(lines.map((run) => [run.run_id, run]))
  return [...latest.values()]
    .filter((run) => runId === undefined || run.run_id === runId)
    .filter((run) => since === undefined || Date.parse(run.started_at) >= Date.parse(since))
    .toSorted(compareRuns)
    .slice(0, limit)
}

function compareRuns(a: RunRecord, b: RunRecord): number {
  const [first, second] = [sortKey(a), sortKey(b)]
  return first < second ? 1 : first > second ? -1 : 0
}

function sortKey({ started_at, finished_at, run_id }: RunRecord): string {
  return `${new Date(started_at).toISOString()} ${new Date(finished_at).toISOString()} ${run_id}`
}

function checkTable({ stream, table }: TablePlan): void {
  if (!/^[._]headrace_/i.test(table)) return
  throw new SyncError(
    'CONFIG_INVALID',
    `Stream ${stream} cannot write to ${table}: names that begin with _headrace_ are taken.`,
  )
}
