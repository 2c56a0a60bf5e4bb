import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { runRecord, type RunRecord, type StreamRecord } from '../../src/destinations/run-record.ts'
import { type CliProcess, type CliResult, startCli } from './cli-process.ts'

/** A directory of its own with a connector file `api.yaml` (one stream, `rows`) and what runs leave there. */
export interface Workspace extends Disposable {
  readonly dir: string
  /** The DuckDB file of `run`. */
  readonly database: string
  writeConnector(text: string): void
  /** `headrace run api.yaml --to duckdb:...` and more arguments. */
  start(...args: readonly string[]): CliProcess
  /** The same with `--json`, to its end. */
  run(...args: readonly string[]): Promise<CliRun>
  /** Reads the DuckDB file as it stands. */
  query(sql: string): Promise<Record<string, unknown>[]>
  /** Whether `rows` has been written to. */
  hasTable(): Promise<boolean>
  /** How many rows and distinct ids the table `rows` holds; zeros where there is no table yet. */
  count(): Promise<{ rows: number; ids: number; sum: number }>
}

export interface CliRun extends CliResult {
  readonly record: RunRecord
  /** Of the one stream. Throws where the run did not come so far. */
  readonly stream: StreamRecord
  /** The stream's error, or the run's. */
  readonly error: RunRecord['error']
}

/** `env` is all that the command gets of the environment; the DuckDB file is in the directory unless it is given. */
export function createWorkspace(env: Readonly<Record<string, string>> = {}, file?: string): Workspace {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-e2e-'))
  const database = file ?? join(dir, 'warehouse.duckdb')
  const start = (...args: readonly string[]) =>
    startCli(['run', 'api.yaml', '--to', `duckdb:${database}`, ...args], { cwd: dir, env })
  const query = (sql: string) => queryFile(database, sql)
  const hasTable = async () => {
    if (!existsSync(database)) return false
    const wanted = `schema_name = 'api' AND table_name IN ('rows', '_headrace_commits')`
    return (await query(`SELECT 1 FROM duckdb_tables() WHERE ${wanted}`)).length === 2
  }
  return {
    dir,
    database,
    start,
    query,
    hasTable,
    writeConnector: (text) => writeFileSync(join(dir, 'api.yaml'), text),
    run: async (...args) => readRun(await start('--json', ...args).result),
    async count() {
      if (!(await hasTable())) return { rows: 0, ids: 0, sum: 0 }
      const [found] = await query('SELECT count(*) AS rows, count(DISTINCT id) AS ids, sum(id) AS sum FROM api.rows')
      return { rows: Number(found?.['rows']), ids: Number(found?.['ids']), sum: Number(found?.['sum']) }
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
}

/** Reads the record off a run's standard output. Throws, with what the command said, where there is none. */
export function readRun(result: CliResult): CliRun {
  const { code, signal, stdout, stderr } = result
  const said = `exit ${code ?? signal}\nstdout: ${stdout}\nstderr: ${stderr}`
  let record: RunRecord
  try {
    record = runRecord.parse(JSON.parse(stdout))
  } catch (cause) {
    throw new Error(`no run record: ${said}`, { cause })
  }
  return {
    ...result,
    record,
    error: record.error ?? record.streams[0]?.error,
    get stream() {
      const [stream] = record.streams
      if (!stream) throw new Error(`the record has no stream: ${said}`)
      return stream
    },
  }
}

/** Reads only: to replay and clear the log that a killed run left is for the next run to do. */
async function queryFile(file: string, sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY', threads: '1' })
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

export interface ConnectorOptions {
  /** Lines of the stream, in place of a `page_number` listing that merges by id. */
  readonly stream?: readonly string[]
  /** Lines of the connector. */
  readonly more?: readonly string[]
}

/** A connector for the test provider at `url`: quick retries, short timeouts, incremental by `updated_at`. */
export function connectorText(url: string, { stream = [], more = [] }: ConnectorOptions = {}): string {
  const has = (key: string) => stream.some((line) => line.startsWith(`${key}:`))
  const lines = [
    ...stream,
    'rows: $.data[*]',
    ...(has('paginator') ? [] : ['paginator: { type: page_number }']),
    ...(has('write') ? [] : ['write: merge', 'primary_key: [id]']),
    ...(has('incremental') ? [] : ['incremental: { cursor: updated_at }']),
    'params: { updated_since: "{{ cursor }}" }',
  ]
  return [
    'name: api',
    `base_url: ${url}`,
    'retry: { attempts: 2, base: PT0.01S, cap: PT0.05S, max_elapsed: PT10S }',
    'timeout: PT3S',
    ...more,
    'streams:',
    '  - name: rows',
    '    path: /rows',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n')
}
