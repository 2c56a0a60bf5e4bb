import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { App } from '../../src/run/app.ts'
import { continuationOf } from '../../src/run/continuation.ts'
import { runRequest } from '../../src/destinations/run-request.ts'
import { makeRow, makeRows, startProvider } from '../support/provider.ts'
import { createHarness, type Harness } from './harness.ts'

const listing = (name: string, ...rest: readonly string[]): string => `  - name: ${name}
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest.map((line) => `    ${line}\n`).join('')}`

const stream = (...rest: readonly string[]): string => `streams:\n${listing('rows', ...rest)}`

const since = 'params: { updated_since: "{{ cursor }}" }'
const cursor = 'incremental: { cursor: updated_at, order: asc }'
const at = (index: number): string => String(makeRow(index)['updated_at'])
const idsOf = (count: number, from = 0): unknown[] => makeRows(count, from).map(({ id }) => id)
const runId = '7f8b6d0e-30f5-4d7c-9d43-6f3d2b7f3a01'

async function ids(harness: Harness): Promise<number[]> {
  return (await harness.query('SELECT id FROM api.rows ORDER BY id')).map(({ id }) => Number(id))
}

suite('a message that is delivered again', () => {
  test('as another stream failed: what is complete is not appended again', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = `${stream('write: append')}${listing('broken', 'write: append').replace('/rows', '/broken')}`
    provider.setFault(({ url }) =>
      url.startsWith('/broken') ? ({ response }) => void response.writeHead(500).end() : undefined,
    )
    const first = await harness.run({}, {}, { delivery: 'd1' })
    assert.deepEqual(
      first.streams.map(({ status }) => status),
      ['complete', 'failed'],
    )
    provider.setFault()
    const second = await harness.run({}, {}, { delivery: 'd1' })
    assert.deepEqual(
      second.streams.map(({ status, rows }) => [status, rows]),
      [
        ['complete', 0],
        ['complete', 10],
      ],
    )
    assert.deepEqual(await ids(harness), idsOf(10))
    await harness.run({}, {}, { delivery: 'd2' })
    assert.equal((await ids(harness)).length, 20, 'another message reads and appends, as it should without a cursor')
    assert.equal((await harness.run({}, {}, { delivery: 'd1' })).first.rows, 0)
  })

  test('as the process died before the run was recorded: nothing is appended again', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream('write: append')
    const dying: Partial<App> = {
      openDestination: async () => {
        const destination = await harness.open()
        return { ...destination, saveRun: () => Promise.reject(new Error('killed')) }
      },
    }
    await harness.run({}, dying, { delivery: 'd1' })
    assert.equal((await harness.query('SELECT count(*) AS n FROM api._headrace_runs'))[0]?.['n'], '0')
    const again = await harness.run({}, {}, { delivery: 'd1' })
    assert.equal(again.status, 'complete')
    assert.equal(again.first.rows, 0)
    assert.deepEqual(await ids(harness), idsOf(10))
  })

  test('after a part of its listing: the rest is read', async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream('write: append')
    provider.setFault(({ page }) => (page === 2 ? ({ response }) => void response.writeHead(500).end() : undefined))
    assert.equal((await harness.run({}, {}, { delivery: 'd1' })).status, 'failed')
    provider.setFault()
    await harness.run({}, {}, { delivery: 'd1' })
    assert.deepEqual(await ids(harness), idsOf(10))
    await harness.run({}, {}, { delivery: 'd1' })
    assert.deepEqual(await ids(harness), idsOf(10))
  })
})

suite('a continuation', () => {
  const handOver = async (harness: Harness, more = {}) => {
    const record = await harness.run({ limit: 5, ...more }, {}, { runId })
    assert.equal(record.status, 'handed_over')
    const continuation = continuationOf(runRequest.parse({ connector: 'x', ...more }), record)
    assert.ok(continuation)
    const { connector: _, ...request } = continuation.request
    return request
  }

  test('that comes twice does nothing twice', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream('write: append')
    const request = await handOver(harness)
    assert.equal((await harness.run(request)).first.rows, 15)
    const again = await harness.run(request)
    assert.deepEqual([again.status, again.first.rows, again.first.requests], ['complete', 0, 0])
    assert.deepEqual(await ids(harness), idsOf(20))
  })

  test('that comes when another run has finished its listing has nothing to do', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream('write: append')
    const request = await handOver(harness)
    await harness.run()
    assert.equal((await harness.run(request)).first.rows, 0)
    assert.deepEqual(await ids(harness), idsOf(20))
  })

  test('of a full refresh that is complete does not begin another', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor)
    const request = await handOver(harness, { full_refresh: true })
    await harness.run(request)
    provider.watch()
    assert.equal((await harness.run(request)).status, 'complete')
    assert.equal(provider.received.length, 0)
  })

  test('goes on where it was cut short itself', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream('write: append')
    const request = await handOver(harness)
    await harness.run({ ...request, limit: 5 })
    assert.equal((await harness.run(request)).first.rows, 10)
    assert.deepEqual(await ids(harness), idsOf(20))
  })
})

suite('a backfill that appends', () => {
  const start = `incremental: { cursor: updated_at, order: asc, start: "${at(10)}" }`

  test('brings its range once, however often it runs, and whether it was cut short', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 2 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, start)
    await harness.run()
    const range = { from: at(2), until: at(8) }
    for (const limit of [undefined, undefined, 2, undefined, 2, 2, undefined, undefined]) {
      const { status, first } = await harness.run({ ...range, ...(limit !== undefined && { limit }) })
      assert.equal(status, limit === undefined ? 'complete' : 'handed_over', first.error?.message)
      if (limit === undefined) assert.deepEqual(await ids(harness), [...idsOf(6, 2), ...idsOf(10, 10)])
    }
    assert.equal((await harness.run()).first.rows, 0)
    assert.deepEqual(await ids(harness), [...idsOf(6, 2), ...idsOf(10, 10)])
  })

  test('brings the rows as they are now', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, start)
    await harness.run({ from: at(2), until: at(8) })
    provider.setRows(makeRows(20).toSpliced(4, 1))
    await harness.run({ from: at(2), until: at(8) })
    assert.deepEqual(await ids(harness), [3, 4, 6, 7, 8])
  })

  const refused = async (harness: Harness, words: RegExp, request = {}): Promise<void> => {
    const { first } = await harness.run(request)
    assert.equal(first.error?.code, 'STATE_MISMATCH', JSON.stringify(first))
    assert.match(first.error.message, words)
    assert.equal(first.requests, 0)
  }

  test('is refused where its range was read already, by the stream or by another backfill', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, start)
    await harness.run({ from: at(2), until: at(6) })
    await refused(harness, /a backfill has read from .* to .* before, so rows would come twice.*write: merge/, {
      from: at(4),
      until: at(8),
    })
    await harness.run({ from: at(6), until: at(8) })
    await harness.run()
    await refused(harness, /the stream has read from .* on by itself/, { from: at(8), until: at(12) })
    assert.deepEqual(await ids(harness), [...idsOf(6, 2), ...idsOf(10, 10)])
  })

  test('is not followed by a first listing that reads its range again', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor)
    await harness.run({ from: at(2), until: at(6) })
    await refused(harness, /a backfill has read from/)
    await harness.run({ full_refresh: true })
    assert.deepEqual(await ids(harness), idsOf(20))
  })

  test('of another source than that of its stream is refused', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(since, cursor, 'primary_key: [id]')
    await harness.run()
    harness.connector = harness.connector.replace('path: /rows', 'path: /old/rows')
    await refused(harness, /the address was/, { from: at(2), until: at(6) })
  })
})
