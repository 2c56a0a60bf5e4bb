import { join } from 'node:path'
import { type ColdStart, headraceFunction, measureEmpty } from './cold-start.ts'
import {
  bareDuckdb,
  type Contestant,
  headraceDuckdb,
  headraceFiles,
  type Load,
  measureParts,
  naiveDuckdb,
  naiveFiles,
} from './contestants.ts'
import { dltModes, prepareDlt, runDlt } from './dlt.ts'
import type { Usage } from './measured-process.ts'
import type { BenchOptions } from './options.ts'
import { profileArgs, topFunctions } from './profile.ts'
import {
  type Entry,
  formatTable,
  median,
  ratios,
  spread,
  timesFaster,
  usageHead,
  usageLine,
  verdict,
} from './report.ts'
import { measureSigning, type SigningCost } from './signing.ts'

export interface Bench {
  readonly options: BenchOptions
  readonly server: string
  readonly dir: string
  show(text: string): void
}

const comparisons = {
  duckdb: { title: 'Into DuckDB', ours: headraceDuckdb, floor: naiveDuckdb, most: 0.9, aim: 0.5 },
  files: { title: 'Into NDJSON files', ours: headraceFiles, floor: naiveFiles, most: 0.6, aim: 0.3 },
} as const

/** The workload of a section, smaller or in other pages where that is given. */
export const loadOf = ({ options, server, dir }: Bench, rows = options.rows, perPage = 1_000): Load => ({
  server,
  rows,
  perPage,
  dir: join(dir, 'run'),
})

/** headrace and the naive floor in turn. */
export async function runComparison(bench: Bench, which: keyof typeof comparisons): Promise<readonly Entry[]> {
  const { title, ours, floor, most, aim } = comparisons[which]
  bench.show(`\n${title}\n`)
  const [us, them] = await runInTurn(bench, [
    ['headrace', ours],
    ['by hand', floor],
  ])
  bench.show(formatTable([usageHead, usageLine(us as Entry), usageLine(them as Entry)]))
  const found = ratios(us as Entry, them as Entry)
  bench.show(
    verdict('CPU against the floor', `${spread(found)}x`, {
      text: `at most ${most}x, aim ${aim}x`,
      met: median(found) <= most,
    }),
  )
  return [us as Entry, them as Entry]
}

/** The contestants in turn, round after round, so that they stand side by side in the machine's moods. */
export async function runInTurn(
  bench: Bench,
  contestants: readonly (readonly [string, Contestant])[],
): Promise<Entry[]> {
  const runs = contestants.map((): Usage[] => [])
  for (let round = 0; round < bench.options.rounds; round++) {
    for (const [at, [, run]] of contestants.entries()) {
      const { cpu, wall, peak } = await run(loadOf(bench))
      runs[at]?.push({ cpu, wall, peak })
    }
  }
  return contestants.map(([name], at) => ({ name, rows: bench.options.rows, runs: runs[at] ?? [] }))
}

/** dlt on fewer rows, once each way, against headrace on as many (which is the harder comparison for headrace: its start-up weighs more). */
export async function runDltComparison(bench: Bench): Promise<readonly Entry[] | undefined> {
  const version = await prepareDlt()
  if (!version) return undefined
  const rows = bench.options.dltRows
  bench.show(`\nBeside ${version}: rest_api into DuckDB, ${rows.toLocaleString('en')} rows\n`)
  const found = { us: [] as Usage[], bare: [] as Usage[], reading: [] as Usage[], loading: [] as Usage[] }
  // dlt takes minutes a run, and has one.
  for (let round = 0; round < bench.options.rounds; round++) {
    found.us.push(await headraceDuckdb(loadOf(bench, rows)))
    found.bare.push(await bareDuckdb(loadOf(bench, rows)))
    const { reading, loading } = await measureParts(loadOf(bench, rows))
    found.reading.push(reading)
    found.loading.push(loading)
  }
  const us: Entry = { name: 'headrace', rows, runs: found.us }
  const bare: Entry = { name: 'bare path', rows, runs: found.bare }
  const reading: Entry = { name: 'reading alone', rows, runs: found.reading }
  const loading: Entry = { name: 'loading alone', rows, runs: found.loading }
  const others: Entry[] = []
  for (const mode of dltModes) {
    const usage = await runDlt({ server: bench.server, rows, dir: join(bench.dir, 'dlt'), mode })
    others.push({ name: mode === 'default' ? 'dlt, defaults' : `dlt, tuned, ${mode}`, rows, runs: [usage] })
  }
  bench.show(formatTable([usageHead, ...[us, bare, reading, loading, ...others].map(usageLine)]))
  const [plain, ...tuned] = others.map((other) => timesFaster(us, other)) as [number, ...number[]]
  const best = Math.min(...tuned)
  bench.show(
    verdict('rows per CPU second, dlt tuned', `${best.toFixed(1)}x`, { text: 'at least 20x', met: best >= 20 }),
  )
  bench.show(
    verdict('rows per CPU second, dlt defaults', `${plain.toFixed(1)}x`, { text: 'at least 100x', met: plain >= 100 }),
  )
  const both: Entry = {
    name: 'both',
    rows,
    runs: found.reading.map((one, round) => add(one, found.loading[round] as Usage)),
  }
  const compare = (entry: Entry): string => {
    const [slow, ...fast] = others.map((other) => timesFaster(entry, other)) as [number, ...number[]]
    return `${Math.min(...fast).toFixed(1)}x of dlt tuned and ${slow.toFixed(1)}x of its defaults`
  }
  bench.show(`the bare path, which keeps no promise at all, does ${compare(bare)}\n`)
  bench.show(`reading the bytes and loading them, and nothing in between, would do ${compare(both)}\n`)
  return [us, bare, reading, loading, ...others]
}

