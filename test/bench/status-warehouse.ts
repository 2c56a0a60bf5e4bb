import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Session, openDatabase } from '../../src/destinations/duckdb/database.ts'
import { qualify } from '../../src/destinations/duckdb/log.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { commitsTable, runsTable } from '../../src/schema/system-columns.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { runRecordOf, streamRecordOf } from '../status/support.ts'

const minute = 60_000
const hour = 60 * minute

/** How much has happened: runs of each connector, of all its streams. */
export interface Past {
  readonly connectors: number
  readonly streams: number
  readonly runs: number
}

/** A folder of connectors and a warehouse with their past, a run an hour, the last one some minutes ago. */
export interface StatusWarehouse {
  readonly env: Readonly<Record<string, string>>
  /** Has one more run of the first connector recorded, as another process would. */
  recordRun(): Promise<void>
}

export async function makeStatusWarehouse(dir: string, past: Past): Promise<StatusWarehouse> {
  const connectorsDir = join(dir, 'connectors')
  mkdirSync(connectorsDir, { recursive: true })
  const file = join(dir, 'warehouse.duckdb')
  const destination = `duckdb:${file}`
  const names = Array.from({ length: past.connectors }, (_, at) => `source_${at}`)
  await using database = await openDatabase(file)
  for (const name of names) {
    writeFileSync(join(connectorsDir, `${name}.yaml`), connectorText(name, past.streams))
    await using _log = await openDestination(parseDestination(destination), name)
    await database.use((session) => fillLog(session, name, past))
  }
  return {
    env: { HEADRACE_CONNECTORS: connectorsDir, HEADRACE_DESTINATION: destination },
    async recordRun() {
      const [name = ''] = names
      await using log = await openDestination(parseDestination(destination), name)
      const now = Date.now()
      await log.saveRun(recordOf(name, past.streams, [`run-${now}`, iso(now - minute), iso(now)]))
    },
  }
}

async function fillLog(session: Session, name: string, { streams, runs }: Past): Promise<void> {
  const start = (Date.now() - 10 * minute - (runs - 1) * hour) / 1000
  const begin = `to_timestamp(${start} + 3600 * nth)`
  const record = JSON.stringify(recordOf(name, streams, ['@RUN', '@FROM', '@TO']))
  const format = `'%Y-%m-%dT%H:%M:%S.000Z'`
  await session.run(
    `INSERT INTO ${qualify(name, runsTable)}
     SELECT id, $1, 'http', 'complete', began, ended,
       replace(replace(replace($2, '@RUN', id), '@FROM', strftime(began, ${format})), '@TO', strftime(ended, ${format}))::JSON
     FROM (SELECT 'run-' || nth AS id, ${begin} AS began, ${begin} + INTERVAL 1 MINUTE AS ended FROM range(${runs}) runs(nth))`,
    [name, record],
  )
  await session.run(
    `INSERT INTO ${qualify(name, commitsTable)}
     SELECT 'stream_' || stream, nth + 1, 'run-' || nth, '{"done":"2026-01-01T00:00:00Z"}'::JSON, 100, ${begin}
     FROM range(${streams}) streams(stream), range(${runs}) runs(nth)`,
  )
}

const recordOf = (
  connector: string,
  streams: number,
  [run_id, started_at, finished_at]: readonly [string, string, string],
): RunRecord =>
  runRecordOf({
    run_id,
    connector,
    started_at,
    finished_at,
    streams: Array.from({ length: streams }, (_, at) => streamRecordOf({ stream: `stream_${at}` })),
  })

const iso = (time: number): string => new Date(time).toISOString()

const connectorText = (name: string, streams: number): string => `name: ${name}
base_url: https://api.example.com
schedule: { cron: "0 0 * * *" }
streams:
${Array.from(
  { length: streams },
  (_, at) => `  - name: stream_${at}
    path: /stream_${at}
    rows: $.data[*]
    primary_key: [id]
    incremental: { cursor: updated_at }
`,
).join('')}`
