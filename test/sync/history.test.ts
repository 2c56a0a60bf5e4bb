import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRow, makeRows, startProvider } from '../support/provider.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (rest: string): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    primary_key: [id]
    paginator: { type: page_number }
${rest}`

const byCursor = `    write: scd2
    params: { updated_since: "{{ cursor }}" }
    incremental: { cursor: updated_at, lookback: PT10S }
`

const count = async (harness: Harness, where = 'true'): Promise<number> =>
  Number((await harness.query(`SELECT count(*) AS n FROM api.rows WHERE ${where}`))[0]?.['n'])

const ids = async (harness: Harness, where = 'true'): Promise<readonly number[]> =>
  (await harness.query(`SELECT id FROM api.rows WHERE ${where} ORDER BY id`)).map(({ id }) => Number(id))

test('a history holds each version once, however often a listing is cut short, read again or refreshed', async () => {
  await using provider = await startProvider({ rows: makeRows(30), pageSize: 7 })
  using harness = createHarness(provider.url)
  harness.connector = stream(byCursor)
  for (let run = 0; run < 3; run += 1) assert.notEqual((await harness.run({ limit: 10 })).status, 'failed')
  assert.equal((await harness.run()).status, 'complete')
  assert.equal(await count(harness), 30)
  provider.setRows([...makeRows(30).slice(1), makeRow(0, { updated_at: makeRow(31)['updated_at'] })])
  await harness.run()
  assert.equal(await count(harness), 31)
  assert.equal(await count(harness, '_valid_to IS NULL'), 30)
  // Cut short as well, and finished by a run that does not ask for it.
  await harness.run({ full_refresh: true, limit: 10 })
  assert.equal((await harness.run()).status, 'complete')
  assert.equal((await harness.run({ full_refresh: true })).status, 'complete')
  assert.equal(await count(harness), 31)
  assert.equal(await count(harness, '_valid_to IS NULL'), 30)
})

const byAbsence = (rest = ''): string => stream(`    deletes: { absent: true, mode: hard }\n${rest}`)

test('what is gone from a complete listing is deleted by it, not by one that was read in two parts', async () => {
  await using provider = await startProvider({ rows: makeRows(30), pageSize: 7 })
  using harness = createHarness(provider.url)
  harness.connector = byAbsence()
  assert.equal((await harness.run()).status, 'complete')
  provider.setRows(makeRows(30).slice(3))
  assert.equal((await harness.run({ limit: 10 })).status, 'handed_over')
  assert.equal((await ids(harness)).length, 30)
  const resumed = await harness.run()
  assert.equal(resumed.status, 'complete')
  assert.match(resumed.first.warnings[0]?.message ?? '', /deletes nothing/)
  assert.equal((await ids(harness)).length, 30)
  assert.equal((await harness.run()).status, 'complete')
  assert.deepEqual(
    await ids(harness),
    makeRows(30)
      .slice(3)
      .map(({ id: one }) => one),
  )
  // A listing that begins again, as the connector asks for something else, forgets what the one before had read.
  await harness.run({ limit: 10 })
  provider.setRows(makeRows(30).slice(10))
  harness.connector = byAbsence('    params: { x: 1 }\n')
  assert.equal((await harness.run()).status, 'complete')
  assert.deepEqual(
    await ids(harness),
    makeRows(30)
      .slice(10)
      .map(({ id: one }) => one),
  )
})

test('a listing that lacks most rows deletes nothing and fails, and the next one that is read as a whole deletes what is gone', async () => {
  await using provider = await startProvider({ rows: makeRows(30), pageSize: 7 })
  using harness = createHarness(provider.url)
  harness.connector = byAbsence()
  await harness.run()
  provider.setRows(makeRows(10))
  const failed = await harness.run()
  assert.equal(failed.first.error?.code, 'TOO_MANY_DELETES')
  await harness.run({ limit: 5 })
  // What the cut listing had read is half of nothing: the whole is read once more before it counts.
  provider.setRows([])
  assert.equal((await harness.run()).first.error?.code, 'TOO_MANY_DELETES')
  assert.equal((await ids(harness)).length, 30)
  provider.setRows(makeRows(28))
  assert.equal((await harness.run()).status, 'complete')
  assert.equal((await ids(harness)).length, 30)
  assert.equal((await harness.run()).status, 'complete')
  assert.equal((await ids(harness)).length, 28)
})

test('a listing read in two parts deletes none of the rows that changed places in between', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 7 })
  using harness = createHarness(provider.url)
  harness.connector = byAbsence().replace('absent: true', 'absent: true, max_share: 0.2')
  await harness.run()
  await harness.run({ limit: 5 })
  // Rows that have changed places between two pages.
  provider.setRows(makeRows(10).toReversed())
  const record = await harness.run()
  assert.equal(record.status, 'complete', record.first.error?.message)
  assert.equal((await ids(harness)).length, 10)
})

test('a listing of which a row was refused deletes nothing, also where a later run completes it', async () => {
  await using provider = await startProvider({ rows: makeRows(30), pageSize: 7 })
  using harness = createHarness(provider.url)
  harness.connector = byAbsence('    schema: discard_rows\n')
  await harness.run()
  provider.setRows([makeRow(1, { extra: 'no such column' }), ...makeRows(30).slice(2)])
  assert.equal((await harness.run({ limit: 6 })).first.rejected, 1)
  assert.equal((await harness.run()).status, 'complete')
  assert.equal((await ids(harness)).length, 30)
  provider.setRows(makeRows(30).slice(1))
  await harness.run()
  assert.equal((await ids(harness)).length, 29)
})

test('rows that a cut listing has put aside are read again where the connector no longer deletes by absence', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 4 })
  using harness = createHarness(provider.url)
  harness.connector = byAbsence()
  assert.equal((await harness.run({ limit: 5 })).status, 'handed_over')
  harness.connector = stream('')
  assert.equal((await harness.run()).status, 'complete')
  assert.equal((await ids(harness)).length, 10)
})

test('a full refresh of a stream with deletes replaces its table, one of a history closes what is gone', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 4 })
  for (const write of ['merge', 'scd2']) {
    provider.setRows(makeRows(10))
    using harness = createHarness(provider.url)
    harness.connector = byAbsence(`    write: ${write}\n`)
    await harness.run()
    provider.setRows(makeRows(10).slice(1))
    assert.equal((await harness.run({ full_refresh: true })).status, 'complete')
    assert.equal(await count(harness), write === 'merge' ? 9 : 10)
    if (write === 'scd2') assert.deepEqual(await ids(harness, '_valid_to IS NOT NULL'), [makeRow(0)['id']])
  }
})

test('rows that a cut full refresh has put aside are read again where the table is to become a history', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream('')
  await harness.run()
  provider.setRows(makeRows(40))
  assert.equal((await harness.run({ full_refresh: true, limit: 30 })).status, 'handed_over')
  harness.connector = stream('    write: scd2\n')
  assert.equal((await harness.run()).status, 'complete')
  assert.equal(await count(harness), 40)
})

test('rows are told apart by their key, also where another field would become a column of its name', async () => {
  const rows = [
    { order_id: 1, 'order id': 1, Gone: true },
    { order_id: 1, 'order id': 2, gone: true },
    { order_id: 1, 'order id': 3, Gone: true },
  ]
  await using provider = await startProvider({ rows, pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream('    deletes: { flag: gone, mode: hard }\n').replace('[id]', '["order id"]')
  for (let run = 0; run < 2; run += 1) {
    assert.equal((await harness.run()).status, 'complete')
    assert.equal(await count(harness), 2)
  }
})

test('a column of integers that is now declared to hold fractions widens with the first of them', async () => {
  await using provider = await startProvider({ rows: [{ id: 1, n: 1 }], pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream('')
  await harness.run()
  provider.setRows([
    { id: 2, n: 1.5 },
    { id: 3, n: 2 },
  ])
  harness.connector = stream('    columns: { n: { type: number } }\n')
  assert.equal((await harness.run()).status, 'complete')
  assert.deepEqual(await harness.query('SELECT n FROM api.rows ORDER BY id'), [{ n: 1 }, { n: 1.5 }, { n: 2 }])
})

test('declared columns reach the table exact, and what does not fit stands beside them', async () => {
  const rows = [
    makeRow(0, { price: 12.3, tags: ['a', 'b'], place: { city: 'Ulm', lat: 1.5 }, raw: 'AAEC_w' }),
    makeRow(1, { price: '1.005', tags: ['a', null], place: { city: 'Bonn', zip: 53 }, raw: 'no base64!' }),
  ]
  await using provider = await startProvider({ rows, pageSize: 4 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    columns:
      price: { type: "decimal(10,2)" }
      tags: { type: array<string> }
      place: { type: record, fields: { city: string, lat: number } }
      raw: { type: bytes }
`)
  const record = await harness.run()
  assert.equal(record.status, 'complete', record.first.error?.message)
  const sql = `SELECT price::VARCHAR AS price, price__string, tags, tags__json, place, place__json, base64(raw) AS raw, raw__string
    FROM api.rows ORDER BY id`
  assert.deepEqual(await harness.query(sql), [
    {
      price: '12.30',
      price__string: null,
      tags: ['a', 'b'],
      tags__json: null,
      place: { city: 'Ulm', lat: 1.5 },
      place__json: null,
      raw: 'AAEC/w==',
      raw__string: null,
    },
    {
      price: null,
      price__string: '1.005',
      tags: [],
      tags__json: '["a",null]',
      place: { city: 'Bonn', lat: null },
      place__json: '{"city":"Bonn","zip":53}',
      raw: null,
      raw__string: 'no base64!',
    },
  ])
  // The table tells the types, regardless of what the connector says by then.
  harness.connector = stream('')
  provider.setRows([makeRow(2, { price: 0.1, tags: ['c'] })])
  assert.equal((await harness.run()).status, 'complete')
  assert.deepEqual(
    await harness.query(`SELECT price::VARCHAR AS price, tags FROM api.rows WHERE id = ${String(makeRow(2)['id'])}`),
    [{ price: '0.10', tags: ['c'] }],
  )
})

