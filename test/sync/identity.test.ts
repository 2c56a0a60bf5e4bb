import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { makeRow, makeRows, startProvider } from '../support/provider.ts'
import { appendOne, createBatch, createPlan } from '../destinations/batch.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (...rest: readonly string[]): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest.map((line) => `    ${line}\n`).join('')}`

const since = 'params: { updated_since: "{{ cursor }}" }'
const cursor = 'incremental: { cursor: updated_at }'
const key = 'primary_key: [id]'
const idsOf = (count: number): unknown[] => makeRows(count).map(({ id }) => id)

async function ids(harness: Harness): Promise<number[]> {
  return (await harness.query('SELECT id FROM api.rows ORDER BY id')).map(({ id }) => Number(id))
}

async function complete(harness: Harness, request = {}): Promise<void> {
  const record = await harness.run(request)
  assert.equal(record.status, 'complete', record.first.error?.message)
}

async function refused(harness: Harness, words: RegExp, request = {}): Promise<void> {
  const record = await harness.run(request)
  assert.equal(record.first.error?.code, 'STATE_MISMATCH', JSON.stringify(record.first))
  assert.match(record.first.error.message, words)
  assert.equal(record.first.requests, 0)
}

suite('a cursor goes on only for what it is a cursor of', () => {
  const changes: readonly (readonly [
    what: string,
    before: readonly string[],
    after: readonly string[],
    words: RegExp,
  ])[] = [
    [
      'another cursor field',
      [since, cursor, key],
      [since, 'incremental: { cursor: id }', key],
      /the cursor was updated_at and is id; .*--full-refresh.*headrace state set api rows "2024/,
    ],
    [
      'a filter with another value',
      ['params: { updated_since: "{{ cursor }}", state: open }', cursor, key],
      ['params: { updated_since: "{{ cursor }}", state: all }', cursor, key],
      /params\.state has another value/,
    ],
    [
      'a filter that is taken out',
      ['params: { updated_since: "{{ cursor }}", state: open }', cursor, key],
      [since, cursor, key],
      /params\.state was taken out/,
    ],
    [
      'a filter in the body',
      [since, cursor, key, 'method: POST', 'body: { state: open }'],
      [since, cursor, key, 'method: POST', 'body: { state: all }'],
      /body\.state has another value/,
    ],
    [
      'the rows of another tenant',
      [since, cursor, key, 'headers: { X-Tenant-Id: a }'],
      [since, cursor, key, 'headers: { X-Tenant-Id: b }'],
      /headers\.X-Tenant-Id has another value/,
    ],
    ['a corrected key', [since, cursor, 'primary_key: [name]'], [since, cursor, key], /primary_key was name and is id/],
    [
      'merge switched to append',
      [since, cursor, key],
      [since, cursor, key, 'write: append'],
      /write was merge and is append/,
    ],
    ['append switched to merge', [since, cursor], [since, cursor, key], /write was append and is merge/],
    ['append that gets a cursor', [], [since, cursor], /the cursor was not set and is updated_at/],
    [
      'a lookback raised in append',
      [since, cursor],
      [since, 'incremental: { cursor: updated_at, lookback: PT20S }'],
      /lookback .* was 0 s and is 20 s/,
    ],
    ['another table', [since, cursor, key], [since, cursor, key, 'table: others'], /table was rows and is others/],
    [
      'partitions',
      [since, cursor, key],
      [since, cursor, key, 'partitions: { region: [eu, us] }', 'headers: { x-region: "{{ partition.region }}" }'],
      /was not set and is partitions region/,
    ],
  ]
  for (const [what, before, after, words] of changes) {
    test(`${what}: nothing is asked, and --full-refresh goes on`, async () => {
      await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
      using harness = createHarness(provider.url)
      harness.connector = stream(...before)
      await complete(harness)
      harness.connector = stream(...after)
      await refused(harness, words)
      if (/others/.test(after.join(''))) return
      await complete(harness, { full_refresh: true })
      if (/partitions/.test(after.join(''))) return
      assert.deepEqual(await ids(harness), idsOf(10))
      await complete(harness)
      assert.deepEqual(await ids(harness), idsOf(10))
    })
  }

  test('another path', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor, key)
    await complete(harness)
    harness.connector = harness.connector.replace('path: /rows', 'path: /v2/rows/')
    await refused(harness, /the address was 127\.0\.0\.1:\d+\/rows and is 127\.0\.0\.1:\d+\/v2\/rows/)
    harness.connector = harness.connector.replace('path: /v2/rows/', 'path: rows')
    await complete(harness)
  })

  test('from the sandbox to production', async () => {
    await using sandbox = await startProvider({ rows: makeRows(10), pageSize: 5 })
    await using production = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(sandbox.url)
    harness.connector = stream(since, cursor, key)
    await complete(harness)
    harness.baseUrl = production.url
    await refused(harness, /the address was 127\.0\.0\.1:\d+\/rows and is/)
    assert.equal(production.received.length, 0)
    harness.baseUrl = sandbox.url
    await complete(harness)
  })

  for (const [what, before, after] of [
    ['a larger page', [since, cursor, key], ['params: { updated_since: "{{ cursor }}", per_page: 5 }', cursor, key]],
    ['another header', [since, cursor, key], [since, cursor, key, 'headers: { accept-language: de }']],
    ['another paginator', [since, cursor, key], [since, cursor, key, 'max_pages: 50']],
    ['merge that becomes insert_only', [since, cursor, key], [since, cursor, key, 'write: insert_only']],
    ['a merge that becomes a history', [since, cursor, key], [since, cursor, key, 'write: scd2']],
    ['append that becomes replace', [since, cursor], [since, cursor, 'write: replace']],
    [
      'a lookback raised in merge',
      [since, cursor, key],
      [since, 'incremental: { cursor: updated_at, lookback: PT20S }', key],
    ],
    ['an end', [since, cursor, key], [since, 'incremental: { cursor: updated_at, end: "2030-01-01" }', key]],
  ] as const) {
    test(`harmless: ${what}`, async () => {
      await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
      using harness = createHarness(provider.url)
      harness.connector = stream(...before)
      await complete(harness)
      provider.setRows(makeRows(12))
      harness.connector = stream(...after)
      await complete(harness)
      assert.deepEqual(await ids(harness), idsOf(12))
    })
  }

  test('what the table does not follow is a warning', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, 'incremental: { cursor: updated_at, start: "2024-01-01" }', key)
    await complete(harness)
    harness.connector = stream(
      since,
      'incremental: { cursor: updated_at, start: "2023-01-01" }',
      key,
      'columns: { name: { drop: true }, amount: { rename: price } }',
    )
    const { status, first } = await harness.run()
    assert.equal(status, 'complete')
    assert.deepEqual(
      first.warnings.map(({ code }) => code),
      ['STATE_CHANGED', 'STATE_CHANGED', 'STATE_CHANGED'],
    )
    assert.match(
      first.warnings.map(({ message }) => message).join('\n'),
      /start was 2024-01-01 and is 2023-01-01.*\n.*name is dropped.*\n.*the column of amount was amount and is price/,
    )
    // The earlier rows were not read by that either, while the columns are what they are now.
    assert.equal((await harness.run()).first.warnings.length, 1)
  })
})

