import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRow, makeRows, startProvider } from '../support/provider.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (...rest: readonly string[]): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest.map((line) => `    ${line}\n`).join('')}`

const since = 'params: { updated_since: "{{ cursor }}" }'
const cursor = 'incremental: { cursor: updated_at }'
const at = (index: number): string => String(makeRow(index)['updated_at'])
const idsOf = (count: number): unknown[] => makeRows(count).map(({ id }) => id)

async function ids(harness: Harness): Promise<number[]> {
  return (await harness.query('SELECT id FROM api.rows ORDER BY id')).map(({ id }) => Number(id))
}

async function complete(harness: Harness, request = {}): Promise<void> {
  const record = await harness.run(request)
  assert.equal(record.status, 'complete', record.first.error?.message)
}

test('an append stream that was refreshed knows the rows at its cursor', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(since, cursor)
  await complete(harness)
  assert.equal((await harness.run({ full_refresh: true, limit: 5 })).status, 'handed_over')
  await complete(harness)
  await complete(harness)
  assert.deepEqual(await ids(harness), idsOf(10))
})

for (const why of ['its saved page has expired', 'the connector asks for something else']) {
  test(`a full refresh that was cut short stays one where ${why}`, async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor)
    await complete(harness)
    await harness.run({ full_refresh: true, limit: 5 })
    if (why.startsWith('the')) harness.connector = stream(since, cursor, 'body: { a: 1 }', 'method: POST')
    else
      provider.setFault(({ page, at: asked }) =>
        page === 2 && asked === 0 ? ({ response }) => void response.writeHead(410).end('{}') : undefined,
      )
    await complete(harness)
    assert.deepEqual(await ids(harness), idsOf(20))
  })
}

test('replace holds all rows also where the stream has a cursor', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(since, cursor, 'write: replace')
  await complete(harness)
  await complete(harness)
  assert.deepEqual(await ids(harness), idsOf(10))
})

for (const [before, after, type] of [
  ['abc', 5, 'BIGINT'],
  [5, 'abc', 'VARCHAR'],
  [0.5, 5, 'DOUBLE'],
] as const) {
  test(`a table that is replaced takes the types of its new rows: ${before}, then ${after}`, async () => {
    await using provider = await startProvider({ rows: makeRows(3).map((row) => ({ ...row, v: before })), pageSize: 2 })
    using harness = createHarness(provider.url)
    harness.connector = stream('write: replace')
    await complete(harness)
    provider.setRows(makeRows(3).map(({ id }) => ({ id, ...(id !== 1 && { v: after }) })))
    assert.equal((await harness.run({ limit: 2 })).status, 'handed_over')
    await complete(harness)
    const columns = await harness.query('DESCRIBE api.rows')
    assert.equal(columns.find(({ column_name }) => column_name === 'v')?.['column_type'], type)
    assert.ok(
      columns.some(({ column_name }) => column_name === 'amount'),
      'columns of the table before are kept',
    )
    assert.deepEqual(await ids(harness), idsOf(3))
  })
}

for (const [before, after] of [
  ['replace', 'append'],
  ['append', 'replace'],
]) {
  test(`a listing that was begun as ${before} does not go on as ${after}`, async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(`write: ${before}`)
    await harness.run({ limit: 10 })
    harness.connector = stream(`write: ${after}`)
    await complete(harness)
    assert.deepEqual(await ids(harness), idsOf(20))
  })
}

test('a backfill writes into the columns of its stream, whatever they are named after', async () => {
  const rows = (count: number, from: number) =>
    makeRows(count, from).map((row) => ({ ...row, 'first name': 'x', amount: from === 0 ? 'none' : 1 }))
  await using provider = await startProvider({ rows: [...rows(5, 0), ...rows(5, 5)], pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(since, 'incremental: { cursor: updated_at, start: "2024-01-01" }', 'primary_key: [id]')
  await complete(harness)
  const columns = await harness.query('DESCRIBE api.rows')
  await complete(harness, { from: at(0), until: at(5) })
  assert.deepEqual(await harness.query('DESCRIBE api.rows'), columns)
})

test('a backfill is no full refresh, which would replace the table by its range', async () => {
  await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(since, cursor, 'primary_key: [id]')
  await assert.rejects(harness.run({ full_refresh: true, from: at(0), until: at(5) }), /full_refresh/)
})

test('what an append stream remembers does not grow beyond its lookback', async () => {
  await using provider = await startProvider({ rows: [], pageSize: 100 })
  using harness = createHarness(provider.url)
  harness.connector = stream(since, 'incremental: { cursor: updated_at, lookback: PT20S }')
  for (let count = 10; count <= 100; count += 10) {
    provider.setRows(makeRows(count))
    await complete(harness)
  }
  const [last] = await harness.query(
    `SELECT json_array_length(checkpoint, '$.seen.marks') AS remembered FROM api._headrace_commits ORDER BY seq DESC LIMIT 1`,
  )
  assert.equal(Number(last?.['remembered']), 21)
  assert.deepEqual(await ids(harness), idsOf(100))
})

test('rows whose cursor is always null are merged by their key alone', async () => {
  await using provider = await startProvider({
    rows: makeRows(4).map((row) => ({ ...row, updated_at: null })),
    pageSize: 5,
  })
  using harness = createHarness(provider.url)
  harness.connector = stream(cursor, 'primary_key: [id]')
  await complete(harness)
  await complete(harness)
  assert.deepEqual(await ids(harness), idsOf(4))
})

test('a cursor beyond 2^53 inside of an object stays exact', async () => {
  await using provider = await startProvider({ rows: [], pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream('incremental: { cursor: meta.version }')
  provider.setFault(({ page }) => ({ response }) => {
    response.end(page > 1 ? '{"data":[]}' : '{"data":[{"id":1,"meta":{"version":9007199254740993}}]}')
  })
  assert.equal((await harness.run()).first.cursor.to, '9007199254740993')
})
