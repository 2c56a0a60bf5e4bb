import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanShare, describeCounts, expectedFeatures } from './coverage.ts'
import { generate } from './generate.ts'
import { simulateAtOnce, sum } from './parallel.ts'
import { normalize } from './normalize.ts'
import { openStores } from './store.ts'
import { live } from './world.ts'

/** `HEADRACE_TEST_SEEDS` for another number of them, split between the two kinds of warehouse. */
const seeds = Number(process.env['HEADRACE_TEST_SEEDS'] ?? 200)
const range = (first: number, length: number): readonly number[] => Array.from({ length }, (_, index) => first + index)

test('whatever a seed makes happen, no run is complete without a word while rows are missing or doubled', async () => {
  const half = Math.floor(seeds / 2)
  const options = { shrinks: 2 }
  const simulation = sum([
    await simulateAtOnce(2, { ...options, tier: 'duckdb', seeds: range(1, half) }),
    await simulateAtOnce(2, { ...options, tier: 'files', seeds: range(half + 1, seeds - half) }),
  ])
  const { counts, failures } = simulation
  assert.equal(failures.length, 0, failures.join('\n'))
  if (seeds >= 2000) {
    const absent = expectedFeatures.filter((name) => !counts[name])
    assert.deepEqual(absent, [], 'the seeds leave something out')
  }
  assert.ok(cleanShare(counts) >= 0.6, `too few quiet runs prove anything:\n${describeCounts(counts)}`)
})

test('a seed makes the same happen each time', async () => {
  await using stores = await openStores()
  for (const seed of range(1, 20)) {
    const outcomes: string[] = []
    for (const round of [1, 2]) {
      await using store = stores.create('duckdb', `again-${seed}-${round}`)
      const { runs, violations } = await live(generate(seed), 'duckdb', store)
      outcomes.push(JSON.stringify({ runs, violations }).replaceAll(/again.\d+.\d+/g, 'again'))
    }
    assert.equal(outcomes[0], outcomes[1], `seed ${seed}`)
  }
})

test('a normal scenario stays as it is', () => {
  for (const seed of range(1, 500)) {
    const scenario = generate(seed)
    assert.deepEqual(normalize(scenario), scenario, `seed ${seed}`)
  }
})
