import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConnector, parseConnector } from '../../src/connector/load.ts'
import type { Batch, Destination } from '../../src/destinations/destination.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import type { OpenListing } from '../../src/destinations/checkpoint.ts'
import { editState, type StateEdit } from '../../src/run/edit-state.ts'
import { appendOne, createBatch, createPlan } from '../destinations/batch.ts'
import { createDir } from '../destinations/place.ts'
import { createHarness } from '../sync/harness.ts'

const now = Date.UTC(2026, 0, 1)
const slices = ['a', 'b'].map((slice, at) => ({ slice, progress: { done: 10 + at } }))

interface Place {
  readonly destination: Destination
  readonly edit: (more: Partial<StateEdit>, on?: Destination) => ReturnType<typeof editState>
}

/** A stream with a cursor for each of two slices, and a run that has not come to its end. */
async function withStream(write: string, batch: Partial<Batch>, task: (place: Place) => Promise<void>): Promise<void> {
  for (const kind of ['duckdb', 'files']) {
    const dir = await createDir()
    const file = join(dir, 'acme.yaml')
    writeFileSync(
      file,
      `name: acme
base_url: https://a.example
streams:
  - name: orders
    write: ${write}
    primary_key: [id]
    incremental: { cursor: id }
`,
    )
    const connector = await loadConnector(file)
    await using destination = await openDestination(
      parseDestination(kind === 'duckdb' ? `duckdb:${join(dir, 'w.duckdb')}` : `files:${join(dir, 'out')}`),
      'acme',
    )
    await using table = await destination.openTable(createPlan({ slices: true }))
    await appendOne(table, createBatch(1, [{ id: 11 }], { slices, checkpoint: { done: 11 }, ...batch }))
    const [stream] = connector.streams
    assert.ok(stream)
    const edit: Place['edit'] = (more, on = destination) =>
      editState({ connector, stream, cursor: null, by: 'ada', runId: 'edit', now, env: {}, ...more }, on)
    await task({ destination, edit })
  }
}

const doneOf = async (destination: Destination) =>
  Object.fromEntries((await destination.readSlices('orders')).map(({ slice, progress }) => [slice, progress.done]))

suite('the state of a stream with a cursor for each slice', () => {
  test('is set for one slice, or for all', async () => {
    await withStream('merge', {}, async ({ destination, edit }) => {
      const edited = await edit({ slice: 'b', cursor: '3' })
      assert.deepEqual([edited.from, edited.to, edited.seq], [11, 3, 2])
      assert.deepEqual(await doneOf(destination), { a: 10, b: 3 })
      assert.equal((await destination.readPosition('orders')).checkpoint.done, 11)
      await edit({ cursor: '7' })
      assert.deepEqual(await doneOf(destination), { a: 7, b: 7 })
      const { checkpoint } = await destination.readPosition('orders')
      assert.equal(checkpoint.done, 7)
      assert.deepEqual(checkpoint.set, { by: 'ada', at: '2026-01-01T00:00:00.000Z', from: 11 })
    })
  })

  test('is reset for one slice, or for all', async () => {
    await withStream('merge', {}, async ({ destination, edit }) => {
      await edit({ slice: 'b' })
      assert.deepEqual(await doneOf(destination), { a: 10 })
      await edit({})
      assert.deepEqual(await doneOf(destination), {})
      assert.equal((await destination.readPosition('orders')).checkpoint.done, null)
    })
  })

  test('in append no slice goes back alone, and one that is not there is named', async () => {
    await withStream('append', {}, async ({ destination, edit }) => {
      await assert.rejects(edit({ slice: 'b' }), /would come twice: leave --slice out/)
      await assert.rejects(edit({ slice: 'b', cursor: '10' }), /has come to 11/)
      await assert.rejects(edit({ cursor: '10' }), /has come to 11/)
      await assert.rejects(edit({ slice: 'c', cursor: '20' }), /has no slice c: it has a, b/)
      await edit({ slice: 'b', cursor: '20' })
      assert.deepEqual(await doneOf(destination), { a: 10, b: 20 })
    })
  })
})

test('where several processes write at once, a run that has begun a listing and not ended is waited for', async () => {
  const open: OpenListing = {
    place: { next: { method: 'GET', url: 'https://a.example/', headers: {} } },
    highest: null,
    began: now,
    pages: 1,
    mark: '',
    source: 'x',
    runs: ['run-1'],
  }
  await withStream('merge', { checkpoint: { done: 11, open } }, async ({ destination, edit }) => {
    const shared = { ...destination, exclusive: false }
    const [last] = await destination.positions()
    const committed = Date.parse(last?.committedAt ?? '')
    const busy = edit({ cursor: '3', now: committed + 60_000 }, shared)
    await assert.rejects(busy, { code: 'DESTINATION_BUSY' })
    await edit({ cursor: '3', now: committed + 2 * 3_600_000 }, shared)
  })
})

test('a cursor that no request can hold is not set, and one that an earlier version saved says how to set another', async () => {
  using harness = createHarness('http://127.0.0.1:9')
  harness.connector = `streams:
  - name: orders
    path: /orders
    primary_key: [id]
    headers: { x-since: "{{ cursor }}" }
    incremental: { cursor: id, format: text }
`
  {
    await using destination = await harness.open()
    await using table = await destination.openTable(createPlan({}))
    await appendOne(table, createBatch(1, [{ id: 11 }], { checkpoint: { done: 'a\nb' } }))
  }
  const { first } = await harness.run()
  assert.match(
    first.error?.message ?? '',
    /\{\{ cursor \}\}.* cannot stand in the header x-since.*: headrace state set api orders CURSOR/,
  )
  const connector = parseConnector(`name: api\nbase_url: http://127.0.0.1:9\n${harness.connector}`, 'api.yaml')
  const [stream] = connector.streams
  assert.ok(stream)
  await using destination = await harness.open()
  const set = (cursor: string) =>
    editState({ connector, stream, cursor, by: 'ada', runId: 'edit', now, env: {} }, destination)
  await assert.rejects(set('c\r\nd'), /"c\\r\\nd" cannot stand in the request of stream orders of api/)
  assert.equal((await set('c')).to, 'c')
})
