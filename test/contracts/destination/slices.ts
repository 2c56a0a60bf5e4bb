import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Destination } from '../../../src/destinations/destination.ts'
import { appendOne, createBatch, createPlan } from '../../destinations/batch.ts'
import type { Harness } from './harness.ts'

const state = (slice: string, done: number) => ({ slice, progress: { done } })

export function checkSlices({ name, use, createPlace, readIds }: Harness): void {
  suite(`${name}: slices`, () => {
    test('states are read back by the last commit of each slice, of one stream, after reopening too', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        assert.deepEqual(await d.readSlices('orders'), [])
        await using writer = await d.openTable(createPlan({ slices: true }))
        const odd = { slice: `{"a":"it's","b":"\\ "é""}`, progress: { done: '9007199254740993', seen: seenOnce } }
        await appendOne(writer, createBatch(1, [{ id: 1 }], { slices: [state('a', 1), odd] }))
        await appendOne(writer, createBatch(2, [{ id: 2 }], { slices: [state('b', 1)] }))
        await appendOne(writer, createBatch(3, [], { slices: [state('a', 2)] }))
        await appendOne(writer, createBatch(4, [], { complete: true }))
        await using other = await d.openTable(createPlan({ stream: 'b', table: 'b', slices: true }))
        await appendOne(other, createBatch(1, [{ id: 1 }], { slices: [state('a', 7)] }))
        const found = [state('a', 2), state('b', 1), odd].toSorted((x, y) => (x.slice < y.slice ? -1 : 1))
        assert.deepEqual(sorted(await d.readSlices('orders')), found)
      })
      await use(place, async (d) => assert.equal((await d.readSlices('orders')).length, 3))
      await use(place, async (d) => assert.deepEqual(await d.readSlices('b'), [state('a', 7)]))
    })

    test('a batch that is refused leaves no state', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await using writer = await d.openTable(createPlan({ slices: true }))
        await assert.rejects(appendOne(writer, createBatch(3, [], { slices: [state('a', 1)] })), {
          code: 'STATE_CONFLICT',
        })
        assert.deepEqual(await d.readSlices('orders'), [])
      })
    })

    test('what a run that is taken back said of slices is taken back with its rows', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await commit(d, 'one', [[state('a', 1), state('b', 1)]])
        await commit(d, 'two', [[state('a', 2)]])
        assert.deepEqual(sorted(await d.readSlices('orders', ['two'])), [state('a', 1), state('b', 1)])
        assert.deepEqual(sorted(await d.readSlices('orders')), [state('a', 2), state('b', 1)])
        await commit(d, 'three', [[state('b', 3)]], { retract: ['two'] })
        assert.deepEqual(sorted(await d.readSlices('orders')), [state('a', 1), state('b', 3)])
      })
      assert.deepEqual(await readIds(place), [1, 3])
    })

    test('a listing that forgets the slices leaves its own', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await commit(d, 'one', [[state('a', 1), state('b', 1)]])
        await commit(d, 'two', [[state('b', 2)]], { forgetsSlices: true })
        assert.deepEqual(await d.readSlices('orders'), [state('b', 2)])
      })
    })

    test('what a full refresh says of slices holds once it is complete, and nothing else does', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await commit(d, 'one', [[state('a', 1), state('b', 1)]])
        await commit(d, 'two', [[state('b', 5)]], {}, { staged: true })
        assert.deepEqual(sorted(await d.readSlices('orders')), [state('a', 1), state('b', 1)])
        assert.deepEqual(await d.readSlices('orders', [], true), [state('b', 5)])
        await commit(d, 'three', [[state('c', 6)], [state('d', 7)]], {}, { staged: true })
        await commit(d, 'four', [[state('e', 8)]], { complete: true }, { staged: true, resumed: true })
        assert.deepEqual(sorted(await d.readSlices('orders')), [state('c', 6), state('d', 7), state('e', 8)])
      })
      await use(place, async (d) => assert.equal((await d.readSlices('orders')).length, 3))
    })
  })
}

const seenOnce = { highest: 'z', rows: [['AAAA', 'z']] } as const

const sorted = <T extends { slice: string }>(states: readonly T[]): readonly T[] =>
  states.toSorted((a, b) => (a.slice < b.slice ? -1 : 1))

/** Commits a batch for each list of states, with a row whose id is the batch's place in the log. */
async function commit(
  destination: Destination,
  runId: string,
  changed: readonly (readonly ReturnType<typeof state>[])[],
  batch: Partial<Parameters<typeof createBatch>[2]> = {},
  plan: Partial<Parameters<typeof createPlan>[0]> = {},
): Promise<void> {
  const position = await destination.readPosition('orders')
  await using writer = await destination.openTable(createPlan({ runId, position, slices: true, ...plan }))
  let { seq } = position
  for (const slices of changed) await appendOne(writer, createBatch(++seq, [{ id: seq }], { slices, ...batch }))
}