suite('an interrupted listing', () => {
  test('of a refresh starts again where the key was corrected', async () => {
    const rows = makeRows(20).map((row, at) => ({ ...row, name: `row ${at % 5}` }))
    await using provider = await startProvider({ rows, pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor, 'primary_key: [name]')
    await complete(harness)
    await harness.run({ full_refresh: true, limit: 10 })
    harness.connector = stream(since, cursor, key)
    await complete(harness)
    assert.deepEqual(await ids(harness), idsOf(20))
  })

  test('starts again where a column is to be dropped', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream('write: replace')
    await harness.run({ limit: 10 })
    harness.connector = stream('write: replace', 'columns: { name: { drop: true } }')
    await complete(harness)
    const columns = (await harness.query('DESCRIBE api.rows')).map(({ column_name }) => column_name)
    assert.ok(!columns.includes('name'), columns.join())
    assert.deepEqual(await ids(harness), idsOf(20))
  })
})

suite('a table', () => {
  test('that was dropped by hand is missed before anything is asked', async () => {
    for (const rest of [[], [key]]) {
      await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
      using harness = createHarness(provider.url)
      harness.connector = stream(since, cursor, ...rest)
      await complete(harness)
      await harness.query('DROP TABLE api.rows')
      await refused(harness, /Table rows is gone, although stream rows of api stands at "2024.*--full-refresh/)
      await complete(harness, { full_refresh: true })
      assert.deepEqual(await ids(harness), idsOf(10))
    }
  })

  test('belongs to one connector, also where two share a schema', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.name = 'acme-eu'
    harness.connector = stream(since, cursor, key)
    await complete(harness)
    harness.name = 'acme_eu'
    await refused(harness, /the connector was acme-eu and is acme_eu/)
    await refused(harness, /write to another schema/, { full_refresh: true })
    harness.connector = stream(since, cursor, key, 'table: rows').replace('name: rows', 'name: others')
    await refused(harness, /Table rows of stream others of acme_eu belongs to connector acme-eu/)
    harness.connector = stream(since, cursor, key).replace('name: rows', 'name: others')
    await complete(harness)
  })

  test('in append is not filled again by a stream that was renamed', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor, 'table: events')
    await complete(harness)
    harness.connector = harness.connector.replace('name: rows', 'name: renamed')
    await refused(harness, /holds the rows of stream rows, which the connector no longer has/)
  })
})

