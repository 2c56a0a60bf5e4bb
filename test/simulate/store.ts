import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Destination } from '../../src/destinations/destination.ts'
import { catalog, openDatabase } from '../../src/destinations/duckdb/database.ts'
import { openDestination } from '../../src/destinations/index.ts'
import { systemEffects } from '../../src/base/effects.ts'
import { createLog } from '../../src/base/log.ts'
import { startEmulator } from '../support/bigquery/emulator.ts'
import { listTables, query } from '../support/bigquery/read-rows.ts'

/** A row as a reader of the table finds it. */
export interface StoredRow {
  readonly label: string
  readonly run: string
  /** Of a history or of a table that keeps deleted rows: it holds now. */
  readonly current: boolean
  /** Columns that a connector file may drop or rename. */
  readonly note: string | null
  readonly remark: string | null
}

export const tiers = ['duckdb', 'files', 'bigquery'] as const
export type Tier = (typeof tiers)[number]

/** Where the rows of a scenario go. */
export interface Store extends AsyncDisposable {
  /** Of the connector. */
  readonly name: string
  /** What the tables lie in: a schema, or a folder. */
  readonly schema: string
  /** Writes the connector file; returns its path. */
  writeFile(connector: object): string
  /** `connector` where it is not the one whose table is read. */
  open(connector?: string): Promise<Destination>
  /** Runs one statement in the database: nothing where there are only files. */
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>
  /** In the order in which they were written, where the store keeps one. */
  read(): Promise<readonly StoredRow[]>
}

/** Where memory serves as a disk. */
const root = readdirSync('/').includes('dev') && readdirSync('/dev').includes('shm') ? '/dev/shm' : tmpdir()

/** Holds one database for all the scenarios of this process: each has a schema of its own. */
export interface Stores extends AsyncDisposable {
  /** `name` becomes that of the connector. */
  create(tier: Tier, name: string): Store
}

/** `bigquery`: an emulator is started, which takes its time with each statement. */
export async function openStores({ bigquery = false } = {}): Promise<Stores> {
  const emulator = bigquery ? await startEmulator() : undefined
  const dir = mkdtempSync(join(root, 'headrace-simulate-'))
  const path = join(dir, 'warehouse.duckdb')
  const database = await openDatabase(path)
  const writeFile = (connector: object): string => {
    const file = join(dir, 'api.json')
    writeFileSync(file, JSON.stringify(connector))
    return file
  }
  const createSchema = (name: string): Omit<Store, 'writeFile'> => {
    const schema = name.replaceAll('-', '_')
    const query: Store['query'] = (sql) => database.use((session) => session.read(sql))
    return {
      name,
      schema: `${catalog}.${schema}`,
      query,
      // The database stays open, and need not be put in order after each run.
      open: async (connector = name) => ({
        ...(await openDestination({ type: 'duckdb', path }, connector)),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
      read: () => readTable(query, schema),
      [Symbol.asyncDispose]: async () => void (await query(`DROP SCHEMA IF EXISTS ${catalog}.${schema} CASCADE`)),
    }
  }
  return {
    create: (tier, name) => ({
      writeFile,
      ...(tier === 'files'
        ? createFolder(join(dir, name), name)
        : tier === 'bigquery' && emulator
          ? createDataset(emulator.endpoint, name)
          : createSchema(name)),
    }),
    [Symbol.asyncDispose]: async () => {
      await emulator?.[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function readTable(query: Store['query'], schema: string): Promise<readonly StoredRow[]> {
  const found = await query(
    `SELECT column_name FROM duckdb_columns() WHERE schema_name = '${schema}' AND table_name = 'rows'`,
  )
  const columns = new Set(found.map(([column]) => column))
  if (columns.size === 0) return []
  const ended = ['_valid_to', '_deleted_at'].filter((column) => columns.has(column))
  const current = ended.map((column) => `${column} IS NULL`).join(' AND ') || 'true'
  const [label, note, remark] = ['label', 'note', 'remark'].map((column) => (columns.has(column) ? column : 'NULL'))
  const rows = await query(
    `SELECT ${label}, _headrace_run_id, (${current})::VARCHAR, ${note}, ${remark} FROM ${catalog}.${schema}.rows`,
  )
  return rows.map(([text, run, holds, noted = null, remarked = null]) => ({
    label: String(text),
    run: String(run),
    current: holds === 'true',
    note: noted,
    remark: remarked,
  }))
}

const project = 'simulated'

function createDataset(endpoint: string, name: string): Omit<Store, 'writeFile'> {
  const dataset = name.replaceAll('-', '_')
  const log = createLog({ level: 'silent', format: 'json', redact: (text) => text, write: () => undefined })
  return {
    name,
    schema: `${project}.${dataset}`,
    query: (sql) => query(endpoint, project, sql),
    open: (connector = name) =>
      openDestination({ type: 'bigquery', project }, connector, {
        bigquery: { effects: systemEffects, endpoint, log },
      }),
    async read() {
      if (!(await listTables(endpoint, project, dataset)).includes('rows')) return []
      const rows = await query(
        endpoint,
        project,
        `SELECT TO_JSON_STRING(held) FROM \`${project}.${dataset}.rows\` AS held`,
      )
      return rows.map(([text]) => {
        const row = JSON.parse(text ?? 'null') as Record<string, unknown>
        const current = [row['_valid_to'], row['_deleted_at']].every((end) => end === null || end === undefined)
        const [note, remark] = [row['note'], row['remark']].map((value) => (typeof value === 'string' ? value : null))
        return {
          label: String(row['label']),
          run: String(row['_headrace_run_id']),
          current,
          note: note ?? null,
          remark: remark ?? null,
        }
      })
    },
    // The emulator is gone with all that it holds.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

interface FileRow {
  readonly label: string
  readonly _headrace_run_id?: string
  readonly note?: string | null
  readonly remark?: string | null
}

function createFolder(dir: string, name: string): Omit<Store, 'writeFile'> {
  const table = join(dir, 'rows')
  return {
    name,
    schema: dir,
    query: () => Promise.resolve([]),
    open: (connector = name) => openDestination({ type: 'files', dir, format: 'ndjson' }, connector),
    read: () => {
      const files = readdirSync(dir).includes('rows') ? readdirSync(table).filter((file) => /^\d/.test(file)) : []
      const lines = files.toSorted().flatMap((file) =>
        readFileSync(join(table, file), 'utf8')
          .split('\n')
          .filter((line) => line !== ''),
      )
      const rows = lines.map((line) => JSON.parse(line) as FileRow)
      return Promise.resolve(
        rows.map(({ label, _headrace_run_id: run = '', note = null, remark = null }) => ({
          label,
          run,
          current: true,
          note,
          remark,
        })),
      )
    },
    [Symbol.asyncDispose]: () => Promise.resolve(rmSync(dir, { recursive: true, force: true })),
  }
}
