import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beganAt } from '../../src/sync/reading.ts'

const now = Date.parse('2026-03-01T12:00:00Z')
const second = 1_000
const hour = 3_600 * second

for (const { name, headers = {}, took, expected } of [
  { name: 'when the request was sent, by our clock', took: 30 * second, expected: now - 30 * second },
  {
    name: "the time of the answer less the time it took, by the provider's clock",
    headers: { date: 'Sun, 01 Mar 2026 11:50:00 GMT' },
    took: 30 * second,
    expected: now - 630 * second,
  },
  { name: 'not after the answer, where our clock was set back', took: -5 * second, expected: now },
  { name: 'no more than an hour before the answer', took: 5 * hour, expected: now - hour },
  { name: 'by our clock where the header is no date', headers: { date: 'soon' }, took: second, expected: now - second },
])
  test(`a listing begins: ${name}`, () => {
    assert.equal(beganAt({ headers, took }, now), expected)
  })
