import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, createApp } from '../../src/run/app.ts'
import type { Destination } from '../../src/destinations/destination.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { type RunContext, runConnector } from '../../src/run/run.ts'
import type { RunRecord, StreamRecord } from '../../src/destinations/run-record.ts'
import { runRequest } from '../../src/destinations/run-request.ts'

/** Runs a connector in this process, into a DuckDB file of its own. */
export interface Harness extends Disposable {
  /** What `run` reads; `name: api` and `base_url` are given. */
  connector: string
  name: string
  baseUrl: string
  run(
    request?: Record<string, unknown>,
    overrides?: Partial<App>,
    context?: Partial<RunContext>,
  ): Promise<RunRecord & { readonly first: StreamRecord }>
  /** The destination of the runs. */
  open(): Promise<Destination>
  query(sql: string): Promise<Record<string, unknown>[]>
}

export function createHarness(baseUrl: string): Harness {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-sync-'))
  const file = join(dir, 'api.yaml')
  const database = join(dir, 'warehouse.duckdb')
  const app = createApp({}, { logLevel: 'silent' })
  let runs = 0
  return {
    connector: '',
    name: 'api',
    baseUrl,
    async run(request = {}, overrides = {}, context = {}) {
      writeFileSync(file, `name: ${this.name}\nbase_url: ${this.baseUrl}\nretry: { attempts: 1 }\n${this.connector}`)
      const never = new AbortController().signal
      const record = await runConnector(
        runRequest.parse({ connector: file, ...request }),
        {
          ...app,
          openDestination: () => this.open(),
          ...overrides,
        },
        { trigger: 'cli', runId: `run-${++runs}`, stop: { soft: never, hard: never }, ...context },
      )
      return { ...record, first: record.streams[0] as StreamRecord }
    },
    open() {
      return openDestination(parseDestination(`duckdb:${database}#api`), this.name)
    },
    async query(sql) {
      const { DuckDBInstance } = await import('@duckdb/node-api')
      const instance = await DuckDBInstance.create(database)
      const connection = await instance.connect()
      try {
        const reader = await connection.runAndReadAll(sql)
        return reader.getRowObjectsJson() as Record<string, unknown>[]
      } finally {
        connection.closeSync()
        instance.closeSync()
      }
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  }
}
