import { parseArgs } from 'node:util'
import { cleanShare, describeCounts } from './coverage.ts'
import { simulateAtOnce } from './parallel.ts'
import { simulate } from './simulate.ts'
import { tiers } from './store.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    start: { type: 'string', default: '1' },
    seed: { type: 'string' },
    tier: { type: 'string', default: 'duckdb' },
    /** Only so many failures are made small. */
    shrink: { type: 'string', default: '10' },
    processes: { type: 'string', default: '1' },
  },
})
const tier = tiers.find((known) => known === values.tier)
if (!tier) throw new Error(`--tier is ${values.tier}: expected one of ${tiers.join(', ')}.`)
const first = Number(values.seed ?? values.start)
const length = values.seed === undefined ? Number(values.seeds) : 1
const began = performance.now()
const options = {
  seeds: Array.from({ length }, (_, index) => first + index),
  tier,
  shrinks: Number(values.shrink),
}
const onFailure = (text: string): void => void process.stdout.write(text)
const processes = Number(values.processes)
const { seeds, counts, failures } =
  processes > 1 ? await simulateAtOnce(processes, options) : await simulate({ ...options, onFailure })
if (processes > 1) failures.forEach(onFailure)
const took = Math.round((performance.now() - began) / 1000)
const clean = Math.round(cleanShare(counts) * 100)
process.stdout.write(
  `${describeCounts(counts)}${seeds} seeds in ${took} s, ${failures.length} failed; ${clean} % of the quiet runs were complete without a warning\n`,
)
process.exitCode = failures.length === 0 ? 0 : 1
