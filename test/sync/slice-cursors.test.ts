import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseConnector } from '../../src/connector/load.ts'
import { editState } from '../../src/run/edit-state.ts'
import { type SlicedProvider, slicedRows, startSlicedProvider, timeOf } from '../support/sliced-provider.ts'
import { createHarness, type Harness } from './harness.ts'

const partitioned = (names: readonly string[], rest: string): string => `streams:
  - name: rows
    path: /rows/{{ partition.p }}
    params: { since: "{{ cursor }}" }
    partitions: { p: [${names.join(', ')}] }
    rows: $.data[*]
    paginator: { type: page_number }
${rest}`

const children = (rest: string): string => `streams:
  - name: parents
    path: /parents
    rows: $.data[*]
    paginator: { type: page_number }
  - name: rows
    path: /rows/{{ parent.p }}
    params: { since: "{{ cursor }}" }
    parent: { stream: parents, include: { p: id } }
    rows: $.data[*]
    paginator: { type: page_number }
${rest}`

const writes = {
  append: '    write: append\n    incremental: { cursor: at }\n',
  merge: '    primary_key: [id]\n    incremental: { cursor: at }\n',
}

async function ids(harness: Harness): Promise<string[]> {
  return (await harness.query('SELECT id FROM api.rows ORDER BY id')).map(({ id }) => String(id))
}

async function cursors(harness: Harness): Promise<Record<string, unknown>> {
  const rows = await harness.query(
    `SELECT slice, progress->>'done' AS done FROM api._headrace_slices QUALIFY row_number() OVER (PARTITION BY slice ORDER BY seq DESC) = 1`,
  )
  return Object.fromEntries(
    rows.map(({ slice, done }) => [Object.values(JSON.parse(String(slice)) as object)[0], done]),
  )
}

const allOf = (provider: SlicedProvider): string[] =>
  [...provider.rows.values()].flatMap((rows) => rows.map(({ id }) => id)).toSorted()

const complete = async (harness: Harness, request: Record<string, unknown> = {}) => {
  const record = await harness.run({ streams: ['rows'], ...request })
  assert.equal(record.status, 'complete', record.first.error?.message)
  return record
}

for (const write of ['append', 'merge'] as const) {
  test(`a slice that is added, or slow, is read from where it stands itself (${write})`, async () => {
    await using provider = await startSlicedProvider(3)
    using harness = createHarness(provider.url)
    provider.rows.set('a', slicedRows('a', 5, 12)).set('b', slicedRows('b', 0, 2))
    harness.connector = partitioned(['a', 'b'], writes[write])
    const first = await complete(harness)
    assert.equal(first.first.cursor.to, timeOf(11))
    assert.deepEqual(await cursors(harness), { a: timeOf(11), b: timeOf(1) })
    provider.rows.set('b', slicedRows('b', 0, 4)).set('c', slicedRows('c', 0, 5))
    harness.connector = partitioned(['a', 'b', 'c'], writes[write])
    provider.asked = []
    await complete(harness)
    assert.deepEqual(
      provider.asked.filter(({ page }) => page === 1).map(({ slice, since }) => [slice, since]),
      [
        ['a', timeOf(11)],
        ['b', timeOf(1)],
        ['c', null],
      ],
    )
    assert.deepEqual(await ids(harness), allOf(provider))
    assert.equal((await complete(harness)).first.rows, write === 'append' ? 0 : 3)
  })
}

test('parents that come and grow, stopped and failing anywhere, in append and merge: every row once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ before: fc.nat(7), later: fc.nat(4) }), { minLength: 1, maxLength: 5 }),
      fc.array(
        fc.record({ limit: fc.integer({ min: 1, max: 9 }), fail: fc.nat(20), status: fc.constantFrom(410, 400) }),
        {
          maxLength: 5,
        },
      ),
      fc.constantFrom('append', 'merge'),
      fc.constantFrom(1, 3),
      async (sizes, stops, write, concurrency) => {
        await using provider = await startSlicedProvider(2)
        using harness = createHarness(provider.url)
        harness.connector = `rate_limit: { concurrency: ${concurrency} }\n${children(`${writes[write as 'append']}    errors: [{ status: 410, then: restart_listing }]\n`)}`
        for (const [round, count] of [Math.ceil(sizes.length / 2), sizes.length].entries()) {
          provider.parents = Array.from({ length: count }, (_, at) => ({ id: `p${at}` }))
          sizes.slice(0, count).forEach(({ before, later }, at) => {
            provider.rows.set(`p${at}`, slicedRows(`p${at}`, 0, before + (round === 0 ? 0 : later)))
          })
          for (const { limit, fail, status } of stops) {
            let left = fail
            provider.fault = (_, response) =>
              left-- === 0 && Boolean(response.writeHead(status, { 'content-type': 'application/json' }).end('{}'))
            const { status: ended } = await harness.run({ streams: ['rows'], limit })
            provider.fault = () => false
            if (ended === 'complete') break
          }
          await complete(harness)
          const expected = allOf(provider)
          if (expected.length > 0) assert.deepEqual(await ids(harness), expected)
        }
      },
    ),
    { numRuns: 25, endOnFailure: true },
  )
})

