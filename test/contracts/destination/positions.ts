import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { SyncError } from '../../../src/base/errors.ts'
import { appendAll, appendOne, createBatch, createPlan, idAndName } from '../../destinations/batch.ts'
import { type Harness, integer } from './harness.ts'

export function checkPositions(harness: Harness): void {
  const { name, use, readIds, createPlace, listTables } = harness
  suite(`${name}: positions`, () => {
    test('a stream that never committed stands at 0', async () => {
      const place = await createPlace()
      assert.deepEqual(await use(place, (d) => d.readPosition('orders')), { seq: 0, checkpoint: { done: null } })
    })

    test('a position is read back as it was written, after reopening too', async () => {
      const place = await createPlace()
      const checkpoint = {
        done: '9007199254740993',
        open: {
          place: { next: { method: 'GET', url: 'https://a.example/?q="x"&page=2', headers: { 'x-a': "it's" } } },
          highest: 1.5,
          began: 1714564800000,
          pages: 3,
          source: 'abc',
          mark: 'm',
          runs: ['run-0'],
        },
        seen: { highest: 'z', rows: [['AAAA', 'z']] },
        names: [['a b', 'a_b', '']],
      } as const
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [{ id: 1 }], { checkpoint })]))
      assert.deepEqual(await use(place, (d) => d.readPosition('orders')), { seq: 1, checkpoint })
    })

    test('streams have positions of their own, and all are listed', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await appendAll(d, { stream: 'b', table: 'b' }, [(seq) => createBatch(seq, [{ id: 1 }])])
        await appendAll(d, { stream: 'a', table: 'a' }, [
          (seq) => createBatch(seq, []),
          (seq) => createBatch(seq, [{ id: 2 }]),
        ])
        const positions = await d.positions()
        assert.deepEqual(
          positions.map(({ stream, seq, checkpoint }) => ({ stream, seq, checkpoint })),
          [
            { stream: 'a', seq: 2, checkpoint: { done: 2 } },
            { stream: 'b', seq: 1, checkpoint: { done: 1 } },
          ],
        )
        for (const { committedAt } of positions) assert.ok(!Number.isNaN(Date.parse(committedAt)))
      })
    })

    test('a table says whether it is there, whatever the log tells of it', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await using before = await d.openTable(createPlan())
        assert.equal(before.missing, true)
        await appendOne(before, createBatch(1, [{ id: 1 }]))
        await using after = await d.openTable(createPlan({ position: await d.readPosition('orders') }))
        assert.equal(after.missing, false)
      })
    })

    test('a batch without rows commits its checkpoint', async () => {
      const place = await createPlace()
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [], { columns: [] })]))
      assert.equal((await use(place, (d) => d.readPosition('orders'))).seq, 1)
      assert.deepEqual(await listTables(place), [])
    })

    test('a commit whose place is taken is refused and writes nothing', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await appendAll(d, {}, [(seq) => createBatch(seq, [{ id: 1 }])])
        for (const seq of [1, 3]) {
          // A writer of its own: one that has failed takes nothing more.
          await using writer = await d.openTable(createPlan())
          const batch = createBatch(seq, [{ id: 66, other: 1 }], { columns: [...idAndName, integer('other')] })
          await assert.rejects(appendOne(writer, batch), { code: 'STATE_CONFLICT' })
        }
      })
      assert.deepEqual(await readIds(place), [1])
      assert.equal((await use(place, (d) => d.readPosition('orders'))).seq, 1)
    })

    test('of two runs that race for a place exactly one commits', async () => {
      const place = await createPlace()
      await use(place, (first) =>
        use(place, async (second) => {
          for (let seq = 1; seq <= 5; seq += 1) {
            await using one = await first.openTable(createPlan({ runId: 'one' }))
            await using two = await second.openTable(createPlan({ runId: 'two' }))
            const results = await Promise.allSettled([
              appendOne(one, createBatch(seq, [{ id: seq, name: 'one' }])),
              appendOne(two, createBatch(seq, [{ id: seq, name: 'two' }])),
            ])
            const lost = results.filter((result) => result.status === 'rejected')
            assert.deepEqual(
              lost.map(({ reason }) => (reason as SyncError).code),
              ['STATE_CONFLICT'],
            )
          }
        }),
      )
      assert.deepEqual(await readIds(place), [1, 2, 3, 4, 5])
    })
  })
}
