import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Warning, Warnings } from '../../src/base/warnings.ts'

suite('warnings of a stream', () => {
  test('the same warning counts once', () => {
    const told: Warning[] = []
    const warnings = new Warnings((warning) => told.push(warning))
    warnings.add('LISTING_IN_DOUBT', 'the page looks full')
    warnings.add('LISTING_IN_DOUBT', 'the page looks full')
    warnings.add('SOURCE_MOVED', 'the page looks full')
    assert.deepEqual(warnings.list, told)
    assert.deepEqual(
      told.map(({ code }) => code),
      ['LISTING_IN_DOUBT', 'SOURCE_MOVED'],
    )
  })

  test('what is left out is counted', () => {
    let told = 0
    const warnings = new Warnings(() => told++)
    for (let row = 0; row < 100; row++) warnings.add('ROWS_REFUSED', `row ${row}`)
    assert.equal(told, 20)
    assert.equal(warnings.list.length, 21)
    assert.equal(warnings.list[20]?.message, 'Further warnings were left out: 80.')
  })
})
