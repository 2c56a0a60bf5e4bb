import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { type App, destinationOf } from '../app.ts'
import type { Connector } from '../config/connector.ts'
import { findConnector, isConnectorName } from '../config/find.ts'
import { loadConnector } from '../config/load.ts'
import { parseDestination } from '../destinations/index.ts'
import { toSyncError } from '../errors.ts'
import type { CursorValue } from '../sync/checkpoint.ts'
import type { RunRecord } from '../sync/run-record.ts'

/** Where a stream stands. */
export interface StreamStatus {
  readonly stream: string
  readonly commits: number
  readonly committed_at: string
  readonly cursor: CursorValue | null
  /** True inside a listing that the next run goes on with. */
  readonly open: boolean
}

export interface ConnectorStatus {
  readonly connector: string
  readonly destination?: string
  readonly streams: readonly StreamStatus[]
  /** Newest first. */
  readonly runs: readonly RunRecord[]
  /** Why nothing more is known. */
  readonly error?: { readonly code: string; readonly message: string }
}

export interface StatusReport {
  readonly connectors: readonly ConnectorStatus[]
}

export interface StatusOptions {
  /** A name or a path; all connectors of the directory where absent. */
  readonly connector?: string | undefined
  readonly destination?: string | undefined
  /** Runs of each connector; 20 where absent. */
  readonly limit?: number | undefined
}

/** Reads recent runs and positions; what is wrong with one connector is told beside it. Throws `CONNECTOR_NOT_FOUND`. */
export async function readStatus(app: App, options: StatusOptions): Promise<StatusReport> {
  const wanted = options.connector === undefined ? await listConnectors(app.connectorsDir) : [options.connector]
  const connectors: ConnectorStatus[] = []
  for (const name of wanted) {
    const path = await findConnector(name, app.connectorsDir)
    connectors.push(await readConnector(name, path, { app, options }))
  }
  return { connectors }
}

async function readConnector(
  name: string,
  path: string,
  { app, options }: { readonly app: App; readonly options: StatusOptions },
): Promise<ConnectorStatus> {
  const none = { connector: name, streams: [], runs: [] }
  let connector: Connector
  try {
    connector = await loadConnector(path)
  } catch (thrown) {
    // Of one connector it is the answer; among many it must not hide the others.
    if (options.connector !== undefined) throw thrown
    return { ...none, error: describe(thrown) }
  }
  const spec = destinationOf(connector, app.env, options.destination)
  const known = { ...none, connector: connector.name, destination: spec }
  const parsed = parseDestination(spec)
  // To look must not make a file.
  if (!existsSync(parsed.type === 'duckdb' ? parsed.path : parsed.dir)) return known
  try {
    await using destination = await app.openDestination(connector, spec)
    const runs = await destination.recentRuns(options.limit ?? 20)
    const positions = await destination.positions()
    const streams = positions.map(({ stream, seq, checkpoint, committedAt }) => ({
      stream,
      commits: seq,
      committed_at: committedAt,
      cursor: checkpoint.done,
      open: checkpoint.open !== undefined,
    }))
    return { ...known, streams, runs }
  } catch (thrown) {
    return { ...known, error: describe(thrown) }
  }
}

const describe = (thrown: unknown): { code: string; message: string } => {
  const { code, message } = toSyncError(thrown)
  return { code, message }
}

async function listConnectors(dir: string): Promise<readonly string[]> {
  if (!existsSync(dir)) return []
  const names = (await readdir(dir)).flatMap((file) => /^(.+)\.(?:ya?ml|json)$/.exec(file)?.[1] ?? [])
  return [...new Set(names)].filter(isConnectorName).toSorted()
}
