import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { SyncError } from '../../../src/base/errors.ts'
import { appendAll, createBatch, createPlan, idAndName } from '../../destinations/batch.ts'
import { type Harness, text } from './harness.ts'

export function checkAppend(harness: Harness): void {
  const { name, use, readIds, readRows, createPlace, listTables } = harness
  suite(`${name}: append`, () => {
    test('rows of several batches are all there, duplicates included', async () => {
      const place = await createPlace()
      await use(place, (d) =>
        appendAll(d, {}, [
          (seq) => createBatch(seq, [{ id: 1 }, { id: 2 }]),
          (seq) => createBatch(seq, [{ id: 2, name: 'x' }]),
        ]),
      )
      assert.deepEqual(await readIds(place), [1, 2, 2])
    })

    test('a table that exists tells its columns', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        assert.deepEqual((await d.openTable(createPlan())).columns, [])
        await appendAll(d, {}, [(seq) => createBatch(seq, [{ id: 1 }])])
        assert.deepEqual((await d.openTable(createPlan())).columns, idAndName)
      })
      assert.deepEqual((await use(place, (d) => d.openTable(createPlan()))).columns, idAndName)
    })

    test('rows of which nothing is known but their number are kept', async () => {
      const place = await createPlace()
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [{}, {}], { columns: [] })]))
      assert.deepEqual(await listTables(place), ['orders'])
    })

    test('rows of runs that are retracted go with the commit that takes them back', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await appendAll(d, { runId: 'kept' }, [(seq) => createBatch(seq, [{ id: 1 }])])
        await appendAll(d, { runId: 'cut' }, [
          (seq) => createBatch(seq, [{ id: 2 }]),
          (seq) => createBatch(seq, [{ id: 3 }]),
        ])
        await appendAll(d, { runId: 'other', stream: 'b', table: 'b' }, [(seq) => createBatch(seq, [{ id: 9 }])])
        const again = { retract: ['cut', `it's`] }
        await appendAll(d, { runId: 'again' }, [
          (seq) => createBatch(seq, [{ id: 2 }], again),
          (seq) => createBatch(seq, [{ id: 3 }]),
        ])
      })
      assert.deepEqual(await readIds(place), [1, 2, 3])
    })

    test('a large row is taken', async () => {
      const place = await createPlace()
      const long = 'y'.repeat(20_000_000)
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [{ id: 1, name: long }, { id: 2 }])]))
      const rows = await readRows(place, 'orders', idAndName)
      assert.deepEqual(
        rows.map(({ name: read }) => read?.length ?? 0).toSorted((a, b) => a - b),
        [0, 20_000_000],
      )
    })

    test('a row of nearly 100 MB is taken', async () => {
      const place = await createPlace()
      // BigQuery takes rows of up to 100 MB of NDJSON.
      const long = 'z'.repeat(95_000_000)
      await use(place, (d) =>
        appendAll(d, {}, [
          (seq) => createBatch(seq, [{ id: 1, name: long }, { id: 2 }]),
          (seq) => createBatch(seq, [{ id: 3 }]),
        ]),
      )
      const rows = await readRows(place, 'orders', idAndName)
      assert.deepEqual(
        rows.map(({ name: read }) => read?.length ?? 0).toSorted((a, b) => b - a),
        [long.length, 0, 0],
      )
    })

    test('rows that are no JSON fail the batch without their content, and nothing is written', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        const broken = (seq: number) => createBatch(seq, [{ id: 1 }, '{"id": sesame}', '{"id": {"sesame": 1}}'])
        const failure = await appendAll(d, {}, [broken]).then(
          () => undefined,
          (thrown: SyncError) => thrown,
        )
        if (failure) assert.equal(failure.code, 'DESTINATION_FAILED')
        if (failure) assert.doesNotMatch(`${failure.message} ${String(failure.cause)}`, /sesame/)
        // A member that does not look into rows takes them as they are.
        assert.equal((await d.readPosition('orders')).seq, failure ? 0 : 1)
      })
    })

    test('refused rows are kept with their batch', async () => {
      const place = await createPlace()
      const rejects = Array.from({ length: 450 }, (_, at) => ({
        reason: `it's "bad" ${at}`,
        row: `{"a":"\uFFFD'${at}`,
      }))
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [], { rejects })]))
      const rows = await readRows(place, '_headrace_rejects', ['stream', 'seq', 'run_id', 'reason', 'row'].map(text))
      assert.equal(rows.length, 450)
      const expected = { stream: 'orders', seq: '1', run_id: 'run-1', ...rejects[7] }
      assert.deepEqual({ ...rows.find(({ reason }) => reason === rejects[7]?.reason) }, expected)
    })
  })
}
