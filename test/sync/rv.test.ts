import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRow, makeRows, startProvider } from '../support/provider.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (rest: string): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest}`
async function ids(harness: Harness): Promise<number[]> {
  return (await harness.query('SELECT id FROM api.rows ORDER BY id')).map(({ id }) => Number(id))
}
const all = (n: number) => makeRows(n).map(({ id }) => id)

test('A refresh of append, then boundary', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at }\n`)
  await harness.run()
  await harness.run({ full_refresh: true })
  await harness.run()
  assert.deepEqual(await ids(harness), all(10))
})
test('B interrupted refresh of append, place expires', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at }\n`)
  await harness.run()
  await harness.run({ full_refresh: true, limit: 5 })
  provider.setFault(({ page, at }) => page === 2 && at === 0 ? ({ response }) => void response.writeHead(410).end('{}') : undefined)
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
  assert.deepEqual(await ids(harness), all(20))
})
test('C replace with a type that changes', async () => {
  await using provider = await startProvider({ rows: makeRows(3, 0).map((r) => ({ ...r, v: 'abc' })), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    write: replace\n`)
  await harness.run()
  provider.setRows(makeRows(3).map((r) => ({ ...r, v: 5 })))
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
})
test('C2 replace with a type that widens', async () => {
  await using provider = await startProvider({ rows: makeRows(3, 0).map((r) => ({ ...r, v: 5 })), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    write: replace\n`)
  await harness.run()
  provider.setRows(makeRows(3).map((r) => ({ ...r, v: 'abc' })))
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
  console.log(await harness.query('DESCRIBE api.rows'))
})
test('D partitions with order desc', async () => {
  await using provider = await startProvider({ rows: makeRows(10).toReversed(), pageSize: 2 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { p: "{{ partition.p }}" }\n    partitions: { p: [a, b] }\n    incremental: { cursor: updated_at, order: desc, start: "${String(makeRow(5)['updated_at'])}" }\n    write: append\n`)
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
  const found = await ids(harness)
  assert.equal(found.filter((id) => id === 10).length, 2)
})
test('E replace interrupted, then append', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    write: replace\n`)
  await harness.run({ limit: 10 })
  harness.connector = stream(`    write: append\n`)
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
  assert.deepEqual(await ids(harness), all(20))
})
test('E2 append interrupted, then replace', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    write: append\n`)
  await harness.run({ limit: 10 })
  harness.connector = stream(`    write: replace\n`)
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
  assert.deepEqual(await ids(harness), all(20))
})
test('F backfill names', async () => {
  const mk = (n: number, from: number) => makeRows(n, from).map((r) => ({ ...r, 'first name': 'x' }))
  await using provider = await startProvider({ rows: mk(10, 0), pageSize: 5 })
  using harness = createHarness(provider.url)
  const at = (index: number): string => String(makeRow(index)['updated_at'])
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at, start: "${at(5)}" }\n    primary_key: [id]\n`)
  await harness.run()
  await harness.run({ from: at(0), until: at(5) })
  const cols = (await harness.query('DESCRIBE api.rows')).map((c) => c['column_name'])
  console.log(cols)
  assert.equal(cols.filter((c) => String(c).startsWith('first')).length, 1)
})
test('G seen grows', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 100 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at, lookback: PT20S }\n    write: append\n`)
  for (let n = 10; n <= 200; n += 10) { provider.setRows(makeRows(n)); const r = await harness.run(); assert.equal(r.status, 'complete', r.first.error?.message) }
  const [row] = await harness.query(`SELECT checkpoint FROM api._headrace_commits ORDER BY seq DESC LIMIT 1`)
  const n = JSON.parse(String(row?.['checkpoint'])).seen.hashes.length
  assert.ok(n < 50, `${n}`)
  assert.deepEqual(await ids(harness), all(200))
})
test('H full refresh with from/until', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  const at = (index: number): string => String(makeRow(index)['updated_at'])
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at }\n    primary_key: [id]\n`)
  await harness.run()
  await harness.run({ full_refresh: true, from: at(0), until: at(5) }).catch((e: Error) => console.log(e.message))
  assert.deepEqual(await ids(harness), all(20))
})
test('I merge with a cursor that is always null', async () => {
  await using provider = await startProvider({ rows: makeRows(4).map((r) => ({ ...r, updated_at: null })), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    incremental: { cursor: updated_at }\n    primary_key: [id]\n`)
  await harness.run()
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
})
test('J nested big cursor', async () => {
  await using provider = await startProvider({ rows: [], pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    incremental: { cursor: m.v }\n    write: append\n    paginator: { type: none }\n`).replace('    paginator: { type: page_number }\n', '')
  provider.setFault(() => ({ response }) => void response.writeHead(200).end('{"data":[{"id":1,"m":{"v":9007199254740993}}]}'))
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
  assert.equal(r.first.cursor.to, '9007199254740993')
})
test('K max_pages of a child listing, resumed', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 2 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { p: "{{ partition.p }}" }\n    partitions: { p: [a, b] }\n    max_pages: 3\n    write: append\n`)
  for (let i = 0; i < 20; i++) if ((await harness.run({ limit: 2 })).status === 'complete') break
  assert.equal((await ids(harness)).length, 12)
})
test('L replace with incremental', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at }\n    write: replace\n`)
  await harness.run()
  const r = await harness.run()
  assert.equal(r.status, 'complete', r.first.error?.message)
  assert.deepEqual(await ids(harness), all(10))
})
