import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Batch, TableWriter } from '../../src/destinations/destination.ts'
import type { FilledBatch } from '../../src/sync/batches.ts'
import { createWriteQueue } from '../../src/sync/write-queue.ts'
import { createBatch } from '../destinations/batch.ts'
import { makeRows, startProvider } from '../support/provider.ts'
import { createHarness } from './harness.ts'
import { createSlowDestination } from './slow-destination.ts'

const listing = (rest: string): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest}`

/** Every page is a batch of its own: `batchAge` of the slow destination is 0. */
const pauses = () => setTimeout(Math.random() * 8)

suite('several batches under way', () => {
  test('are as many as the writer takes, and what is reported of them is in order, whichever ends first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 1, max: 4 }),
        fc.option(fc.nat(8)),
        async (delays, inFlight, failing) => {
          const committed: number[] = []
          const added: number[] = []
          const disposed: number[] = []
          let underWay = 0
          let most = 0
          const table = {
            inFlight,
            async append({ seq }: Batch) {
              most = Math.max(most, ++underWay)
              await setTimeout(delays[seq] ?? 0)
              underWay--
              if (failing !== null && seq >= failing) throw new Error(`batch ${failing}`)
            },
          } as TableWriter
          const writing = createWriteQueue(table, { onCommit: ({ batch }) => void committed.push(batch.seq) })
          let failure: unknown
          try {
            for (const seq of delays.keys()) {
              added.push(seq)
              await writing.add(createFilled(seq, () => disposed.push(seq)))
            }
          } catch (thrown) {
            failure = thrown
          }
          await writing.end().catch((thrown: unknown) => (failure ??= thrown))
          const count = Math.min(failing ?? delays.length, delays.length)
          assert.deepEqual(committed, [...delays.keys()].slice(0, count))
          assert.equal(failure === undefined, count === delays.length)
          assert.ok(most <= inFlight)
          // The one that was dropped as a batch before it failed is among them.
          assert.deepEqual(
            disposed.toSorted((a, b) => a - b),
            added,
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  for (const write of ['append', 'merge']) {
    test(`bring every row once, in order (${write})`, async () => {
      await using provider = await startProvider({ rows: makeRows(60), pageSize: 5 })
      using harness = createHarness(provider.url)
      harness.connector = listing(write === 'append' ? '' : '    primary_key: [id]\n')
      const slow = createSlowDestination(4, pauses)
      slow.holdUntil = 4
      const record = await harness.run({}, { openDestination: async () => slow.destination })
      assert.equal(record.status, 'complete', record.first.error?.message)
      assert.deepEqual(slow.ids(), ids(1, 60))
      assert.equal(slow.most(), 4)
      assert.equal(record.first.rows, 60)
    })
  }

  test('one that fails fails those behind it: the record counts what was committed, and the next run goes on there', async () => {
    await using provider = await startProvider({ rows: makeRows(60), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = listing('')
    const slow = createSlowDestination(4, pauses)
    slow.failAt = (seq) => (seq >= 4 ? 'STATE_CONFLICT' : undefined)
    const openDestination = async () => slow.destination
    const failed = await harness.run({}, { openDestination })
    assert.equal(failed.first.error?.code, 'STATE_CONFLICT')
    assert.equal(failed.first.rows, 15)
    assert.equal(failed.first.pages, 3)
    assert.deepEqual(slow.ids(), ids(1, 15))
    for (const spool of slow.spools)
      assert.equal((await Array.fromAsync(spool.read())).length, 0, 'rows are still held')
    slow.failAt = () => undefined
    const next = await harness.run({}, { openDestination })
    assert.equal(next.status, 'complete', next.first.error?.message)
    assert.equal(next.first.rows, 45)
    assert.deepEqual(slow.ids(), ids(1, 60))
  })

  test('a listing that the warehouse has lost the first part of starts again, also with batches under way', async () => {
    await using provider = await startProvider({ rows: makeRows(60), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = listing('')
    const slow = createSlowDestination(4, pauses)
    let lost = false
    slow.failAt = (seq) => {
      if (seq < 6 || lost) return undefined
      lost = true
      return 'LISTING_EXPIRED'
    }
    const record = await harness.run({}, { openDestination: async () => slow.destination })
    assert.equal(record.status, 'complete', record.first.error?.message)
    assert.deepEqual(slow.ids(), ids(1, 60))
    assert.equal(record.first.rows, 60, 'rows that were taken back are not counted')
  })

  test('a run that is told to stop commits what is under way, and says that there is more', async () => {
    await using provider = await startProvider({ rows: makeRows(60), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = listing('')
    const slow = createSlowDestination(4, pauses)
    const openDestination = async () => slow.destination
    const record = await harness.run({ limit: 30 }, { openDestination })
    assert.equal(record.status, 'handed_over')
    assert.deepEqual(slow.ids(), ids(1, 30))
    await harness.run({}, { openDestination })
    assert.deepEqual(slow.ids(), ids(1, 60))
  })

  test('a run that is told to stop does not even look at the streams that are left, and says that there is more', async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5, delay: 20 })
    using harness = createHarness(provider.url)
    harness.connector = `${listing('')}  - name: others\n    path: /rows\n    rows: $.data[*]\n`
    const { destination } = createSlowDestination(1, async () => undefined)
    const asked: string[] = []
    const watched = {
      ...destination,
      readPosition: (stream: string) => {
        asked.push(stream)
        return destination.readPosition(stream)
      },
    }
    const record = await harness.run({ budget_seconds: 0.001 }, { openDestination: async () => watched })
    assert.deepEqual(
      record.streams.map(({ stream, status }) => [stream, status]),
      [
        ['rows', 'handed_over'],
        ['others', 'handed_over'],
      ],
    )
    assert.ok(!asked.includes('others'))
  })
})

const ids = (from: number, to: number): readonly number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at)

function createFilled(seq: number, onDispose: () => void): FilledBatch {
  const batch = createBatch(seq, [{ id: seq }])
  const dispose = batch.lines[Symbol.asyncDispose].bind(batch.lines)
  Object.defineProperty(batch.lines, Symbol.asyncDispose, {
    value: async () => {
      onDispose()
      await dispose()
    },
  })
  return { batch, pages: 1 }
}
