import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
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
