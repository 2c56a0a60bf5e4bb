import { stat } from 'node:fs/promises'
import type { Connector } from '../connector/connector.ts'
import type { Logs } from '../destinations/log-reader.ts'

/** Whose bookkeeping is wanted. */
export interface LogRequest {
  readonly connector: Connector
  /** The destination as a person names it. */
  readonly spec: string
}

/** What was read; `connector` as its file was then: what it expects decides how many runs are needed. */
export interface Kept extends LogRequest {
  readonly logs: Logs
  /** The number of runs that were asked for. */
  readonly limit: number
  /** Of the destination, before it was read. */
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

/** What was read of a connector last, however old; undefined where nothing is kept. */
export const recallLast = (request: LogRequest): Kept | undefined => kept.get(keyOf(request))

export const recallAll = (): readonly Kept[] => [...kept.values()]

/** Whether what is kept holds `limit` runs, and as many as the connector needs to be judged; it may be a little newer than the look. */
export const isEnough = (known: Kept, { connector }: LogRequest, { limit, now }: Look): boolean =>
  known.limit >= limit && known.connector === connector && now >= known.at - longest

/** Whether what is kept is still so, by the version of the destination. */
export const isFresh = (known: Kept, version: string | undefined, { now }: Pick<Look, 'now'>): boolean =>
  known.version === version && now <= known.at + longest

export interface Look {
  /** Runs of each connector that are needed. */
  readonly limit: number
  readonly now: number
}

/** Keeps what was read. */
export function keepLogs(entries: readonly Kept[]): void {
  for (const entry of entries) {
    kept.delete(keyOf(entry))
    kept.set(keyOf(entry), entry)
  }
  let size = 0
  for (const [name, { logs }] of Array.from(kept).toReversed()) {
    size += logs.runs.reduce((sum, run) => sum + 1 + run.streams.length, 0)
    if (size > mostKept) kept.delete(name)
  }
}

const keyOf = ({ spec, connector }: LogRequest): string => `${spec} ${connector.name}`

/** Changes when anything was written to the files; undefined where there is nothing to read yet. */
export async function versionOf(files: readonly string[], now: number): Promise<string | undefined> {
  if (files.length === 0) return String(Math.floor(now / blind))
  const found = await Promise.all(files.map((path) => stat(path).catch(() => undefined)))
  return found.some((file) => file)
    ? found
        .map((file) => (file ? `${file.dev} ${file.ino} ${file.size} ${file.mtimeMs} ${file.ctimeMs}` : ''))
        .join(', ')
    : undefined
}
