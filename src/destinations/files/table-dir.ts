import { createHash } from 'node:crypto'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SyncError } from '../../base/errors.ts'
import type { TablePlan } from '../destination.ts'
import { fileFormats } from './definition.ts'
import { stagingName } from '../../schema/system-columns.ts'
import { syncDir } from './durable.ts'
import { type Folder, readCommits } from './folder.ts'

/**
 * What tells the files of one stream from those of the others that write the same table (a backfill, a stream that was
 * renamed), as each of them counts its own commits: nothing where the stream has the name of its table.
 */
export function fileSuffix({ stream, table }: Pick<TablePlan, 'stream' | 'table'>): string {
  return stream === table ? '' : `-${createHash('sha256').update(stream).digest('hex').slice(0, 12)}`
}

/** The name of a batch's file: of its stream and its place in the commit log alone, so that a batch written again overwrites itself. */
export function batchFile(seq: number, suffix = ''): string {
  return `${String(seq).padStart(12, '0')}${suffix}`
}

export function tableDir(folder: Folder, table: string): string {
  return join(folder.dir, table)
}

/** The point keeps it out of what `*` finds. */
export function stagingDir(folder: Folder, table: string, suffix = ''): string {
  return join(folder.dir, `.${stagingName(table)}${suffix}`)
}

function retiredDir(folder: Folder, table: string): string {
  return `${stagingDir(folder, table)}.old`
}

/**
 * Removes what a crash left beyond the last commit of a stream: half-written files, and the one batch that never got
 * its commit. Files further on come from a commit log that is lost, and are not ours to overwrite; those with another
 * suffix are another stream's.
 */
export async function removeUncommitted(dir: string, seq: number, suffix: string): Promise<void> {
  const names = await listFiles(dir)
  const unknown = names.find((name) => placeOf(name, suffix) > seq + 1)
  if (unknown !== undefined) throw refuseFiles(dir, unknown)
  for (const name of names) {
    const isHalf = name.startsWith('.') && name.endsWith('.part') && placeOf(name.slice(1, -5), suffix) > 0
    if (isHalf || placeOf(name, suffix) === seq + 1) await rm(join(dir, name), { force: true })
  }
}

/** The place of a file in its stream's commit log; 0 where it is not a file of that stream. */
function placeOf(name: string, suffix: string): number {
  const [, digits, rest] = /^(\d{12,})((?:\D.*)?)\.(?:ndjson|parquet)$/.exec(name) ?? []
  return digits !== undefined && rest === suffix ? Number(digits) : 0
}

function refuseFiles(dir: string, name: string): SyncError {
  const message = `${dir} holds files that the commit log does not know (${name}): move them away, or write to another folder.`
  return new SyncError('DESTINATION_FAILED', message)
}

/** Takes back the files of commits, by name without extension; may be repeated after a crash. */
export async function removeCommitted(dir: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    for (const format of fileFormats) await rm(join(dir, `${file}.${format}`), { force: true })
  }
}

/** Puts the staged files in the place of the table's; each step may be repeated after a crash. */
export async function swapDirs(folder: Folder, table: string, suffix: string): Promise<void> {
  const staging = stagingDir(folder, table, suffix)
  if (!(await exists(staging))) return
  await rm(retiredDir(folder, table), { recursive: true, force: true })
  if (await exists(tableDir(folder, table))) await rename(tableDir(folder, table), retiredDir(folder, table))
  await rename(staging, tableDir(folder, table))
  await syncDir(folder.dir)
  await rm(retiredDir(folder, table), { recursive: true, force: true })
}

/** Whether a folder holds files of a stream's commits up to `seq`. */
export async function hasCommitted(dir: string, seq: number, suffix: string): Promise<boolean> {
  const places = (await listFiles(dir)).map((name) => placeOf(name, suffix))
  return places.some((place) => place > 0 && place <= seq)
}

/** Rows in the files of a table that lie in `dir`, by the commit log, whichever stream wrote them. */
export async function countRows(folder: Folder, { stream, table }: TablePlan, dir: string): Promise<number> {
  const files = new Set((await listFiles(dir)).map((name) => name.replace(/\.\w+$/, '')))
  const commits = (await readCommits(folder)).filter(
    (commit) => commit.suffix !== undefined || commit.stream === table || commit.stream === stream,
  )
  const stored = commits.filter(({ seq, suffix }) => files.has(batchFile(seq, suffix)))
  return stored.reduce((sum, { rows }) => sum + rows, 0)
}

/** Drops the files of a stream's commits before `seq`. */
export async function removeBefore(dir: string, seq: number, suffix: string): Promise<void> {
  for (const name of await listFiles(dir)) {
    const place = placeOf(name, suffix)
    if (place > 0 && place < seq) await rm(join(dir, name), { force: true })
  }
}

export async function exists(dir: string): Promise<boolean> {
  try {
    await readdir(dir)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw thrown
  }
}

async function listFiles(dir: string): Promise<readonly string[]> {
  return (await exists(dir)) ? readdir(dir) : []
}