test('a run cut short in slice 500 of 1,000 keeps the cursors of the 499 before it, and the next one asks for none of them', async () => {
  await using provider = await startSlicedProvider(100)
  using harness = createHarness(provider.url)
  const names = Array.from({ length: 1_000 }, (_, at) => `p${at}`)
  provider.parents = names.map((id) => ({ id }))
  for (const name of names) provider.rows.set(name, slicedRows(name, 0, 1))
  harness.connector = children(writes.append)
  provider.fault = ({ slice }, response) =>
    slice === 'p499' && Boolean(response.writeHead(400, { 'content-type': 'application/json' }).end('{}'))
  assert.equal((await harness.run({ streams: ['rows'] })).status, 'failed')
  assert.equal(Object.keys(await cursors(harness)).length, 499)
  provider.fault = () => false
  provider.asked = []
  await complete(harness)
  assert.equal(provider.asked[0]?.slice, 'p499')
  assert.deepEqual(await ids(harness), allOf(provider))
  assert.equal(Object.keys(await cursors(harness)).length, 1_000)
})

test('a full refresh begins every slice again, and what it knows of them holds with its last page', async () => {
  await using provider = await startSlicedProvider(3)
  using harness = createHarness(provider.url)
  provider.rows.set('a', slicedRows('a', 0, 8)).set('b', slicedRows('b', 0, 8))
  harness.connector = partitioned(['a', 'b'], writes.append)
  await complete(harness)
  provider.rows.set('a', slicedRows('a', 0, 4)).set('b', slicedRows('b', 0, 5))
  assert.equal((await harness.run({ streams: ['rows'], full_refresh: true, limit: 4 })).status, 'handed_over')
  assert.deepEqual(await cursors(harness), { a: timeOf(7), b: timeOf(7) })
  await complete(harness)
  assert.deepEqual(await cursors(harness), { a: timeOf(3), b: timeOf(4) })
  assert.deepEqual(await ids(harness), allOf(provider))
  assert.equal((await complete(harness)).first.rows, 0)
})

test('a backfill leaves the cursors of slices alone', async () => {
  await using provider = await startSlicedProvider(3)
  using harness = createHarness(provider.url)
  provider.rows.set('a', slicedRows('a', 0, 8))
  harness.connector = partitioned(
    ['a'],
    `    primary_key: [id]\n    incremental: { cursor: at, start: "${timeOf(5)}" }\n`,
  )
  await complete(harness)
  await complete(harness, { from: timeOf(1), until: timeOf(3) })
  assert.deepEqual(await ids(harness), ['a-1', 'a-2', 'a-5', 'a-6', 'a-7'])
  assert.deepEqual(await cursors(harness), { a: timeOf(7) })
})

for (const [order, edge] of [
  ['desc', 'start'],
  ['asc', 'end'],
] as const) {
  test(`in order ${order} each slice ends where its own range does, and the next one is read`, async () => {
    await using provider = await startSlicedProvider(2)
    using harness = createHarness(provider.url)
    for (const name of ['a', 'b']) {
      const rows = slicedRows(name, 0, 12)
      provider.rows.set(name, order === 'desc' ? rows.toReversed() : rows)
    }
    harness.connector = partitioned(
      ['a', 'b'],
      `    write: append\n    incremental: { cursor: at, per: slice, order: ${order}, ${edge}: "${timeOf(6)}" }\n`,
    ).replace('    params: { since: "{{ cursor }}" }\n', '')
    await complete(harness)
    assert.equal(provider.asked.filter(({ slice }) => slice === 'a').length, 4)
    assert.equal(provider.asked.filter(({ slice }) => slice === 'b').length, 4)
    const expected = Array.from({ length: 6 }, (_, at) => at + (order === 'desc' ? 6 : 0))
    assert.deepEqual(await ids(harness), ['a', 'b'].flatMap((name) => expected.map((at) => `${name}-${at}`)).toSorted())
  })
}

