import { realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Column } from '../../schema/types.ts'
import { type Checkpoint, fresh } from '../checkpoint.ts'
import type { Position } from '../destination.ts'
import type { SliceState } from '../slice-state.ts'
import { createLock, type Lock } from '../../base/lock.ts'
import { makeFolders } from '../../base/make-folders.ts'
import { createShared } from '../shared.ts'
import { lockDir, unlockDir } from './dir-lock.ts'
import { guard } from './failures.ts'
import { folderOf, logFiles, readLines, repairLog } from './log.ts'

/** A line of `_headrace_commits.ndjson`. */
export interface Commit {
  readonly stream: string
  readonly seq: number
  readonly run_id: string
  readonly checkpoint: Checkpoint
  readonly rows: number
  readonly committed_at: string
  /** How far slices have got that have changed; `staged_slices` counts once the listing replaces the table. */
  readonly slices?: readonly SliceState[]
  readonly staged_slices?: readonly SliceState[]
  /** What earlier commits say of slices no longer holds. */
  readonly forgets_slices?: true
  /** The staged files of this table take the place of its others; a crash may have left that to do. */
  readonly replaces?: string
  /** Beside `replaces`: the listing had no rows, so there are no files that would tell whether that was done. */
  readonly empty?: true
  /** A listing begins: staged files of commits before it are dropped; a crash may have left that to do. */
  readonly begins?: true
  /** The files of these commits of the stream are taken back; a crash may have left that to do. */
  readonly retracts?: readonly number[]
  /** What the names of the stream's files end in (`fileSuffix`); absent where that is nothing, and in what an earlier version committed. */
  readonly suffix?: string
}

/** The folder of one connector, taken by this process and shared by its runs. */
export interface Folder {
  readonly dir: string
  /** One commit at a time. */
  readonly lock: Lock
  /** The last commit of each stream. */
  readonly commits: Map<string, Commit>
  /** By table. */
  readonly columns: Map<string, readonly Column[]>
}

/** Where DuckDB puts what does not fit into its memory while it writes Parquet. */
export const scratchName = '.headrace-scratch'

const folders = createShared<Folder>()

/** Opens the connector's folder below `dir`. */
export async function acquireFolder(dir: string, connectorName: string): Promise<Folder> {
  const path = folderOf(dir, connectorName)
  const real = await guard(path, async () => {
    await makeFolders(path)
    return realpath(path)
  })
  return folders.acquire(real, () => guard(real, () => openFolder(real)))
}

export async function releaseFolder(folder: Folder): Promise<void> {
  await folders.release(folder.dir, () => unlockDir(folder.dir))
}

/** The commits of a stream, or of all of them, oldest first. */
export async function readCommits(folder: Folder, stream?: string): Promise<readonly Commit[]> {
  const commits = (await readLines(join(folder.dir, logFiles.commits))) as Commit[]
  return stream === undefined ? commits : commits.filter((commit) => commit.stream === stream)
}

/** The places that runs have taken in a stream's commit log. */
export async function findCommits(folder: Folder, stream: string, runs: readonly string[]): Promise<readonly number[]> {
  if (runs.length === 0) return []
  return (await readCommits(folder, stream)).filter(({ run_id }) => runs.includes(run_id)).map(({ seq }) => seq)
}

export function toPosition(commit: Commit | undefined): Position {
  return commit ? { seq: commit.seq, checkpoint: commit.checkpoint } : { seq: 0, checkpoint: fresh }
}

async function openFolder(dir: string): Promise<Folder> {
  await lockDir(dir)
  try {
    await rm(join(dir, scratchName), { recursive: true, force: true })
    for (const name of Object.values(logFiles)) await repairLog(join(dir, name))
    const commits = new Map<string, Commit>()
    for (const commit of (await readLines(join(dir, logFiles.commits))) as Commit[]) commits.set(commit.stream, commit)
    const columns = new Map<string, readonly Column[]>()
    const tables = (await readLines(join(dir, logFiles.columns))) as { table: string; columns: readonly Column[] }[]
    for (const line of tables) columns.set(line.table, line.columns)
    return { dir, lock: createLock(), commits, columns }
  } catch (thrown) {
    await unlockDir(dir)
    throw thrown
  }
}
