import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAfter } from '../../../src/syntax/moments/compare.ts'

test('a range that ends before it starts is told by what its ends mean, however they are spelled', () => {
  for (const [start, end] of [
    ['2024-02-01', 1_704_067_200],
    ['Thu, 01 Feb 2024 00:00:00 GMT', '2024-01-31T23:59:59Z'],
    ['2024-01-01T00:00:00-05:00', '2024-01-01T00:00:00Z'],
    ['10', '9'],
    ['b', 'a'],
  ] as const) {
    assert.ok(isAfter(start, end), `${start} after ${end}`)
    assert.ok(!isAfter(end, start), `${end} before ${start}`)
  }
  assert.ok(!isAfter('31/12/2023', '01/02/2024'), 'a pattern tells that it lies before')
  assert.ok(isAfter('13/12/2024', '31/12/2023'), 'the only pattern that reads both says so')
  assert.ok(!isAfter('02/01/2024', '01/03/2024'), 'the patterns that read both do not agree')
  assert.ok(isAfter('2 Jan 24', '1 Jan 24', ['%d %b %y']), 'a declared pattern')
})
