import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { startCli } from '../support/cli-process.ts'
import { makeRow, type Provider, startProvider } from '../support/provider.ts'

/** A line of a recorded terminal. */
export interface Line {
  /** `command` is typed, `output` is what a program printed, `note` is what the script did or saw. */
  readonly kind: 'command' | 'output' | 'note'
  readonly text: string
  /** Milliseconds since the recording began. */
  readonly at: number
}

/** A run that was killed in the middle of a listing, and the run after it. */
export interface KilledRun {
  readonly lines: readonly Line[]
  /** Rows and distinct ids of the table, after the kill and in the end. */
  readonly killed: Counts
  readonly complete: Counts
  /** The pages that each of the two runs asked for, from 1. */
  readonly asked: readonly [first: readonly number[], second: readonly number[]]
}

export interface Counts {
  readonly rows: number
  readonly ids: number
}

export const pageSize = 1_000
export const pageCount = 12
/** Answered only after the kill: what was read by then is neither nothing nor everything. */
const heldPage = 8
const signal = 'SIGKILL'

// Pages of 4 MB, so that five of them are a batch. Appended without a key, so that nothing but the checkpoint keeps a row from being there twice.
const connector = (url: string): string => `name: shop
base_url: ${url}
streams:
  - name: orders
    path: /rows
    rows: $.data[*]
    paginator: { type: link_header }
    write: append
    incremental: { cursor: updated_at }
`
const command = ['run', 'shop.yaml', '--to', 'duckdb:shop.duckdb']
const counting = 'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM shop.orders'

/** Runs a listing on loopback, kills the process with signal 9 after its first commit, and runs it once more. */
export async function recordKilledRun(): Promise<KilledRun> {
  const pad = 'pad '.repeat(1_000)
  const rows = Array.from({ length: pageSize * pageCount }, (_, at) => makeRow(at, { pad }))
  await using provider = await startProvider({ rows, pageSize, style: 'link_header' })
  const dir = mkdtempSync(join(tmpdir(), 'headrace-killed-'))
  try {
    writeFileSync(join(dir, 'shop.yaml'), connector(provider.url))
    return await record(provider, dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function record(provider: Provider, dir: string): Promise<KilledRun> {
  const began = Date.now()
  const lines: Line[] = []
  const add = (kind: Line['kind'], text: string): void => {
    for (const line of text.trimEnd().split('\n')) lines.push({ kind, text: line, at: Date.now() - began })
  }
  const count = async (): Promise<Counts> => {
    add('command', `duckdb shop.duckdb '${counting}'`)
    const counts = await readCounts(join(dir, 'shop.duckdb'))
    add('output', `rows ${format(counts.rows)}, ids ${format(counts.ids)}`)
    return counts
  }

  add('command', `headrace ${command.join(' ')} --log-level info`)
  const first = await runUntilKilled(provider, dir)
  add('output', first.stderr)
  add('note', `kill -9, while page ${heldPage} of ${pageCount} is on its way`)
  const asked = provider.received.map(({ page }) => page)
  const killed = await count()

  provider.setFault()
  provider.watch()
  add('command', `headrace ${command.join(' ')}`)
  const second = await startCli(command, { cwd: dir }).result
  if (second.code !== 0) throw new Error(`the second run ended with ${second.code}: ${second.stderr}`)
  add('output', second.stdout)
  const again = provider.received.map(({ page }) => page)
  add('note', `the API was asked for pages ${again[0]} to ${again.at(-1)}: from the first page that was not committed`)
  return { lines, killed, complete: await count(), asked: [asked, again] }
}

/** Kills the run once it has committed a batch and waits for the page that is held back. */
async function runUntilKilled(provider: Provider, dir: string): Promise<{ readonly stderr: string }> {
  const committed = Promise.withResolvers<void>()
  const waiting = Promise.withResolvers<void>()
  provider.setFault(({ page }) => (page < heldPage ? undefined : () => waiting.resolve()))
  let log = ''
  const run = startCli([...command, '--log-level', 'info'], {
    cwd: dir,
    onStderr: (text) => {
      log += text
      if (log.includes('committed')) committed.resolve()
    },
  })
  const ended = run.result.then(({ code, stderr }) => {
    throw new Error(`the run ended by itself with ${code}: ${stderr}`)
  })
  await Promise.race([Promise.all([committed.promise, waiting.promise]), ended])
  run.kill(signal)
  const result = await run.result
  ended.catch(() => undefined)
  if (result.signal !== signal) throw new Error(`the run ended with ${result.code}, not by ${signal}`)
  return result
}

async function readCounts(file: string): Promise<Counts> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY', threads: '1' })
  const connection = await instance.connect()
  try {
    const [found] = (await connection.runAndReadAll(counting)).getRowObjectsJS()
    return { rows: Number(found?.['rows']), ids: Number(found?.['ids']) }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

const format = (count: number): string => count.toLocaleString('en')
