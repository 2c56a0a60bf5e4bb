import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProvider, type Row } from '../support/provider.ts'
import { createHarness } from './harness.ts'

const stream = (write: string): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
    primary_key: [id]
    write: ${write}
    params: { since: "{{ cursor }}" }
    incremental: { cursor: at }
`

/** Usual, far ahead, and the one that corrects it: earlier than when the one ahead was loaded. */
const spellings: readonly (readonly [what: string, usual: unknown, ahead: unknown, corrected: unknown])[] = [
  ['times', '2024-01-01T00:00:00Z', '2199-01-01T00:00:00Z', '2024-02-01T00:00:00Z'],
  [
    'times with nanoseconds',
    '2024-01-01T00:00:00.000000001Z',
    '2199-01-01T00:00:00.000000001Z',
    '2024-02-01T00:00:00.000000001Z',
  ],
  ['dates', '2024-01-01', '2199-01-01', '2024-02-01'],
  ['times without zone', '2024-01-01T00:00:00', '2199-01-01T00:00:00', '2024-02-01T00:00:00'],
  ['RFC 2822', 'Mon, 01 Jan 2024 00:00:00 GMT', 'Tue, 01 Jan 2199 00:00:00 GMT', 'Thu, 01 Feb 2024 00:00:00 GMT'],
  ['seconds', 1704067200, 7226582400, 1706745600],
  ['seconds beyond all years', 1704067200, 999999999999, 1706745600],
  ['milliseconds', 1704067200000, 7226582400000, 1706745600000],
  ['seconds as text', '1704067200', '7226582400', '1706745600'],
]

for (const write of ['merge', 'scd2']) {
  for (const [what, usual, ahead, corrected] of spellings) {
    test(`${write}: a row that is ahead of its time gives way to what comes later, and takes the place of what came before (${what})`, async () => {
      await using provider = await startProvider({ rows: [], pageSize: 100 })
      using harness = createHarness(provider.url)
      harness.connector = stream(write)
      const runs: readonly (readonly [unknown, string])[] = [
        [usual, 'first'],
        [ahead, 'ahead'],
        [ahead, 'ahead still'],
        [corrected, 'corrected'],
      ]
      for (const [at, note] of runs) {
        const other: Row = { id: 1, at: usual, note: 'other' }
        provider.setRows([other, { id: 2, at, note }])
        const { status, first } = await harness.run()
        assert.equal(status, 'complete', first.error?.message)
        const current = write === 'scd2' ? ' AND _valid_to IS NULL' : ''
        assert.deepEqual(await harness.query(`SELECT note FROM api.rows WHERE id = 2${current}`), [{ note }])
      }
      if (write === 'merge') return
      const versions = await harness.query('SELECT note FROM api.rows WHERE id = 2 ORDER BY _valid_from')
      assert.deepEqual(
        versions.map(({ note }) => note),
        ['first', 'ahead', 'ahead still', 'corrected'],
      )
    })
  }
}

test('of two rows of a key in one listing the one that is ahead gives way', async () => {
  await using provider = await startProvider({ rows: [], pageSize: 100 })
  using harness = createHarness(provider.url)
  harness.connector = stream('merge')
  provider.setRows([
    { id: 1, at: '2024-01-01T00:00:00Z', note: 'right' },
    { id: 1, at: '2199-01-01T00:00:00Z', note: 'ahead' },
  ])
  const { first } = await harness.run()
  assert.deepEqual(
    first.warnings.map(({ code }) => code),
    ['CURSOR_AHEAD'],
  )
  assert.deepEqual(await harness.query('SELECT note FROM api.rows'), [{ note: 'right' }])
})
