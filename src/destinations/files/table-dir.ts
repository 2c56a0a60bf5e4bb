import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SyncError } from '../../errors.ts'
import { fileFormats } from '../spec.ts'
import { stagingName } from '../system.ts'
import { syncDir } from './durable.ts'
import { type Folder, readCommits } from './folder.ts'

/** The name of a batch's file: of its place in the commit log alone, so that a batch written again overwrites itself. */
export function batchFile(seq: number, extension: string): string {
  return `${String(seq).padStart(12, '0')}.${extension}`
}

export function tableDir(folder: Folder, table: string): string {
  return join(folder.dir, table)
}

/** The point keeps it out of what `*` finds. */
export function stagingDir(folder: Folder, table: string): string {
  return join(folder.dir, `.${stagingName(table)}`)
}

function retiredDir(folder: Folder, table: string): string {
  return `${stagingDir(folder, table)}.old`
}

/**
 * Removes what a crash left beyond the last commit: half-written files, and the one batch that never got its commit.
 * Files further on are somebody else's (a lost commit log, another stream's table) and are not ours to overwrite.
 */
export async function removeUncommitted(dir: string, seq: number): Promise<void> {
  const names = await listFiles(dir)
  const unknown = names.find((name) => placeOf(name) > seq + 1)
  if (unknown !== undefined) throw refuseFiles(dir, unknown)
  for (const name of names) {
    const isHalf = /^\.\d{12,}\.(ndjson|parquet)\.part$/.test(name)
    if (isHalf || placeOf(name) === seq + 1) await rm(join(dir, name), { force: true })
  }
}

function placeOf(name: string): number {
  return Number(/^(\d{12,})\.(ndjson|parquet)$/.exec(name)?.[1] ?? 0)
}

function refuseFiles(dir: string, name: string): SyncError {
  const message = `${dir} holds files that the commit log does not know (${name}): move them away, or write to another folder.`
  return new SyncError('DESTINATION_FAILED', message)
}

/** Takes back the files of these commits; may be repeated after a crash. */
export async function removeCommitted(dir: string, seqs: readonly number[]): Promise<void> {
  for (const seq of seqs) {
    for (const format of fileFormats) await rm(join(dir, batchFile(seq, format)), { force: true })
  }
}

/** Puts the staged files in the place of the table's; each step may be repeated after a crash. */
export async function swapDirs(folder: Folder, table: string): Promise<void> {
  const staging = stagingDir(folder, table)
  if (!(await exists(staging))) return
  await rm(retiredDir(folder, table), { recursive: true, force: true })
  if (await exists(tableDir(folder, table))) await rename(tableDir(folder, table), retiredDir(folder, table))
  await rename(staging, tableDir(folder, table))
  await syncDir(folder.dir)
  await rm(retiredDir(folder, table), { recursive: true, force: true })
}

/** Whether a folder holds files of commits up to `seq`. */
export async function hasCommitted(dir: string, seq: number): Promise<boolean> {
  return (await listFiles(dir)).some((name) => placeOf(name) > 0 && placeOf(name) <= seq)
}

/** Rows in the files of a stream's commits that lie in `dir`, by the commit log. */
export async function countRows(folder: Folder, stream: string, dir: string): Promise<number> {
  const places = new Set((await listFiles(dir)).map(placeOf))
  const commits = await readCommits(folder, stream)
  return commits.filter(({ seq }) => places.has(seq)).reduce((sum, { rows }) => sum + rows, 0)
}

/** Drops the files of the commits before `seq`. */
export async function removeBefore(dir: string, seq: number): Promise<void> {
  for (const name of await listFiles(dir)) {
    if (placeOf(name) > 0 && placeOf(name) < seq) await rm(join(dir, name), { force: true })
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
