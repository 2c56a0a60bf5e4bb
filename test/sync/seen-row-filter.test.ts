import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { SeenRowFilter, type PageTally } from '../../src/sync/seen-row-filter.ts'
import type { SeenRows } from '../../src/destinations/checkpoint.ts'
import { chunksOf, MarkChunks } from '../../src/sync/mark-chunks.ts'
import { markLength } from '../../src/destinations/marks.ts'
import type { SliceState } from '../../src/destinations/slice-state.ts'
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

test('a row in a checkpoint that an earlier version saved is known, by its bytes or by its values', () => {
  const bytes = Buffer.from('{ "kind": "click" }')
  const whole = createHash('sha256').update(bytes).digest()
  for (const [encoding, row] of [
    ['base64', { mark: () => 'another mark', byteMark: () => byteMark(bytes) }],
    ['base64url', { mark: () => whole.toString('base64url').slice(0, markLength), byteMark: () => '' }],
  ] as const) {
    const boundary = createBoundary({ rows: [[whole.toString(encoding, 0, 16), '5', 2]] })
    const tally: PageTally = { met: new Map() }
    const admitted = [1, 2, 3].map(() => boundary.admits('5', row, tally))
    assert.deepEqual(admitted, [false, false, true])
  }
})

test('a checkpoint that holds more marks than one does today goes on, and hands them to a chunk', () => {
  const rows = Array.from({ length: 200_000 }, (_, at) => mark(String(at)))
  const take = (boundary: SeenRowFilter) => {
    const tally: PageTally = { met: new Map() }
    const admitted = rows.filter((row) => boundary.admits('5', { mark: () => row, byteMark: () => '' }, tally))
    boundary.remember(tally, '5')
    return admitted.length
  }
  const chunks = createChunks()
  const old = createBoundary({ rows: rows.map((row) => [`${row}-----------`, '5']) }, {}, chunks)
  assert.equal(take(old), 0)
  const seen = old.seen('5') as SeenRows
  assert.ok(JSON.stringify(seen).length < 200)
  assert.equal(take(createBoundary(seen, {}, createChunks(chunks.take()))), 0)
})

test('more rows of one cursor than fit into memory are refused', () => {
  const boundary = createBoundary({})
  const met = new Map(Array.from({ length: 800_000 }, (_, at) => [mark(String(at)), { cursor: '5', count: 1 }]))
  assert.throws(
    () => boundary.remember({ met }, '5'),
    /800000 rows lie at the cursor .* write: merge, or a shorter lookback/,
  )
})

test('marks take few bytes, whether rows share a cursor, are told apart by it, or are copies of each other', () => {
  const cursors = (at: number) => ['5', `2024-01-01T00:${String(at % 60).padStart(2, '0')}:00Z`]
  for (const which of [0, 1]) {
    const boundary = createBoundary({})
    const tally: PageTally = { met: new Map() }
    for (let at = 0; at < 1_000; at++)
      boundary.admits(cursors(at)[which] as string, { mark: () => mark(String(at)), byteMark: () => '' }, tally)
    boundary.remember(tally, null)
    const saved = boundary.save()
    const text = JSON.stringify(saved)
    assert.ok(text.length < 15_000, String(text.length))
    assert.deepEqual(createBoundary({}, saved).save(), saved)
  }
})

for (const [where, limit] of [
  ['in the checkpoint', undefined],
  ['in chunks', 0],
] as const) {
  test(`however copies come and go, as many are appended as any listing had at most, with marks ${where}`, () => {
    const listing = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(listing, { maxLength: 6 }), fc.integer({ min: 1, max: 4 }), (listings, pageSize) => {
        const stored = new Map<string, number>()
        const most = new Map<string, number>()
        const table = new Map<string, SliceState>()
        const commit = (chunks: MarkChunks): void => {
          for (const state of chunks.take()) table.set(state.slice, state)
        }
        let seen: SeenRows | undefined
        for (const rows of listings) {
          let chunks = createChunks([...table.values()], { limit, used: chunksOf([{ ...(seen && { seen }) }]) })
          let boundary = createBoundary(seen ?? {}, {}, chunks)
          for (let at = 0; at < rows.length; at += pageSize) {
            const tally: PageTally = { met: new Map() }
            for (const row of rows.slice(at, at + pageSize)) {
              if (boundary.admits('5', { mark: () => mark(row), byteMark: () => '' }, tally))
                stored.set(row, (stored.get(row) ?? 0) + 1)
            }
            boundary.remember(tally, '5')
            // The run ends here, and the next goes on from its checkpoint.
            const saved = JSON.parse(JSON.stringify(boundary.save())) as ReturnType<SeenRowFilter['save']>
            commit(chunks)
            chunks = createChunks([...table.values()], { limit })
            boundary = createBoundary(seen ?? {}, saved, chunks)
          }
          for (const row of rows)
            most.set(row, Math.max(most.get(row) ?? 0, rows.filter((other) => other === row).length))
          seen = boundary.seen('5')
          chunks.sweep(chunksOf([{ ...(seen && { seen }) }]))
          commit(chunks)
          const kept = [...table.values()].filter(({ progress }) => progress.marks?.length)
          assert.equal(kept.length, seen?.chunks?.length ?? 0)
        }
        assert.deepEqual(Object.fromEntries(stored), Object.fromEntries(most))
      }),
    )
  })
}

const mark = (row: string): string => row.padStart(markLength, '-')

const createChunks = (
  known: readonly SliceState[] = [],
  options: { readonly limit?: number | undefined; readonly used?: ReadonlySet<number> } = {},
): MarkChunks => {
  const { limit, used } = options
  return new MarkChunks('stream rows', { known, used, rewrites: false, ...(limit !== undefined && { limit }) })
}

function createBoundary(
  seen: Partial<SeenRows>,
  remember: ReturnType<SeenRowFilter['save']> = {},
  chunks = createChunks(),
): SeenRowFilter {
  return new SeenRowFilter({
    where: 'stream rows',
    floor: null,
    until: undefined,
    seen: { highest: '5', ...seen },
    remember,
    chunks,
    keyed: false,
    order: createOrder('at', { formats: ['number'] }),
  })
}
