import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownSlices } from '../../src/sync/known-slices.ts'
import { slicedRows, startSlicedProvider, timeOf } from '../support/sliced-provider.ts'
import { createHarness, type Harness } from './harness.ts'

const writes = {
  append: '    write: append\n    incremental: { cursor: at, per: stream }\n',
  merge: '    primary_key: [id]\n    incremental: { cursor: at, per: stream }\n',
}

const request = `
    params: { since: "{{ cursor }}" }
    rows: $.data[*]
    paginator: { type: page_number }
`

const partitioned = (names: readonly string[], write: string): string =>
  `streams:\n  - name: rows\n    path: /rows/{{ partition.p }}\n    partitions: { p: [${names.join(', ')}] }${request}${write}`

const children = (write: string): string => `streams:
  - name: parents
    path: /parents
    rows: $.data[*]
    paginator: { type: page_number }
  - name: rows
    path: /rows/{{ parent.p }}
    parent: { stream: parents, include: { p: id } }${request}${write}`

/** The warnings of a complete run, by the slice that they name. */
async function added(harness: Harness, rest: Record<string, unknown> = {}): Promise<string[]> {
  const { status, first } = await harness.run({ streams: ['rows'], ...rest })
  assert.equal(status, 'complete', first.error?.message)
  const warnings = (first.warnings ?? []).filter(({ code }) => code === 'STATE_CHANGED')
  return warnings.map(({ message }) => /the slice (\{.*?\}): what lies before/.exec(message)?.[1] ?? message)
}

for (const write of ['append', 'merge'] as const) {
  test(`one cursor for all: the run says that rows of a partition that is added are left out (${write})`, async () => {
    await using provider = await startSlicedProvider(3)
    using harness = createHarness(provider.url)
    for (const name of ['a', 'b', 'c']) provider.rows.set(name, slicedRows(name, 0, 5))
    harness.connector = partitioned(['a', 'b'], writes[write])
    assert.deepEqual(await added(harness), [])
    assert.deepEqual(await added(harness), [])
    harness.connector = partitioned(['a', 'b', 'c'], writes[write])
    assert.deepEqual(await added(harness), ['{"partition.p":"c"}'])
    assert.deepEqual(await harness.query(`SELECT id FROM api.rows WHERE id LIKE 'c%'`), [{ id: 'c-4' }])
    assert.deepEqual(await added(harness), [])
    // While it is away its rows are read by nothing.
    harness.connector = partitioned(['a', 'b'], writes[write])
    assert.deepEqual(await added(harness), [])
    harness.connector = partitioned(['a', 'b', 'c'], writes[write])
    assert.deepEqual(await added(harness), ['{"partition.p":"c"}'])
    assert.deepEqual(await added(harness, { full_refresh: true }), [])
  })

  test(`one cursor for all: the run says that rows of a parent that is added are left out (${write})`, async () => {
    await using provider = await startSlicedProvider(2)
    using harness = createHarness(provider.url)
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of [...names, 'f']) provider.rows.set(name, slicedRows(name, 0, 3))
    provider.parents = names.map((id) => ({ id }))
    harness.connector = children(writes[write])
    assert.deepEqual(await added(harness), [])
    // A listing that is cut knows the slices that it has not come to.
    provider.rows.set('a', slicedRows('a', 0, 9))
    assert.equal((await harness.run({ streams: ['rows'], limit: 2 })).status, 'handed_over')
    assert.deepEqual(await added(harness), [])
    provider.parents = [...names, 'f'].map((id) => ({ id }))
    assert.deepEqual(await added(harness), ['{"parent.p":"f"}'])
    assert.deepEqual(await added(harness), [])
  })
}

test('a state that says nothing of slices takes those of the next run for known', async () => {
  await using provider = await startSlicedProvider(3)
  using harness = createHarness(provider.url)
  provider.rows.set('a', slicedRows('a', 0, 5))
  harness.connector = partitioned(['a'], writes.merge)
  await added(harness)
  await harness.query(`UPDATE api._headrace_commits SET checkpoint = json_merge_patch(checkpoint, '{"slices": null}')`)
  assert.deepEqual(await added(harness), [])
  const [last] = await harness.query(
    `SELECT checkpoint->>'done' AS done, checkpoint->>'slices' AS slices FROM api._headrace_commits ORDER BY seq DESC LIMIT 1`,
  )
  assert.deepEqual([last?.['done'], String(last?.['slices']).length], [timeOf(4), 6])
})

test('of more than 5,000 slices it says that it cannot tell which are added', async () => {
  await using provider = await startSlicedProvider(3)
  using harness = createHarness(provider.url)
  provider.rows.set('a', slicedRows('a', 0, 5))
  harness.connector = partitioned(['a'], writes.merge)
  await added(harness)
  const many = new KnownSlices({ done: null }, { goesOn: false, keyOf: JSON.stringify, onAdded: assert.fail })
  many.add(Array.from({ length: 5_001 }, (_, p) => ({ partition: { p } })))
  const { slices } = many.stamp({ done: null }, true)
  await harness.query(
    `UPDATE api._headrace_commits SET checkpoint = json_merge_patch(checkpoint, '${JSON.stringify({ slices })}')`,
  )
  const [warning = ''] = await added(harness)
  assert.match(warning, /has one cursor for all slices and more than 5000 of them/)
  assert.deepEqual(await added(harness), [])
})
