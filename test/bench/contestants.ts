import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { measureNode, type Measured } from './measured-process.ts'
import { expectedSums, type Sums } from './rows.ts'

const here = import.meta.dirname
const root = join(here, '../..')

/** The built program, as a user runs it; the sources where nothing is built. */
export const built = existsSync(join(root, 'dist/cli.js'))
const cli = process.env['HEADRACE_TEST_CLI'] ?? join(root, built ? 'dist/cli.js' : 'src/cli.ts')

export interface Load {
  /** Of the server, `http://127.0.0.1:PORT`. */
  readonly server: string
  readonly rows: number
  readonly perPage: number
  /** Emptied before each run. */
  readonly dir: string
  readonly nodeArgs?: readonly string[]
}

export type Contestant = (load: Load) => Promise<Measured>

/** headrace into a DuckDB file. */
export const headraceDuckdb: Contestant = async (load) => {
  const file = join(emptyDir(load.dir), 'warehouse.duckdb')
  const measured = await runHeadrace(load, `duckdb:${file}`)
  await checkSums(load, file, 'bench.orders')
  return measured
}

/** The floor: the same rows by hand into a DuckDB file. */
export const naiveDuckdb: Contestant = async (load) => {
  const file = join(emptyDir(load.dir), 'warehouse.duckdb')
  const measured = await runNaive(load, [file])
  await checkSums(load, file, 'orders')
  return measured
}

/** The same libraries and the same scanner, and nothing else. */
export const bareDuckdb: Contestant = async (load) => {
  const file = join(emptyDir(load.dir), 'warehouse.duckdb')
  const args = [
    `${load.server}/orders?rows=${load.rows}&per_page=${load.perPage}`,
    join(load.dir, 'orders.ndjson'),
    file,
  ]
  const measured = await measureNode({ script: join(here, 'bare.ts'), args })
  await checkSums(load, file, 'orders')
  return measured
}

/**
 * What nobody who reads the same bytes by undici and loads them by DuckDB can be below: either part by itself, at its
 * best. Nothing looks for rows, and all are loaded from one file by one statement.
 */
export async function measureParts(load: Load): Promise<{ readonly reading: Measured; readonly loading: Measured }> {
  const script = join(here, 'parts.ts')
  const reading = await measureNode({
    script,
    args: ['read', `${load.server}/orders?rows=${load.rows}&per_page=${load.perPage}`],
  })
  await naiveFiles(load)
  const file = join(load.dir, 'warehouse.duckdb')
  const loading = await measureNode({ script, args: ['load', join(load.dir, 'orders.ndjson'), file] })
  await checkSums(load, file, 'orders')
  return { reading, loading }
}

/** headrace into NDJSON files. */
export const headraceFiles: Contestant = async (load) => {
  const out = join(emptyDir(load.dir), 'out')
  const measured = await runHeadrace(load, `files:${out}?format=ndjson`)
  await checkSums(load, ':memory:', `read_json('${out}/bench/orders/*.ndjson', format = 'newline_delimited')`)
  return measured
}

/** The floor: the same rows by hand into an NDJSON file. */
export const naiveFiles: Contestant = async (load) => {
  const measured = await runNaive(load, [])
  await checkSums(load, ':memory:', `read_json('${join(load.dir, 'orders.ndjson')}')`)
  return measured
}

export function emptyDir(dir: string): string {
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  return dir
}

function runNaive({ server, rows, perPage, dir, nodeArgs }: Load, rest: readonly string[]): Promise<Measured> {
  if (rest.length === 0) emptyDir(dir)
  const url = `${server}/orders?rows=${rows}&per_page=${perPage}`
  const args = [url, join(dir, 'orders.ndjson'), ...rest]
  return measureNode({ script: join(here, 'naive.ts'), args, ...(nodeArgs && { nodeArgs }) })
}

export interface RunOptions {
  /** Lines of the stream, on how it is written. */
  readonly stream?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export function runHeadrace(load: Load, destination: string, options: RunOptions = {}): Promise<Measured> {
  const { stream = ['write: append'], env = {} } = options
  const connector = join(load.dir, 'bench.yaml')
  writeFileSync(connector, connectorText(load, stream))
  const args = ['run', connector, '--to', destination, '--quiet', '--json']
  return measureNode({ script: cli, args, env, ...(load.nodeArgs && { nodeArgs: load.nodeArgs }) })
}

const connectorText = ({ server, rows, perPage }: Load, stream: readonly string[]) => `name: bench
base_url: ${server}
streams:
  - name: orders
    path: /orders
    params: { rows: ${rows}, per_page: ${perPage} }
    paginator: { type: page_number, total_pages: $.meta.total_pages }
    rows: $.data[*]
${stream.map((line) => `    ${line}\n`).join('')}`

/** Throws where a table does not hold exactly the rows that were served. */
export async function checkSums({ rows }: Load, file: string, from: string): Promise<void> {
  const instance = await DuckDBInstance.create(file, file === ':memory:' ? {} : { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  const reader = await connection.runAndReadAll(
    `SELECT count(DISTINCT id)::DOUBLE AS rows, sum(id)::DOUBLE AS ids, sum(round(amount * 100)::BIGINT)::DOUBLE AS cents, count(*)::DOUBLE AS all FROM ${from}`,
  )
  const [found] = reader.getRowObjects() as unknown as [Sums & { all: number }]
  connection.closeSync()
  instance.closeSync()
  const expected = expectedSums(rows)
  const same = found.all === rows && found.rows === rows && found.ids === expected.ids && found.cents === expected.cents
  if (!same) throw new Error(`${from} holds ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`)
}