suite('the version of a checkpoint', () => {
  const patch = (json: string): string =>
    `UPDATE api._headrace_commits SET checkpoint = json_merge_patch(checkpoint, '${json}') WHERE seq = (SELECT max(seq) FROM api._headrace_commits)`

  test('1, which says nothing of its source, is taken as it is and becomes 2', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor)
    await complete(harness)
    await harness.query(patch('{"version": null, "identity": null, "stored": null}'))
    provider.setRows([...makeRows(10), makeRow(10)])
    await complete(harness)
    assert.deepEqual(await ids(harness), idsOf(11))
    harness.connector = stream(since, 'incremental: { cursor: id }')
    await refused(harness, /the cursor was updated_at and is id/)
  })

  test('of a newer headrace is refused', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor, key)
    await complete(harness)
    await harness.query(patch('{"version": 4}'))
    await refused(harness, /written by a newer headrace \(format 4, this one reads up to 3\)/)
    await refused(harness, /newer headrace/, { full_refresh: true })
  })
})

test('of a value of the environment in a path the state has a hash, and a state that was saved in clear goes on', async () => {
  const account = 'acct-7f3k9q2m5x'
  await using provider = await startProvider({ rows: makeRows(5), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(since, cursor, key).replace('/rows', '"/rows/{{ env.ACCOUNT }}"')
  const run = async (value: string) => (await harness.run({}, { env: { ACCOUNT: value } })).first
  assert.equal((await run(account)).status, 'complete')
  {
    await using destination = await harness.open()
    const { seq, checkpoint } = await destination.readPosition('rows')
    assert.ok(checkpoint.identity && !JSON.stringify(checkpoint).includes(account), JSON.stringify(checkpoint))
    const source = `${provider.url.replace('http://', '')}/rows/${account}`
    const position = { seq, checkpoint }
    await using table = await destination.openTable(createPlan({ stream: 'rows', table: 'rows', position }))
    const identity = { ...checkpoint.identity, source }
    await appendOne(table, createBatch(seq + 1, [], { columns: [], checkpoint: { ...checkpoint, identity } }))
  }
  assert.equal((await run(account)).status, 'complete')
  const { error } = await run('acct-another-one')
  assert.equal(error?.code, 'STATE_MISMATCH')
  assert.ok(!error.message.includes('acct-'), error.message)
})