const add = (a: Usage, b: Usage): Usage => ({
  cpu: a.cpu + b.cpu,
  wall: a.wall + b.wall,
  peak: Math.max(a.peak, b.peak),
})

/** Peak memory on listings and pages of very different size. */
export async function runMemory(bench: Bench): Promise<readonly Entry[]> {
  const { rows, long } = bench.options
  const loads: readonly (readonly [string, number, number])[] = [
    [`${rows.toLocaleString('en')} rows, pages of 0.4 MB`, rows, 1_000],
    ...(long ? [['10,000,000 rows, pages of 0.4 MB', 10_000_000, 1_000] as const] : []),
    ['pages of 50 MB', 4 * 121_000, 121_000],
    ['one page of 300 MB', 728_000, 728_000],
  ]
  bench.show('\nMemory, into DuckDB\n')
  const entries: Entry[] = []
  for (const [name, count, perPage] of loads)
    entries.push({ name, rows: count, runs: [await headraceDuckdb(loadOf(bench, count, perPage))] })
  bench.show(formatTable([usageHead, ...entries.map(usageLine)]))
  const peak = Math.max(...entries.flatMap(({ runs }) => runs.map((run) => run.peak))) / 1e6
  bench.show(verdict('peak memory', `${peak.toFixed(0)} MB`, { text: 'under 350 MB', met: peak < 350 }))
  return entries
}

const coldRounds = 10

/** The built function and an empty one in turn: from spawn to the first 200. */
export async function runColdStart(bench: Bench): Promise<Record<string, readonly ColdStart[]> | undefined> {
  const start = headraceFunction()
  if (!start) {
    bench.show('\nSKIPPED cold start: the function is not built (npm run build makes it)\n')
    return undefined
  }
  const found = { headrace: [] as ColdStart[], empty: [] as ColdStart[] }
  for (let round = 0; round < coldRounds; round++) {
    found.headrace.push(await start())
    found.empty.push(await measureEmpty())
  }
  const line = (name: 'headrace' | 'empty') => [
    name,
    spread(
      found[name].map((one) => one.cpu),
      0,
    ),
    spread(
      found[name].map((one) => one.wall),
      0,
    ),
  ]
  bench.show(`\nCold start: spawn to first 200, median of ${coldRounds}\n`)
  bench.show(formatTable([['', 'CPU ms', 'wall ms'], line('headrace'), line('empty')]))
  for (const key of ['cpu', 'wall'] as const) {
    const ratio = median(found.headrace.map((one) => one[key])) / median(found.empty.map((one) => one[key]))
    bench.show(
      verdict(`${key === 'cpu' ? 'CPU' : 'wall'} against an empty function`, `${ratio.toFixed(2)}x`, {
        text: 'at most 1.25x',
        met: ratio <= 1.25,
      }),
    )
  }
  return found
}

const signingRounds = 20_000

/** What signing a request costs by each method, beside a bare HMAC of the same bytes. */
export async function runSigning(bench: Bench): Promise<readonly SigningCost[]> {
  const costs = await measureSigning(signingRounds)
  const floor = costs[0]?.micros ?? Number.NaN
  bench.show('\nSigning one request, CPU\n')
  const lines = costs.map(({ name, micros }) => [name, micros.toFixed(1), `${(micros / floor).toFixed(1)}x`])
  bench.show(formatTable([['', 'microseconds', 'of a bare HMAC'], ...lines]))
  for (const { name, micros, most } of costs)
    if (most !== undefined)
      bench.show(verdict(name, `${micros.toFixed(1)} us`, { text: `under ${most} us`, met: micros < most }))
  return costs
}

/** One run under the profiler. */
export async function runProfile(bench: Bench): Promise<void> {
  const dir = join(process.cwd(), 'node_modules/.cache/headrace-bench', new Date().toISOString().replaceAll(':', '-'))
  const usage = await headraceDuckdb({ ...loadOf(bench), nodeArgs: profileArgs(dir) })
  const { files, rows } = topFunctions(dir, 25)
  bench.show(
    `\nWhere the CPU time of the JavaScript went (${usage.cpu.toFixed(2)} s in all, DuckDB's own threads included)\n`,
  )
  bench.show(formatTable([['', 'self ms', 'share'], ...rows]))
  for (const file of files) bench.show(`  ${file}\n`)
}
