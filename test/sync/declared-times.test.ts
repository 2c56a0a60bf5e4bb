import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createHarness } from './harness.ts'

async function servePages(t: TestContext, pages: readonly (readonly object[])[]): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const page = Number(new URL(url, 'http://a').searchParams.get('page') ?? 1)
    response.end(JSON.stringify({ data: pages[page - 1] ?? [], pages: pages.length }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const stream = (more: string): string =>
  `streams: [{ name: rows, path: /rows, rows: '$.data[*]', primary_key: [id], paginator: { type: page_number, size: 4, total_pages: $.pages }, ${more} }]\n`

test('declared times land in their columns, whatever their spelling', async (t) => {
  const rows = [
    { id: 1, at: 'Wed, 31 Jan 2024 10:00:00 GMT', on: '01/31/2024', seen: '31.01.2024 11:00' },
    { id: 2, at: 1706695200.123456, on: '1/31/2024', seen: '31.01.2024 12:00' },
    { id: 3, at: '/Date(1706695200000)/', on: null, seen: '31.07.2024 11:00' },
  ]
  using harness = createHarness(await servePages(t, [rows]))
  harness.connector = stream(
    'columns: { at: { type: timestamp }, on: { type: date, format: "%m/%d/%Y" }, seen: { type: timestamp, format: "%d.%m.%Y %H:%M", time_zone: Europe/Berlin } }',
  )
  const { first } = await harness.run()
  assert.deepEqual([first.status, first.warnings], ['complete', []])
  const read = await harness.query(
    'SELECT epoch_us("at") AS at, CAST("on" AS TEXT) AS day, epoch_us(seen) AS seen FROM api.rows ORDER BY id',
  )
  assert.deepEqual(
    read.map(({ at, day, seen }) => [String(at), day, String(seen)]),
    [
      ['1706695200000000', '2024-01-31', '1706695200000000'],
      ['1706695200123456', '2024-01-31', '1706698800000000'],
      ['1706695200000000', null, '1722416400000000'],
    ],
  )
})

test('the declared column of a cursor is spelled as the cursor is', async (t) => {
  using harness = createHarness(await servePages(t, [[{ id: 1, at: '31.01.2024 11:00' }]]))
  harness.connector = stream(
    'incremental: { cursor: at, format: "%d.%m.%Y %H:%M", time_zone: Europe/Berlin }, columns: { at: { type: timestamp } }',
  )
  const { first } = await harness.run()
  assert.deepEqual([first.status, first.warnings], ['complete', []])
  const columns = await harness.query("SELECT column_name FROM information_schema.columns WHERE column_name LIKE 'at%'")
  assert.deepEqual(columns, [{ column_name: 'at' }])
  const [row] = await harness.query('SELECT epoch_us("at") AS at FROM api.rows')
  assert.equal(String(row?.['at']), '1706695200000000')
})

test('a declared type that most values do not fit is a warning, once, with their shape and number', async (t) => {
  const page = (first: number, at: readonly unknown[]) => at.map((value, index) => ({ id: first + index, at: value }))
  const pages = [
    page(1, ['2024-01-31', null, null, '31.01.2024 kl. 10']),
    page(5, ['31.01.2024 kl. 11', null, null, null]),
    page(9, ['31.01.2024 kl. 12', 'x', 'x', 'x']),
  ]
  using harness = createHarness(await servePages(t, pages))
  harness.connector = stream('columns: { at: { type: date } }')
  const { first } = await harness.run()
  assert.equal(first.status, 'complete')
  const misfits = first.warnings.filter(({ code }) => code === 'TYPE_MISFIT').map(({ message }) => message)
  assert.equal(misfits.length, 1)
  assert.match(misfits[0] ?? '', /2 of 3 values of at do not fit .* date.* 99\.99\.9999 AA\. 99 .*format/)
})

test('a few values that do not fit a declared type are no warning', async (t) => {
  const rows = [1, 2, 'three', 4].map((count, id) => ({ id, count }))
  using harness = createHarness(await servePages(t, [rows]))
  harness.connector = stream('columns: { count: { type: integer } }')
  assert.deepEqual((await harness.run()).first.warnings, [])
})
