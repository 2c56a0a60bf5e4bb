import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Destination } from '../../src/destinations/destination.ts'
import { catalog, openDatabase } from '../../src/destinations/duckdb/database.ts'
import { openDestination } from '../../src/destinations/index.ts'

/** A row as a reader of the table finds it. */
export interface StoredRow {
  readonly label: string
  readonly run: string
  /** Of a history or of a table that keeps deleted rows: it holds now. */
  readonly current: boolean
}

export const tiers = ['duckdb', 'files'] as const
export type Tier = (typeof tiers)[number]

/** Where the rows of a scenario go. */
export interface Store extends AsyncDisposable {
  /** Of the connector. */
  readonly name: string
  /** Writes the connector file; returns its path. */
  writeFile(connector: object): string
  open(): Promise<Destination>
  /** In the order in which they were written, where the store keeps one. */
  read(): Promise<readonly StoredRow[]>
}

/** Where memory serves as a disk. */
const root = readdirSync('/').includes('dev') && readdirSync('/dev').includes('shm') ? '/dev/shm' : tmpdir()

/** Holds one database for all the scenarios of this process: each has a schema of its own. */
export async function openStores(): Promise<AsyncDisposable & { create(tier: Tier, name: string): Store }> {
  const dir = mkdtempSync(join(root, 'headrace-simulate-'))
  const path = join(dir, 'warehouse.duckdb')
  const database = await openDatabase(path)
  const writeFile = (connector: object): string => {
    const file = join(dir, 'api.json')
    writeFileSync(file, JSON.stringify(connector))
    return file
  }
  return {
    create: (tier, name) =>
      tier === 'files'
        ? { name, writeFile, ...createFolder(join(dir, name), name) }
        : {
            name,
            writeFile,
            // The database stays open, and need not be put in order after each run.
            open: async () => ({
              ...(await openDestination({ type: 'duckdb', path }, name)),
              [Symbol.asyncDispose]: () => Promise.resolve(),
            }),
            read: () =>
              database.use(async (session) => {
                const found = await session.read(
                  `SELECT column_name FROM duckdb_columns() WHERE schema_name = '${name}' AND table_name = 'rows'`,
                )
                const columns = new Set(found.map(([column]) => column))
                if (!columns.has('label')) return []
                const ended = ['_valid_to', '_deleted_at'].filter((column) => columns.has(column))
                const current = ended.map((column) => `${column} IS NULL`).join(' AND ') || 'true'
                const rows = await session.read(
                  `SELECT label, _headrace_run_id, (${current})::VARCHAR FROM ${catalog}.${name}.rows`,
                )
                return rows.map(([label, run, holds]) => ({
                  label: String(label),
                  run: String(run),
                  current: holds === 'true',
                }))
              }),
            [Symbol.asyncDispose]: async () => {
              await database.use((session) => session.run(`DROP SCHEMA IF EXISTS ${catalog}.${name} CASCADE`))
            },
          },
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function createFolder(dir: string, name: string): Omit<Store, 'writeFile' | 'name'> {
  const table = join(dir, 'rows')
  return {
    open: () => openDestination({ type: 'files', dir, format: 'ndjson' }, name),
    read: () => {
      const files = readdirSync(dir).includes('rows') ? readdirSync(table).filter((file) => /^\d/.test(file)) : []
      const lines = files.toSorted().flatMap((file) =>
        readFileSync(join(table, file), 'utf8')
          .split('\n')
          .filter((line) => line !== ''),
      )
      const rows = lines.map(
        (line) => JSON.parse(line) as { readonly label: string; readonly _headrace_run_id?: string },
      )
      return Promise.resolve(rows.map(({ label, _headrace_run_id: run = '' }) => ({ label, run, current: true })))
    },
    [Symbol.asyncDispose]: () => Promise.resolve(rmSync(dir, { recursive: true, force: true })),
  }
}
