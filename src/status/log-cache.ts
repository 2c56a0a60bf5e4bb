import { stat } from 'node:fs/promises'
import { join, basename, resolve } from 'node:path'
import { parseDestination } from '../destinations/index.ts'
import { schemaName } from '../destinations/system.ts'
import { logFiles } from '../destinations/files/folder.ts'
import type { Destination } from '../destinations/destination.ts'
import type { RunRecord } from '../sync/run-record.ts'

/** What the bookkeeping of one connector says. */
export interface Logs {
  /** Newest first. */
  readonly runs: readonly RunRecord[]
  readonly positions: Awaited<ReturnType<Destination['positions']>>
}

interface Kept {
  readonly logs: Logs
  readonly limit: number
  readonly version: string
  readonly at: number
}

/** A page is no older than this, whoever writes there. */
const longest = 60_000
/** Where nothing tells that another run has ended, and each look costs money. */
const blind = 15_000
/** Stream records that are kept in all. */
const mostKept = 100_000

const kept = new Map<string, Kept>()

/**
 * What was read of a connector before, where its destination has not changed since: opening a warehouse takes longer
 * than a page may. `limit` is the number of runs that are needed.
 */
export async function recallLogs(key: LogKey, limit: number, now: number): Promise<Logs | undefined> {
  const known = kept.get(keyOf(key))
  if (!known || known.limit < limit || now < known.at || now > known.at + longest) return undefined
  return (await versionOf(key, now)) === known.version ? known.logs : undefined
}

/** What was read of a connector last, however old; undefined where nothing is kept. */
export const recallLast = (key: LogKey): Logs | undefined => kept.get(keyOf(key))?.logs

export interface LogKey {
  /** The destination as a person names it. */
  readonly spec: string
  readonly connector: string
}

/** Keeps what was read. To be called when the destination is closed again, as closing it may touch its files. */
export async function keepLogs(key: LogKey, logs: Logs, { limit, now }: { limit: number; now: number }): Promise<void> {
  const version = await versionOf(key, now)
  kept.delete(keyOf(key))
  if (version !== undefined) kept.set(keyOf(key), { logs, limit, version, at: now })
  let size = 0
  for (const [name, { logs: one }] of Array.from(kept).toReversed()) {
    size += one.runs.reduce((sum, run) => sum + 1 + run.streams.length, 0)
    if (size > mostKept) kept.delete(name)
  }
}

const keyOf = ({ spec, connector }: LogKey): string => `${spec} ${connector}`

/** Changes when anything was written; undefined where there is nothing to read yet. */
async function versionOf({ spec, connector }: LogKey, now: number): Promise<string | undefined> {
  const parsed = parseDestination(spec)
  if ('path' in parsed) return versionOfFiles([parsed.path, `${parsed.path}.wal`])
  if (!('dir' in parsed)) return String(Math.floor(now / blind))
  const folder = join(parsed.dir, schemaName(connector, basename(resolve(parsed.dir))) ?? '')
  return versionOfFiles([join(folder, logFiles.runs), join(folder, logFiles.commits)])
}

async function versionOfFiles(paths: readonly string[]): Promise<string | undefined> {
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)))
  return found.some((file) => file)
    ? found.map((file) => (file ? `${file.ino} ${file.size} ${file.mtimeMs}` : '')).join(', ')
    : undefined
}