test('a run with 100,000 slices that are known writes a state for those alone that have changed, in small checkpoints', async () => {
  await using provider = await startSlicedProvider(1_000)
  using harness = createHarness(provider.url)
  provider.parents = [{ id: 'p7' }, { id: 'p99999' }, { id: 'new' }]
  for (const [at, name] of ['p7', 'p99999', 'new'].entries())
    provider.rows.set(name, slicedRows(name, at === 0 ? 0 : 2, 3))
  harness.connector = children(writes.merge)
  await complete(harness)
  await harness.query(`INSERT INTO api._headrace_slices SELECT 'rows', '{"parent.p":"p' || i || '"}', '{"done":"${timeOf(2)}"}', false, 1, 'run-0', now()
    FROM range(100000) t(i) WHERE i NOT IN (7, 99999)`)
  provider.rows.set('new', slicedRows('new', 2, 5))
  await complete(harness)
  const written = await harness.query("SELECT slice FROM api._headrace_slices WHERE run_id = 'run-2'")
  assert.deepEqual(written, [{ slice: '{"parent.p":"new"}' }])
  const [all] = await harness.query('SELECT count(*) AS n FROM api._headrace_slices')
  assert.equal(Number(all?.['n']), 100_001)
  const [size] = await harness.query('SELECT max(length(checkpoint::VARCHAR)) AS n FROM api._headrace_commits')
  assert.ok(Number(size?.['n']) < 500)
})

for (const write of ['append', 'merge'] as const) {
  test(`one cursor for all slices becomes one for each without a row twice, and says so (${write})`, async () => {
    await using provider = await startSlicedProvider(3)
    using harness = createHarness(provider.url)
    const rules = writes[write]
    provider.rows.set('a', slicedRows('a', 0, 8)).set('b', slicedRows('b', 0, 3))
    harness.connector = partitioned(['a', 'b'], rules.replace(' }', ', per: stream }'))
    await complete(harness)
    harness.connector = partitioned(['a', 'b'], rules)
    provider.rows.set('a', slicedRows('a', 0, 10)).set('b', slicedRows('b', 0, 9))
    provider.asked = []
    const cut = await harness.run({ streams: ['rows'], limit: 1 })
    assert.equal(cut.status, 'handed_over')
    assert.deepEqual(
      cut.first.warnings.map(({ code }) => code),
      ['SLICES_SPLIT'],
    )
    await complete(harness)
    assert.equal(provider.asked[0]?.since, write === 'append' ? timeOf(7) : null)
    const missing = write === 'append' ? ['b-3', 'b-4', 'b-5', 'b-6'] : []
    assert.deepEqual(
      await ids(harness),
      allOf(provider).filter((id) => !missing.includes(id)),
    )
    // A slice that comes after that begins at its start.
    provider.rows.set('c', slicedRows('c', 0, 2))
    harness.connector = partitioned(['a', 'b', 'c'], rules)
    await complete(harness)
    assert.ok((await ids(harness)).includes('c-0'))
    harness.connector = partitioned(['a', 'b', 'c'], rules.replace(' }', ', per: stream }'))
    assert.equal((await harness.run({ streams: ['rows'] })).first.error?.code, 'STATE_MISMATCH')
  })
}

for (const write of ['append', 'merge'] as const) {
  test(`each slice looks back from where it stands itself (${write})`, async () => {
    await using provider = await startSlicedProvider(3)
    using harness = createHarness(provider.url)
    const without = (name: string, to: number, late: number) =>
      slicedRows(name, 0, to).filter(({ id }) => id !== `${name}-${late}`)
    provider.rows.set('a', without('a', 12, 9)).set('b', without('b', 6, 3))
    harness.connector = partitioned(['a', 'b'], writes[write].replace(' }', ', lookback: PT3M }'))
    await complete(harness)
    provider.rows.set('a', slicedRows('a', 0, 13)).set('b', slicedRows('b', 0, 6))
    provider.asked = []
    await complete(harness)
    assert.deepEqual(
      provider.asked.filter(({ page }) => page === 1).map(({ slice, since }) => [slice, since]),
      [
        ['a', timeOf(8)],
        ['b', timeOf(2)],
      ],
    )
    assert.deepEqual(await ids(harness), allOf(provider))
    assert.equal((await complete(harness)).first.rows, write === 'append' ? 0 : 8)
  })
}

test('a slice whose state was set by hand goes on there, the others where they stand', async () => {
  await using provider = await startSlicedProvider(3)
  using harness = createHarness(provider.url)
  provider.rows.set('a', slicedRows('a', 0, 8)).set('b', slicedRows('b', 0, 8))
  harness.connector = partitioned(['a', 'b'], writes.merge)
  await complete(harness)
  const connector = parseConnector(`name: api\nbase_url: ${provider.url}\n${harness.connector}`, 'api.yaml')
  const stream = connector.streams[0] as (typeof connector.streams)[number]
  const slice = '{"partition.p":"b"}'
  {
    await using destination = await harness.open()
    await editState(
      { connector, stream, slice, cursor: timeOf(2), by: 'ann', runId: 'edit', now: 0, env: {} },
      destination,
    )
  }
  provider.asked = []
  await complete(harness)
  assert.deepEqual(
    provider.asked.filter(({ page }) => page === 1).map(({ since }) => since),
    [timeOf(7), timeOf(2)],
  )
  assert.deepEqual(await cursors(harness), { a: timeOf(7), b: timeOf(7) })
  assert.deepEqual(await ids(harness), allOf(provider))
})
