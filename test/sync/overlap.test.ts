import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { rowsOf, startAnswering } from './answers.ts'
import { createHarness } from './harness.ts'

interface Case {
  readonly name: string
  /** Rows inserted in front after the first request. */
  readonly inserted: number
  readonly stream: string
  /** The run stops after so many rows, and another goes on. */
  readonly limit?: number
  readonly warnings: readonly string[]
}

const offset = 'paginator: { type: offset, param: from, limit: 5 }'
const page = 'paginator: { type: page_number, param: p, size: 5 }'

const cases: readonly Case[] = [
  {
    name: 'one row inserted in front moves one to the next page, which is left out with a warning',
    inserted: 1,
    stream: `write: append, ${offset}`,
    warnings: ['ROWS_MAY_REPEAT'],
  },
  {
    name: 'several rows inserted in front move as many',
    inserted: 3,
    stream: `write: append, ${page}`,
    warnings: ['ROWS_MAY_REPEAT'],
  },
  {
    name: 'rows with a primary key are the same beyond doubt',
    inserted: 2,
    stream: `write: append, primary_key: [id], ${offset}`,
    warnings: [],
  },
  {
    name: 'a table without a key that is replaced has each row once',
    inserted: 2,
    stream: `write: replace, ${page}`,
    warnings: ['ROWS_MAY_REPEAT'],
  },
  {
    name: 'rows that move while a listing is cut short are known when it goes on',
    inserted: 2,
    stream: `write: append, ${offset}`,
    limit: 5,
    warnings: ['ROWS_MAY_REPEAT'],
  },
  {
    name: 'rows that stay where they are are no repetition',
    inserted: 0,
    stream: `write: append, ${page}`,
    warnings: [],
  },
]

suite('rows that are inserted in front of numbered pages', () => {
  for (const { name, inserted, stream, limit, warnings } of cases)
    test(name, async () => {
      let rows = rowsOf(1, 23).toReversed()
      await using provider = await startAnswering((query, at) => {
        const from = query.has('p') ? (Number(query.get('p')) - 1) * 5 : Number(query.get('from'))
        const answer = { body: { data: rows.slice(from, from + 5) } }
        if (at === 0) rows = [...rowsOf(24, 23 + inserted).toReversed(), ...rows]
        return answer
      })
      using harness = createHarness(provider.url)
      harness.connector = `rate_limit: { concurrency: 1 }
streams:
  - { name: rows, path: /rows, rows: "$.data[*]", ${stream} }
`
      if (limit !== undefined) assert.equal((await harness.run({ limit })).status, 'handed_over')
      const { status, first } = await harness.run()
      assert.equal(status, 'complete', first.error?.message)
      assert.deepEqual(
        first.warnings.map(({ code }) => code),
        warnings,
      )
      const stored = await harness.query('SELECT id FROM api.rows ORDER BY id')
      assert.deepEqual(
        stored.map(({ id }) => Number(id)),
        rowsOf(1, 23).map(({ id }) => id),
      )
    })

  test('more rows than are remembered are no longer told from new ones, which is a warning', async () => {
    let rows = rowsOf(1, 90).toReversed()
    await using provider = await startAnswering((query, at) => {
      const from = Number(query.get('from'))
      const answer = { body: { data: rows.slice(from, from + 40) } }
      if (at === 0) rows = [...rowsOf(91, 120).toReversed(), ...rows]
      return answer
    })
    using harness = createHarness(provider.url)
    harness.connector = `rate_limit: { concurrency: 1 }
streams:
  - { name: rows, path: /rows, rows: "$.data[*]", write: append, paginator: { type: offset, param: from, limit: 40 } }
`
    const { first } = await harness.run()
    assert.deepEqual([first.rows, first.warnings.map(({ code }) => code)], [120, ['ROWS_MAY_REPEAT']])
    assert.match(first.warnings[0]?.message ?? '', /^Many rows were inserted in front .*&from=40:/)
  })

  for (const inserted of [3, 8, 25, 65, 130])
    test(`${inserted} rows are inserted in front of a listing that was cut: whatever comes twice is a warning`, async () => {
      let rows = rowsOf(1, 90).toReversed()
      await using provider = await startAnswering((query) => {
        const from = Number(query.get('from'))
        return { body: { data: rows.slice(from, from + 20) } }
      })
      using harness = createHarness(provider.url)
      harness.connector = `rate_limit: { concurrency: 1 }
streams:
  - { name: rows, path: /rows, rows: "$.data[*]", write: append, paginator: { type: offset, param: from, limit: 20 } }
`
      assert.equal((await harness.run({ limit: 40 })).status, 'handed_over')
      rows = [...rowsOf(91, 90 + inserted).toReversed(), ...rows]
      const { status, first } = await harness.run()
      assert.deepEqual([status, first.warnings.map(({ code }) => code)], ['complete', ['ROWS_MAY_REPEAT']])
      assert.deepEqual(first.rows, inserted > 20 ? 50 + inserted : 50)
    })

  test('rows that have twins on the page before may be new, so that they stay', async () => {
    const pages = [
      [{ level: 'error' }, { level: 'info' }, { level: 'info' }],
      [{ level: 'info' }, { level: 'error' }],
      [],
    ]
    await using provider = await startAnswering((query) => ({ body: { data: pages[Number(query.get('page')) - 1] } }))
    using harness = createHarness(provider.url)
    harness.connector = `streams:
  - { name: rows, path: /rows, rows: "$.data[*]", write: append, paginator: { type: page_number } }
`
    const { first } = await harness.run()
    assert.deepEqual([first.rows, first.warnings.map(({ code }) => code)], [5, ['ROWS_MAY_REPEAT']])
  })
})