test('a run goes on with the columns that a backfill has made, so that a version comes once', async () => {
  await using provider = await startProvider({ rows: [], pageSize: 7 })
  using harness = createHarness(provider.url)
  harness.connector = stream('    write: scd2\n    incremental: { cursor: at }\n')
  const at = (fraction: string): string => `2024-05-01T10:00:00.${fraction}Z`
  provider.setRows([
    { id: 1, 'a b': 1, at: at('000000000') },
    { id: 2, 'a b': 2, at: at('123456789') },
  ])
  for (const until of [at('200000000'), at('300000000')])
    assert.equal((await harness.run({ from: at('100000000'), until })).status, 'complete')
  const columns = Object.keys((await harness.query('SELECT * FROM api.rows'))[0] ?? {})
  assert.equal((await harness.run()).status, 'complete')
  assert.deepEqual(await ids(harness), [1, 2])
  assert.deepEqual(Object.keys((await harness.query('SELECT * FROM api.rows'))[0] ?? {}), columns)
})

const spelled: readonly (readonly [name: string, earlier: unknown, later: unknown])[] = [
  ['in RFC 2822', 'Wed, 01 May 2024 10:00:00 GMT', 'Thu, 02 May 2024 10:00:00 GMT'],
  ['with an offset of hours', '2024-05-01T12:00:00+02', '2024-05-02T12:00:00+02'],
  ['as /Date()/', '/Date(1714557600000)/', '/Date(1714644000000)/'],
  ['as an epoch', 1714557600, 1714644000],
  ['as an epoch of milliseconds', 1714557600000, 1714644000000],
  ['as an epoch of microseconds', 1714557600000000, 1714644000000000],
  ['as an epoch in a text', '1714557600', '1714644000'],
]

for (const [name, earlier, later] of spelled)
  test(`a version begins at its cursor, also where that is spelled ${name}`, async () => {
    await using provider = await startProvider({ rows: [], pageSize: 7 })
    using harness = createHarness(provider.url)
    harness.connector = stream('    write: scd2\n    incremental: { cursor: at }\n')
    for (const [label, at] of [
      ['a', earlier],
      ['b', later],
    ] as const) {
      provider.setRows([{ id: 1, label, at }])
      assert.equal((await harness.run()).status, 'complete')
    }
    const versions = await harness.query(
      'SELECT label, epoch(_valid_from) AS begun, epoch(_valid_to) AS ended FROM api.rows ORDER BY _valid_from',
    )
    assert.deepEqual(
      versions.map(({ label, begun, ended }) => [label, Number(begun), ended === null ? null : Number(ended)]),
      [
        ['a', 1714557600, 1714644000],
        ['b', 1714644000, null],
      ],
    )
  })
