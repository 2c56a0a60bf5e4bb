import { type App, destinationOf } from '../run/app.ts'
import type { Connector } from '../connector/connector.ts'
import { findConnector } from '../connector/find.ts'
import type { Destination } from '../destinations/destination.ts'
import type { RunRecord } from '../destinations/run-record.ts'
import { createHistory } from './health.ts'
import { isThere, listConnectors, loadKnown } from './sources.ts'

/** Stream records that are held at a time, regardless of the connector. */
const mostRecords = 50_000

/**
 * The last runs of a connector, newest first: `limit` of them, or all of the last two `expect.every` where a stream
 * brought so little that fewer runs would not tell whether it is silent.
 */
export async function readHistory(
  destination: Pick<Destination, 'recentRuns'>,
  { expect, streams }: Pick<Connector, 'expect' | 'streams'>,
  { limit, now }: { readonly limit: number; readonly now: number },
): Promise<readonly RunRecord[]> {
  const runs = await destination.recentRuns(limit)
  const oldest = runs.at(-1)
  if (!expect || !oldest || runs.length < limit) return runs
  if (Date.parse(oldest.started_at) <= now - expect.every) return runs
  const { attempts } = createHistory(runs)
  const rowsOf = (stream: string): number => attempts(stream).reduce((sum, { record }) => sum + (record?.rows ?? 0), 0)
  if (streams.every(({ name }) => rowsOf(name) >= expect.min_rows)) return runs
  const most = Math.max(limit, Math.floor(mostRecords / streams.length))
  return destination.recentRuns(most, { since: new Date(now - 2 * expect.every).toISOString() })
}

/** A run, and the name by which its connector is called. */
export interface FoundRun {
  readonly run: RunRecord
  readonly connector: string
}

export interface RunSearch {
  /** Every connector is asked where none is named. */
  readonly connector?: string | undefined
  /** Which connectors may be asked; all where absent. */
  readonly maySee?: ((connector: string) => boolean) | undefined
}

/** The record of one run; undefined where there is none. Throws `CONNECTOR_NOT_FOUND` for a connector that is named. */
export async function readRun(app: App, runId: string, search: RunSearch = {}): Promise<FoundRun | undefined> {
  const { connector, maySee } = search
  const names = connector === undefined ? await listConnectors(app.connectorsDir) : [connector]
  for (const name of names.filter((one) => maySee?.(one) !== false)) {
    const run = await readRunOf(app, runId, await findConnector(name, app.connectorsDir)).catch((thrown: unknown) => {
      // What is wrong with one connector must not hide the runs of the others.
      if (connector !== undefined) throw thrown
      return undefined
    })
    if (run) return { run, connector: name }
  }
  return undefined
}

async function readRunOf(app: App, runId: string, path: string): Promise<RunRecord | undefined> {
  const connector = await loadKnown(path)
  const spec = destinationOf(connector, app.env)
  if (!isThere(spec)) return undefined
  await using destination = await app.openDestination(connector, spec)
  const runs = await destination.recentRuns(1, { runId })
  return runs.find((run) => run.run_id === runId)
}
