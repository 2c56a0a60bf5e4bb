import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Boundary, type PageTally } from '../../src/sync/boundary.ts'
import type { SeenRow } from '../../src/sync/checkpoint.ts'
import { byteMark } from '../../src/sync/rows.ts'
import { type Row, startProvider } from '../support/provider.ts'
import { createHarness } from './harness.ts'
import { createOrder } from './order.ts'

const stream = (rest = ''): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
    write: append
    incremental: { cursor: updated_at }
${rest}`

const event = { kind: 'click', updated_at: '2024-01-01T00:00:00Z' }

test('append counts identical rows: a twin that arrives later is kept, one that comes again is not', async () => {
  await using provider = await startProvider({ rows: [event], pageSize: 10 })
  using harness = createHarness(provider.url)
  harness.connector = stream()
  const loaded: number[] = []
  for (const copies of [1, 1, 3, 3, 2, 4]) {
    provider.setRows(Array.from({ length: copies }, () => event))
    loaded.push((await harness.run()).first.rows)
  }
  assert.deepEqual(loaded, [1, 0, 2, 0, 0, 1])
})

test('rows without a cursor are counted too', async () => {
  const blank = { kind: 'click' }
  await using provider = await startProvider({ rows: [blank, event], pageSize: 10 })
  using harness = createHarness(provider.url)
  harness.connector = stream()
  assert.equal((await harness.run()).first.rows, 2)
  provider.setRows([blank, event, blank])
  assert.equal((await harness.run()).first.rows, 1)
  assert.equal((await harness.run()).first.rows, 0)
})

test('copies are counted through a listing that is cut short and goes on', async () => {
  await using provider = await startProvider({ rows: [event, event, event], pageSize: 2 })
  using harness = createHarness(provider.url)
  harness.connector = stream()
  assert.equal((await harness.run()).first.rows, 3)
  provider.setRows([event, event, event, { ...event, kind: 'key' }, event, event])
  const loaded: number[] = []
  for (let run = 0; run < 10; run++) {
    const { status, first } = await harness.run({ limit: 1 })
    loaded.push(first.rows)
    if (status === 'complete') break
  }
  assert.equal(
    loaded.reduce((sum, rows) => sum + rows, 0),
    3,
  )
})

test('another order of members makes no new row', async () => {
  const [first, second]: Row[] = [
    { ...event, tags: { a: [1, 'é'], b: null } },
    { tags: { b: null, a: [1, 'é'] }, updated_at: event.updated_at, kind: event.kind },
  ] as Row[]
  await using provider = await startProvider({ rows: [first as Row], pageSize: 10 })
  using harness = createHarness(provider.url)
  harness.connector = stream()
  assert.equal((await harness.run()).first.rows, 1)
  provider.setRows([second as Row])
  assert.equal((await harness.run()).first.rows, 0)
})

test('with a primary key the boundary goes by it, so that a member which differs each time doubles nothing', async () => {
  await using provider = await startProvider({ rows: [{ id: 1, ...event, fetched_at: 1 }], pageSize: 10 })
  using harness = createHarness(provider.url)
  harness.connector = stream('    primary_key: [id]\n')
  assert.equal((await harness.run()).first.rows, 1)
  provider.setRows([
    { id: 1, ...event, fetched_at: 2 },
    { id: 2, ...event, fetched_at: 2 },
    { id: 1, ...event, updated_at: '2024-01-02T00:00:00Z', fetched_at: 2 },
  ])
  assert.equal((await harness.run()).first.rows, 2)
})

test('a row in a checkpoint that an earlier version saved is known', () => {
  const bytes = Buffer.from('{ "kind": "click" }')
  const old: SeenRow = [byteMark(bytes), '5']
  const boundary = createBoundary([old])
  const tally: PageTally = { met: new Map() }
  const row = { mark: () => 'mark', byteMark: () => byteMark(bytes) }
  assert.deepEqual([boundary.admits('5', row, tally), boundary.admits('5', row, tally)], [false, true])
})

test('however copies come and go, as many are appended as any listing had at most', () => {
  const listing = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 })
  fc.assert(
    fc.property(fc.array(listing, { maxLength: 6 }), fc.integer({ min: 1, max: 4 }), (listings, pageSize) => {
      const stored = new Map<string, number>()
      const most = new Map<string, number>()
      let seen: readonly SeenRow[] = []
      for (const rows of listings) {
        let boundary = createBoundary(seen)
        for (let at = 0; at < rows.length; at += pageSize) {
          const tally: PageTally = { met: new Map() }
          for (const row of rows.slice(at, at + pageSize)) {
            if (boundary.admits('5', { mark: () => row, byteMark: () => '' }, tally))
              stored.set(row, (stored.get(row) ?? 0) + 1)
          }
          boundary.remember(tally, '5')
          // The run ends here, and the next goes on from its checkpoint.
          boundary = createBoundary(seen, JSON.parse(JSON.stringify(boundary.kept)) as SeenRow[])
        }
        for (const row of rows)
          most.set(row, Math.max(most.get(row) ?? 0, rows.filter((other) => other === row).length))
        seen = boundary.seen('5')?.rows ?? []
      }
      assert.deepEqual(Object.fromEntries(stored), Object.fromEntries(most))
    }),
  )
})

function createBoundary(seen: readonly SeenRow[], remember: readonly SeenRow[] = []): Boundary {
  return new Boundary({
    where: 'stream rows',
    floor: null,
    until: undefined,
    seen: seen.length === 0 ? undefined : { highest: '5', rows: seen },
    remember,
    keyed: false,
    order: createOrder('at', { formats: ['number'] }),
  })
}
