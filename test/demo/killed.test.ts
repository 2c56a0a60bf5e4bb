import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { type KilledRun, pageCount, pageSize, recordKilledRun } from './killed.ts'
import { escape, showLine } from './svg.ts'

const picture = readFileSync(join(import.meta.dirname, 'killed.svg'), 'utf8')
const total = pageSize * pageCount

suite('the recording of a killed run', () => {
  let recorded: KilledRun
  before(async () => {
    recorded = await recordKilledRun()
  })

  test('was killed in the middle, with whole pages in the table', () => {
    const { rows, ids } = recorded.killed
    assert.ok(rows > 0 && rows < total, `${rows} rows`)
    assert.equal(rows % pageSize, 0)
    assert.equal(ids, rows)
  })

  test('continues at the first page that was not committed, and ends with each row once', () => {
    const [first, second] = recorded.asked
    assert.equal(first[0], 1)
    const from = recorded.killed.rows / pageSize + 1
    assert.deepEqual(
      second,
      Array.from({ length: pageCount - from + 1 }, (_, at) => from + at),
    )
    assert.deepEqual(recorded.complete, { rows: total, ids: total })
  })

  test('is the one that the picture shows', () => {
    const withoutTime = (text: string) => text.replace(/in [\d.]+ s/, 'in a moment')
    const shown = [...picture.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, text = '']) => withoutTime(text))
    assert.deepEqual(
      shown,
      recorded.lines.map((line) => withoutTime(escape(showLine(line)))),
    )
  })
})
