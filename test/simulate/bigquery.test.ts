import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipBigquery } from '../support/bigquery/emulator.ts'
import { simulate } from './simulate.ts'

/** `HEADRACE_TEST_SEEDS_BIGQUERY` for another number of them: the emulator takes some seconds for each. */
const seeds = Number(process.env['HEADRACE_TEST_SEEDS_BIGQUERY'] ?? 2)

test('a few seeds lose and double nothing in silence in BigQuery either', { skip: skipBigquery }, async () => {
  const { failures } = await simulate({
    seeds: Array.from({ length: seeds }, (_, index) => index + 1),
    tier: 'bigquery',
    shrinks: 1,
  })
  assert.equal(failures.length, 0, failures.join('\n'))
})
