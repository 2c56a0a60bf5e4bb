import { test } from 'node:test'
import { boundaries } from './boundaries.ts'
import { watch } from './watchdog.ts'

/** How many times as many cases as usual; `HEADRACE_TEST_FUZZ_SEED` takes others than usual. */
const times = Number(process.env['HEADRACE_TEST_FUZZ'] ?? 1)
const seed = Number(process.env['HEADRACE_TEST_FUZZ_SEED'] ?? 20_250_101)

for (const boundary of boundaries) {
  const numRuns = Math.ceil(boundary.runs * times)
  test(`${numRuns.toLocaleString('en')} ${boundary.name}: taken, or refused in our words`, async (t) => {
    using dog = watch(`${boundary.name}, seed ${seed}`)
    await boundary.check(t, { numRuns, seed, alive: dog.alive })
  })
}
