import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createApp } from '../../src/run/app.ts'
import { runConnector } from '../../src/run/run.ts'
import { runRequest } from '../../src/destinations/run-request.ts'
import { startService } from '../triggers/in-process.ts'
import { type RunningFunction, startServing } from './cold-start.ts'
import { formatTable, median, spread, verdict } from './report.ts'
import type { Bench } from './sections.ts'
import { type Past, makeStatusWarehouse } from './status-warehouse.ts'

/** What the function took to answer, milliseconds. */
interface Answer {
  readonly cpu: number
  readonly wall: number
}

interface Looks {
  /** Once the process has settled. */
  readonly first: Answer[]
  /** After another process has recorded a run: in the same moment, and once this process has seen it. */
  readonly atOnce: Answer[]
  readonly changed: Answer[]
  readonly unchanged: Answer[]
}

export interface StatusFigures {
  readonly looks?: Looks | undefined
  /** Milliseconds that `POST /run/NAME` takes beyond the same run without it, round by round. */
  readonly overhead: readonly number[]
}

const past: Past = { connectors: 100, streams: 10, runs: 1_000 }
const looksEach = 5
const mostLook = 100
const runRounds = 40
const mostOverhead = 20

/** The function beside what it wraps: its status page over a long past, and a run that it is asked for. */
export async function runStatus(bench: Bench): Promise<StatusFigures> {
  return { looks: await measureLooks(bench), overhead: await measureOverhead(bench) }
}

async function measureLooks(bench: Bench): Promise<Looks | undefined> {
  const warehouse = await makeStatusWarehouse(join(bench.dir, 'status'), past)
  const looks: Looks = { first: [], atOnce: [], changed: [], unchanged: [] }
  for (let round = 0; round < bench.options.rounds; round++) {
    await using running = await startServing(warehouse.env)
    if (!running) {
      bench.show('\nSKIPPED status page: headrace is not built (npm run build makes it)\n')
      return undefined
    }
    await running.settle()
    looks.first.push(await look(running))
    for (let at = 0; at < looksEach; at++) {
      await warehouse.recordRun()
      looks.atOnce.push(await look(running))
      await running.settle()
      await warehouse.recordRun()
      await running.settle()
      looks.changed.push(await look(running))
      looks.unchanged.push(await look(running))
    }
  }
  const { connectors, streams, runs } = past
  bench.show(
    `\nStatus page: ${count(connectors * streams)} streams, ${count(connectors * runs)} run records in DuckDB\n`,
  )
  const lines = [
    ['first look', looks.first],
    ['after one more run', looks.changed],
    ['in the moment of one more run', looks.atOnce],
    ['without change', looks.unchanged],
  ] as const
  const cells = (answers: readonly Answer[], key: keyof Answer): string =>
    spread(
      answers.map((answer) => answer[key]),
      0,
    )
  bench.show(
    formatTable([
      ['', 'CPU ms', 'wall ms'],
      ...lines.map(([name, all]) => [name, cells(all, 'cpu'), cells(all, 'wall')]),
    ]),
  )
  for (const [name, all] of lines) {
    const wall = median(all.map((answer) => answer.wall))
    bench.show(verdict(name, `${wall.toFixed(0)} ms`, { text: `under ${mostLook} ms`, met: wall < mostLook }))
  }
  return looks
}

const count = (number: number): string => number.toLocaleString('en')

async function look(running: RunningFunction): Promise<Answer> {
  const [before, started] = [running.cpu(), performance.now()]
  const response = await fetch(`${running.url}/`)
  const page = await response.text()
  const answer = { cpu: running.cpu() - before, wall: performance.now() - started }
  if (!response.ok || !page.includes(`${count(past.connectors * past.streams)} streams`))
    throw new Error(`the page says something else: ${page.slice(0, 2_000)}`)
  return answer
}

/** Both ways in one process, in turn: what is common to them falls out of the difference. */
async function measureOverhead(bench: Bench): Promise<readonly number[]> {
  const place = join(bench.dir, 'overhead')
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'bench.yaml'), connectorText(bench.server))
  const env = {
    HEADRACE_CONNECTORS: place,
    HEADRACE_DESTINATION: `files:${join(place, 'out')}`,
    HEADRACE_INBOUND: 'none',
  }
  await using service = await startService(env)
  const app = createApp(env, { logLevel: 'silent' })
  const never = new AbortController().signal
  const ways = {
    async post() {
      const response = await fetch(`${service.url}/run/bench`, { method: 'POST' })
      return ((await response.json()) as { status: string }).status
    },
    async direct() {
      const context = { trigger: 'cli', runId: randomUUID(), stop: { soft: never, hard: never } } as const
      return (await runConnector(runRequest.parse({ connector: 'bench' }), app, context)).status
    },
  }
  const measure = async (way: keyof typeof ways): Promise<number> => {
    const started = performance.now()
    const status = await ways[way]()
    if (status !== 'complete') throw new Error(`a run ended as ${status}`)
    return performance.now() - started
  }
  const rounds: { readonly post: number; readonly direct: number }[] = []
  for (let round = -3; round < runRounds; round++) {
    // Whoever comes second finds what the first has left warm.
    const order = round % 2 === 0 ? (['post', 'direct'] as const) : (['direct', 'post'] as const)
    const found = { post: 0, direct: 0 }
    for (const way of order) found[way] = await measure(way)
    if (round >= 0) rounds.push(found)
  }
  const overhead = rounds.map(({ post, direct }) => post - direct)
  const cell = (way: keyof typeof ways): string =>
    spread(
      rounds.map((round) => round[way]),
      1,
    )
  bench.show(`\nA run of 1,000 rows into files, asked for in two ways in turn, ${runRounds} rounds\n`)
  bench.show(
    formatTable([
      ['', 'wall ms'],
      ['POST /run/NAME', cell('post')],
      ['the code of headrace run', cell('direct')],
    ]),
  )
  const middle = median(overhead)
  bench.show(
    verdict('overhead of the call', `${middle.toFixed(1)} ms`, {
      text: `under ${mostOverhead} ms`,
      met: middle < mostOverhead,
    }),
  )
  return overhead
}

const connectorText = (server: string): string => `name: bench
base_url: ${server}
streams:
  - name: orders
    path: /orders
    params: { rows: 1000, per_page: 1000 }
    paginator: { type: page_number, total_pages: $.meta.total_pages }
    rows: $.data[*]
    write: append
`
