import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProvider } from '../support/provider.ts'
import { slicedRows, startSlicedProvider, timeOf } from '../support/sliced-provider.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (rest = ''): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
    write: append
    incremental: { cursor: updated_at }
${rest}`

/** Rows of one day, more than a checkpoint has room for. */
const events = (count: number) => Array.from({ length: count }, (_, n) => ({ n, updated_at: '2024-01-01' }))

const many = 12_000

async function countOf(harness: Harness, what = '*'): Promise<number> {
  const [row] = await harness.query(`SELECT count(${what}) AS n FROM api.rows`)
  return Number(row?.['n'])
}

async function chunksOf(harness: Harness): Promise<{ readonly rows: number; readonly bytes: number }> {
  const [row] = await harness.query(
    "SELECT count(*) AS rows, coalesce(sum(length(progress::VARCHAR)), 0) AS bytes FROM api._headrace_slices WHERE slice LIKE 'marks%'",
  )
  return { rows: Number(row?.['rows']), bytes: Number(row?.['bytes']) }
}

async function largestCheckpoint(harness: Harness): Promise<number> {
  const [row] = await harness.query('SELECT max(length(checkpoint::VARCHAR)) AS n FROM api._headrace_commits')
  return Number(row?.['n'])
}

async function runToEnd(harness: Harness, request: Record<string, unknown> = {}): Promise<number> {
  let rows = 0
  for (let runs = 0; runs < 20; runs++) {
    const { status, first } = await harness.run({ limit: 5_000, ...(runs === 0 && request) })
    rows += first.rows
    if (status === 'complete') return rows
    assert.equal(status, 'handed_over')
  }
  return assert.fail('the listing does not end')
}

test('more rows of one cursor than a checkpoint has room for are known all the same, also where runs are cut short', async () => {
  await using provider = await startProvider({ rows: events(many), pageSize: 1_000 })
  using harness = createHarness(provider.url)
  harness.connector = stream()
  assert.equal(await runToEnd(harness), many)
  assert.equal(await runToEnd(harness), 0)
  provider.setRows(events(many + 10))
  assert.equal(await runToEnd(harness), 10)
  assert.equal(await countOf(harness, 'DISTINCT n'), many + 10)
  assert.equal(await countOf(harness), many + 10)
  assert.ok((await largestCheckpoint(harness)) < 40_000)

  // What no listing needs any more goes.
  const { bytes } = await chunksOf(harness)
  for (let run = 0; run < 3; run++) assert.equal(await runToEnd(harness), 0)
  assert.ok((await chunksOf(harness)).bytes <= bytes + 500)
  provider.setRows([{ n: -1, updated_at: '2024-02-01' }])
  assert.equal(await runToEnd(harness), 1)
  const left = await chunksOf(harness)
  assert.ok(left.rows > 0 && left.bytes < 1_000)
})

test('a full refresh that is cut short knows the rows that it has put aside', async () => {
  await using provider = await startProvider({ rows: events(many), pageSize: 1_000 })
  using harness = createHarness(provider.url)
  harness.connector = stream()
  await harness.run()
  assert.equal(await runToEnd(harness, { full_refresh: true }), many)
  assert.equal(await countOf(harness), many)
  assert.equal((await harness.run()).first.rows, 0)
})

test('a listing that has to start again keeps what is known, and takes the chunks of what it takes back for none', async () => {
  await using provider = await startProvider({ rows: events(many), pageSize: 1_000 })
  using harness = createHarness(provider.url)
  harness.connector = stream()
  await harness.run()
  provider.setRows(events(2 * many))
  assert.equal((await harness.run({ limit: 5_000 })).status, 'handed_over')
  // Another request makes another listing.
  harness.connector = stream('    headers: { x-fields: all }\n')
  await harness.run()
  assert.equal(await countOf(harness, 'DISTINCT n'), 2 * many)
  assert.equal(await countOf(harness), 2 * many)
})

test('the marks of one cursor for all slices go on as those of each', async () => {
  await using provider = await startSlicedProvider(1_000)
  using harness = createHarness(provider.url)
  const rowsOf = (p: string, count: number) =>
    Array.from({ length: count }, (_, n) => ({ id: `${p}-${n}`, at: timeOf(1) }))
  for (const p of ['a', 'b']) provider.rows.set(p, rowsOf(p, many / 2))
  const file = (per: string) => `streams:
  - name: rows
    path: /rows/{{ partition.p }}
    partitions: { p: [a, b] }
    params: { since: "{{ cursor }}" }
    rows: $.data[*]
    paginator: { type: page_number }
    write: append
    incremental: { cursor: at, per: ${per} }
`
  harness.connector = file('stream')
  await harness.run()
  harness.connector = file('slice')
  provider.rows.set('b', rowsOf('b', many))
  const { first } = await harness.run({ limit: 1 })
  assert.ok(first.warnings.some(({ code }) => code === 'SLICES_SPLIT'))
  await runToEnd(harness)
  await harness.run()
  assert.equal(await countOf(harness, 'DISTINCT id'), many * 1.5)
  assert.equal(await countOf(harness), many * 1.5)
  provider.rows.set('a', [...rowsOf('a', many / 2), ...slicedRows('a', 5, 6)])
  assert.equal((await harness.run()).first.rows, 1)
})

test('a chunk that is gone stops the stream, as its rows would come twice', async () => {
  await using provider = await startProvider({ rows: events(many), pageSize: 1_000 })
  using harness = createHarness(provider.url)
  harness.connector = stream()
  await harness.run()
  await harness.query("DELETE FROM api._headrace_slices WHERE slice LIKE 'marks%'")
  assert.equal((await harness.run()).first.error?.code, 'STATE_MISMATCH')
})
