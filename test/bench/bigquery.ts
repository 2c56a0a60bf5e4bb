import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type Contestant, checkSums, emptyDir, type Load, naiveFiles, runHeadrace } from './contestants.ts'
import type { Measured } from './measured-process.ts'
import { type Entry, formatTable, median, ratios, spread, usageHead, usageLine, verdict } from './report.ts'
import { type Bench, loadOf, runInTurn } from './sections.ts'

/** Jobs that the warehouse was asked for in one run, and the bytes of its loads. */
interface Counted {
  readonly loads: number
  readonly commits: number
  readonly records: number
  readonly queries: number
  readonly bytes: number
}

interface Warehouse extends AsyncDisposable {
  readonly endpoint: string
  /** The rows that were committed, as DuckDB reads them. */
  readonly rows: string
  /** Since its start. */
  count(): Promise<Counted>
}

async function startWarehouse(dir: string): Promise<Warehouse> {
  const sink = fork(join(import.meta.dirname, 'bigquery-sink.ts'), [dir], { stdio: 'inherit' })
  const [port] = (await once(sink, 'message')) as [number]
  const endpoint = `http://127.0.0.1:${port}`
  return {
    endpoint,
    rows: `read_json('${dir}/committed/*.ndjson', format = 'newline_delimited')`,
    count: async () => (await (await fetch(`${endpoint}/report`)).json()) as Counted,
    async [Symbol.asyncDispose]() {
      const gone = once(sink, 'exit')
      sink.disconnect()
      await gone
    },
  }
}

type Way = keyof typeof ways

const ways = {
  append: ['write: append'],
  merge: ['write: merge', 'primary_key: [id]', 'incremental: { cursor: updated_at }'],
} as const

const runInto = (load: Load, { endpoint }: Warehouse, way: Way): Promise<Measured> =>
  runHeadrace(load, 'bigquery:bench', { stream: ways[way], env: { HEADRACE_BIGQUERY_ENDPOINT: endpoint } })

/** headrace by BigQuery's own protocol into a process that keeps the rows as files; tells `counts` what it was asked for. */
const headraceBigquery =
  (way: Way, counts: Map<Way, Counted>): Contestant =>
  async (load) => {
    await using warehouse = await startWarehouse(join(emptyDir(load.dir), 'bigquery'))
    const measured = await runInto(load, warehouse, way)
    await checkSums(load, ':memory:', warehouse.rows)
    counts.set(way, await warehouse.count())
    return measured
  }

/** headrace into BigQuery, by both usual ways of writing, and the naive floor into a file in turn; then one small commit. */
export async function runBigquery(bench: Bench): Promise<readonly Entry[]> {
  bench.show('\nInto BigQuery, by its upload protocol\n')
  const counts = new Map<Way, Counted>()
  const [append, merge, floor] = (await runInTurn(bench, [
    ['headrace, append', headraceBigquery('append', counts)],
    ['headrace, merge', headraceBigquery('merge', counts)],
    ['by hand, into a file', naiveFiles],
  ])) as [Entry, Entry, Entry]
  bench.show(formatTable([usageHead, usageLine(append), usageLine(merge), usageLine(floor)]))
  for (const [way, entry] of Object.entries({ append, merge })) {
    const found = ratios(entry, floor)
    const met = median(found) <= 0.6
    bench.show(verdict(`CPU against the floor, ${way}`, `${spread(found)}x`, { text: 'at most 0.6x, aim 0.3x', met }))
  }
  const peak = Math.max(...[append, merge].flatMap(({ runs }) => runs.map((run) => run.peak))) / 1e6
  bench.show(verdict('peak memory', `${peak.toFixed(0)} MB`, { text: 'under 350 MB', met: peak < 350 }))
  for (const [way, counted] of counts) {
    const jobs = Math.ceil((sumJobs(counted) * 1e6) / bench.options.rows)
    bench.show(`       BigQuery jobs per million rows, ${way}: ${jobs} (this run: ${describeJobs(counted)})\n`)
  }
  await showSmallCommit(bench)
  return [append, merge, floor]
}

/** A page of new rows for tables that are there already. */
async function showSmallCommit(bench: Bench): Promise<void> {
  const load = loadOf(bench, 100, 100)
  await using warehouse = await startWarehouse(join(emptyDir(load.dir), 'bigquery'))
  await runInto(load, warehouse, 'merge')
  const before = await warehouse.count()
  await runInto(load, warehouse, 'merge')
  const after = await warehouse.count()
  const { loads, commits, queries } = {
    loads: after.loads - before.loads,
    commits: after.commits - before.commits,
    queries: after.queries - before.queries,
  }
  const jobs = loads + commits + queries
  const figure = `${jobs} (${queries} to read the position, ${loads} load, ${commits} commit), and one for the record of the run`
  bench.show(verdict('jobs of one page of new rows', figure, { text: 'at most 3', met: jobs <= 3 }))
}

const sumJobs = ({ loads, commits, records, queries }: Counted): number => loads + commits + records + queries

function describeJobs({ loads, commits, records, queries, bytes }: Counted): string {
  return `${loads} loads of ${(bytes / loads / 1e6).toFixed(1)} MB, ${commits} commits, ${queries + records} others`
}
