import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Destination, TablePlan } from '../../../src/destinations/destination.ts'
import type { Column } from '../../../src/schema/types.ts'
import { appendAll, createBatch, createPlan, idAndName } from '../../destinations/batch.ts'
import { type Harness, integer, text } from './harness.ts'

export function checkReplace(harness: Harness): void {
  const { name, use, readIds, readRows, createPlace } = harness
  suite(`${name}: replace`, () => {
    const staged = { write: 'replace', staged: true } as const

    test('nothing is seen of a listing before it is complete, then nothing of the one before', async () => {
      const place = await createPlace()
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [{ id: 1 }, { id: 2 }])]))
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 3 }])]))
      assert.deepEqual(await readIds(place), [1, 2])
      await use(place, (d) =>
        appendAll(d, { ...staged, resumed: true }, [
          (seq) => createBatch(seq, [{ id: 4 }]),
          (seq) => createBatch(seq, [{ id: 5 }], { complete: true }),
        ]),
      )
      assert.deepEqual(await readIds(place), [3, 4, 5])
    })

    test('a listing that begins anew drops what an earlier one staged', async () => {
      const place = await createPlace()
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 1 }])]))
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 2 }], { complete: true })]))
      assert.deepEqual(await readIds(place), [2])
    })

    test('a listing whose first pages bring nothing goes on from there, without the rows of one before', async () => {
      const place = await createPlace()
      const nothing = (seq: number) => createBatch(seq, [], { columns: [] })
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 1 }])]))
      await use(place, (d) => appendAll(d, staged, [nothing]))
      const resumed = { ...staged, resumed: true }
      await use(place, (d) => appendAll(d, resumed, [nothing]))
      await use(place, (d) => appendAll(d, resumed, [(seq) => createBatch(seq, [{ id: 2 }], { complete: true })]))
      assert.deepEqual(await readIds(place), [2])
    })

    test('opening a new listing leaves the staged rows until its first commit', async () => {
      const place = await createPlace()
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 1 }])]))
      await use(place, async (d) => {
        await using writer = await d.openTable(createPlan(staged))
        assert.ok(writer)
      })
      const resumed = { ...staged, resumed: true }
      await use(place, (d) => appendAll(d, resumed, [(seq) => createBatch(seq, [{ id: 2 }], { complete: true })]))
      assert.deepEqual(await readIds(place), [1, 2])
    })

    test('two listings in one open table replace one another', async () => {
      const place = await createPlace()
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 1 }], { complete: true })]))
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 2 }], { complete: true })]))
      assert.deepEqual(await readIds(place), [2])
    })

    test('an empty listing empties the table', async () => {
      const place = await createPlace()
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 1 }], { complete: true })]))
      await use(place, (d) => appendAll(d, staged, [(seq) => createBatch(seq, [], { complete: true })]))
      assert.deepEqual(await readIds(place), [])
    })

    test('a listing that lacks too many of the rows replaces nothing, and the position stays', async () => {
      const place = await createPlace()
      const guarded = { ...staged, maxShrink: 0.5 }
      const list = (d: Destination, ids: readonly number[], more: Partial<TablePlan> = {}) =>
        appendAll(d, { ...guarded, ...more }, [
          (seq) =>
            createBatch(
              seq,
              ids.map((id) => ({ id })),
              { complete: true },
            ),
        ])
      await use(place, async (d) => {
        // There is nothing yet that could shrink.
        await list(d, [1, 2, 3, 4])
        for (const ids of [[], [5]])
          await assert.rejects(list(d, ids), { code: 'TABLE_SHRINKS', message: /orders has [01] rows.* has 4/ })
        assert.equal((await d.readPosition('orders')).seq, 1)
      })
      assert.deepEqual(await readIds(place), [1, 2, 3, 4])
      await use(place, (d) => list(d, [5, 6]))
      assert.deepEqual(await readIds(place), [5, 6])
      await use(place, (d) => list(d, [], { maxShrink: 1 }))
      assert.deepEqual(await readIds(place), [])
      await use(place, (d) => list(d, [7]))
      assert.deepEqual(await readIds(place), [7])
    })

    test('what was staged before counts, and a listing that was refused may be gone on with', async () => {
      const place = await createPlace()
      const guarded = { ...staged, maxShrink: 0.5 }
      const part = (ids: readonly number[], complete: boolean) => (seq: number) =>
        createBatch(
          seq,
          ids.map((id) => ({ id })),
          { complete },
        )
      await use(place, (d) => appendAll(d, guarded, [part([1, 2, 3, 4, 5, 6], true)]))
      await use(place, (d) => appendAll(d, guarded, [part([1], false)]))
      const resumed = { ...guarded, resumed: true }
      await use(place, (d) => assert.rejects(appendAll(d, resumed, [part([2], true)]), { code: 'TABLE_SHRINKS' }))
      await use(place, (d) => appendAll(d, resumed, [part([2, 3], true)]))
      assert.deepEqual(await readIds(place), [1, 2, 3])
    })

    test('columns of the replaced table stay known', async () => {
      const place = await createPlace()
      const columns = [integer('id'), text('city')]
      await use(place, (d) =>
        appendAll(d, staged, [(seq) => createBatch(seq, [{ id: 1 }], { columns, complete: true })]),
      )
      await use(place, async (d) => {
        const rows = [{ id: 2.5 }]
        const widened: Column[] = [{ name: 'id', type: 'number' }]
        await appendAll(d, staged, [(seq) => createBatch(seq, rows, { columns: widened, complete: true })])
        const known = (await d.openTable(createPlan())).columns
        assert.deepEqual(known, [{ name: 'id', type: 'number' }, text('city')])
      })
    })

    if (harness.updates) {
      test('rows of one key count once against those that would go, and rows that are deleted already do not', async () => {
        const place = await createPlace()
        const plan = { write: 'merge', primaryKey: ['id'], deletes: { mode: 'soft', flag: 'gone' } } as const
        const columns = [...idAndName, { name: 'gone', type: 'boolean' } as const]
        const rows = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => ({ id, gone: id > 4 }))
        await use(place, (d) => appendAll(d, plan, [(seq) => createBatch(seq, rows, { columns })]))
        const refresh = { ...plan, staged: true, maxShrink: 0.5 }
        const list = (d: Destination, ids: readonly number[]) =>
          appendAll(d, refresh, [
            (seq) =>
              createBatch(
                seq,
                ids.map((id) => ({ id })),
                { columns, complete: true },
              ),
          ])
        await use(place, (d) => assert.rejects(list(d, [1, 1, 1]), { code: 'TABLE_SHRINKS' }))
        await use(place, (d) => list(d, [1, 2]))
        assert.deepEqual(await readIds(place), [1, 2])
      })

      test('a full refresh of a merge stream keeps one row a key', async () => {
        const place = await createPlace()
        const plan = { write: 'merge', staged: true, primaryKey: ['id'] } as const
        await use(place, (d) =>
          appendAll(d, plan, [
            (seq) =>
              createBatch(seq, [
                { id: 1, name: 'a' },
                { id: 2, name: 'b' },
              ]),
            (seq) => createBatch(seq, [{ id: 1, name: 'c' }], { complete: true }),
          ]),
        )
        const rows = await readRows(place, 'orders', idAndName)
        assert.deepEqual(rows.map(({ id, name: read }) => `${id}${read}`).toSorted(), ['1c', '2b'])
      })
    }
  })
}
