import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Column } from '../../../src/schema/types.ts'
import { appendAll, createBatch, idAndName } from '../../destinations/batch.ts'
import { type Harness, integer, sortRows } from './harness.ts'

export function checkMerge(harness: Harness): void {
  const { name, use, readRows, createPlace } = harness
  suite(`${name}: merge`, { skip: !harness.updates && 'every version of a row is kept' }, () => {
    const columns = [...idAndName, { name: 'at', type: 'timestamp' } as const]
    const merge = { write: 'merge', primaryKey: ['id'], cursor: 'at' } as const
    const at = (hour: number) => `2024-05-01T${String(hour).padStart(2, '0')}:00:00Z`
    const readAll = async (place: string) => {
      const rows = await readRows(place, 'orders', idAndName)
      return rows.map((row) => `${row['id']}${row['name'] ?? '-'}`).toSorted()
    }

    test('a key is updated, a new one inserted, and a field that is gone becomes NULL', async () => {
      const place = await createPlace()
      const plan = { write: 'merge', primaryKey: ['id'] } as const
      await use(place, (d) =>
        appendAll(d, plan, [
          (seq) =>
            createBatch(seq, [
              { id: 1, name: 'a' },
              { id: 2, name: 'b' },
              { id: 3, name: 'c' },
            ]),
          (seq) => createBatch(seq, [{ id: 2, name: 'B' }, { id: 3 }, { id: 4, name: 'd' }]),
        ]),
      )
      assert.deepEqual(await readAll(place), ['1a', '2B', '3-', '4d'])
    })

    test('NULL in a part of a key is a value like any other, where the plan says so', async () => {
      const place = await createPlace()
      const part = [...idAndName, { name: 'size', type: 'integer' } as const]
      for (const plan of [
        { write: 'merge', primaryKey: ['id', 'size'], keyNulls: true },
        { write: 'insert_only', primaryKey: ['id', 'size'], keyNulls: true },
      ] as const) {
        await use(place, (d) =>
          appendAll(d, plan, [
            (seq) =>
              createBatch(
                seq,
                [
                  { id: 1, name: 'a' },
                  { id: 1, size: 1, name: 'b' },
                ],
                { columns: part },
              ),
            (seq) =>
              createBatch(
                seq,
                [
                  { id: 1, name: 'c' },
                  { size: 1, name: 'd' },
                ],
                { columns: part },
              ),
            (seq) => createBatch(seq, [{ size: 1, name: 'd' }], { columns: part }),
          ]),
        )
        assert.deepEqual(await readAll(place), ['1b', '1c', 'nulld'], plan.write)
      }
    })

    test('inside a batch the highest cursor wins, then the last row, and no cursor counts lowest', async () => {
      const place = await createPlace()
      const rows = [
        { id: 1, name: 'low', at: at(1) },
        { id: 1, name: 'high', at: at(10) },
        { id: 1, name: 'mid', at: at(9) },
        { id: 2, name: 'first', at: at(1) },
        { id: 2, name: 'last', at: at(1) },
        { id: 3, name: 'some', at: at(1) },
        { id: 3, name: 'none' },
      ]
      await use(place, (d) => appendAll(d, merge, [(seq) => createBatch(seq, rows, { columns })]))
      assert.deepEqual(await readAll(place), ['1high', '2last', '3some'])
    })

    test('cursors are compared as values, not as text', async () => {
      const place = await createPlace()
      const numbers = [...idAndName, integer('version')]
      const rows = [
        { id: 1, name: 'ten', version: 10 },
        { id: 1, name: 'nine', version: 9 },
      ]
      const plan = { ...merge, cursor: 'version' }
      await use(place, (d) => appendAll(d, plan, [(seq) => createBatch(seq, rows, { columns: numbers })]))
      assert.deepEqual(await readAll(place), ['1ten'])
    })

    test('a key beside the cursor orders what its column does not', async () => {
      const place = await createPlace()
      const key = { name: '_headrace_cursor_key', type: 'string' } as const
      const keyed = [...columns, key]
      const row = (name: string, id: number, cursor?: string, more = {}) => ({
        id,
        name,
        ...(cursor && { at: cursor }),
        ...more,
      })
      const behind = (nanos: string) => ({ [key.name]: `2024-05-01T09:00:00.${nanos}` })
      await use(place, (d) =>
        appendAll(d, merge, [
          // No row has a key yet.
          (seq) => createBatch(seq, [row('nine', 1, at(9)), row('ten', 2, at(10)), row('nine', 3, at(9))], { columns }),
          (seq) =>
            createBatch(
              seq,
              [
                row('after', 1, at(9), behind('000000002')),
                row('same', 1, at(9), behind('000000001')),
                row('before', 2, undefined, behind('000000000')),
                row('eight', 3, at(8)),
              ],
              { columns: keyed },
            ),
          (seq) =>
            createBatch(
              seq,
              [row('late', 1, at(9), behind('000000001')), row('then', 3, undefined, behind('000000001'))],
              {
                columns: keyed,
              },
            ),
        ]),
      )
      assert.deepEqual(await readAll(place), ['1after', '2ten', '3then'])
    })

    test('a row older than the stored one does not replace it, an equal one does', async () => {
      const place = await createPlace()
      await use(place, (d) =>
        appendAll(d, merge, [
          (seq) =>
            createBatch(
              seq,
              [
                { id: 1, name: 'new', at: at(9) },
                { id: 2, name: 'old', at: at(9) },
                { id: 3, name: 'x' },
              ],
              { columns },
            ),
          (seq) =>
            createBatch(
              seq,
              [
                { id: 1, name: 'late', at: at(8) },
                { id: 2, name: 'same', at: at(9) },
                { id: 3, name: 'y' },
              ],
              { columns },
            ),
          (seq) => createBatch(seq, [{ id: 1, name: 'none' }], { columns }),
        ]),
      )
      assert.deepEqual(await readAll(place), ['1new', '2same', '3y'])
    })

    test('a row that was ahead of its time when it was loaded gives way to any that comes later, and to one beside it', async () => {
      const place = await createPlace()
      const ahead = '2199-01-01T00:00:00Z'
      await use(place, (d) =>
        appendAll(d, merge, [
          (seq) =>
            createBatch(
              seq,
              [
                { id: 1, name: 'ahead', at: ahead },
                { id: 2, name: 'usual', at: at(9) },
                { id: 3, name: 'usual', at: at(9) },
                { id: 3, name: 'ahead', at: ahead },
              ],
              { columns },
            ),
          (seq) =>
            createBatch(
              seq,
              [
                { id: 1, name: 'later', at: at(8) },
                { id: 2, name: 'ahead', at: ahead },
              ],
              { columns },
            ),
        ]),
      )
      assert.deepEqual(await readAll(place), ['1later', '2ahead', '3usual'])
    })

    test('a key of several columns is one key', async () => {
      const place = await createPlace()
      const plan = { write: 'merge', primaryKey: ['id', 'name'] } as const
      const rows = [
        { id: 1, name: 'a' },
        { id: 1, name: 'b' },
        { id: 1, name: 'a' },
      ]
      await use(place, (d) => appendAll(d, plan, [(seq) => createBatch(seq, rows), (seq) => createBatch(seq, rows)]))
      assert.deepEqual(await readAll(place), ['1a', '1b'])
    })

    test('insert_only takes only keys that are not there yet', async () => {
      const place = await createPlace()
      const plan = { write: 'insert_only', primaryKey: ['id'] } as const
      await use(place, (d) =>
        appendAll(d, plan, [
          (seq) => createBatch(seq, [{ id: 1, name: 'a' }]),
          (seq) =>
            createBatch(seq, [
              { id: 1, name: 'b' },
              { id: 2, name: 'c' },
              { id: 2, name: 'd' },
            ]),
        ]),
      )
      assert.deepEqual(await readAll(place), ['1a', '2d'])
    })

    test('a batch that is merged may add and widen columns', async () => {
      const place = await createPlace()
      const wide: Column[] = [
        { name: 'id', type: 'integer' },
        { name: 'name', type: 'string' },
        { name: 'v', type: 'number' },
      ]
      const plan = { write: 'merge', primaryKey: ['id'] } as const
      await use(place, (d) =>
        appendAll(d, plan, [
          (seq) => createBatch(seq, [{ id: 1, name: 'a' }]),
          (seq) => createBatch(seq, [{ id: 2, name: 'b', v: 1 }], { columns: [...idAndName, integer('v')] }),
          (seq) => createBatch(seq, [{ id: 1, name: 'c', v: 1.5 }], { columns: wide }),
        ]),
      )
      const rows = await readRows(place, 'orders', wide)
      assert.deepEqual(sortRows(rows.map(({ id, v }) => [id, Number(v)])), [
        ['1', 1.5],
        ['2', 1],
      ])
    })
  })
}
