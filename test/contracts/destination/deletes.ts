import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Destination, TablePlan } from '../../../src/destinations/destination.ts'
import type { Column, ColumnType } from '../../../src/schema/types.ts'
import { appendAll, createBatch, idAndName } from '../../destinations/batch.ts'
import { type Harness, text } from './harness.ts'

const deletedAt: Column = { name: '_deleted_at', type: 'timestamp' }
const merge = { write: 'merge', primaryKey: ['id'] } as const
const absent = { ...merge, staged: true, merges: true } as const
const day = (number: number): string => `2024-06-${String(number).padStart(2, '0')}T00:00:00.000Z`

/** How rows that are gone at the source leave the table. */
export function checkDeletes(harness: Harness): void {
  const { name, use, readRows, createPlace } = harness
  suite(`${name}: deletes`, { skip: !harness.updates && 'every version of a row is kept' }, () => {
    const append = (d: Destination, plan: Partial<TablePlan>, rows: readonly object[], columns = idAndName) =>
      appendAll(d, plan, [(seq) => createBatch(seq, rows, { columns })])
    const list = (d: Destination, plan: Partial<TablePlan>, rows: readonly object[], whole = true) =>
      appendAll(d, plan, [(seq) => createBatch(seq, rows, { columns: idAndName, complete: true, whole })])
    const read = async (place: string, soft = true): Promise<readonly string[]> => {
      const rows = await readRows(place, 'orders', [...idAndName, ...(soft ? [deletedAt] : [])])
      return rows
        .map(
          (row) =>
            `${row['id']}${row['name'] ?? ''}${row['_deleted_at'] ? ` d${Number(row['_deleted_at'].slice(8, 10))}` : ''}`,
        )
        .toSorted()
    }

    const flags: readonly [ColumnType, unknown, unknown][] = [
      ['boolean', true, false],
      ['integer', 1, 0],
      ['number', 0.5, 0],
      ['numeric', '1', '0'],
      ['string', 'yes', 'false'],
      ['string', 'D', ''],
      ['timestamp', day(5), null],
      ['date', '2024-06-05', null],
      ['json', { by: 'x' }, false],
      ['array<string>', ['x'], null],
    ]
    for (const [type, set, unset] of flags) {
      test(`a flag of type ${type} deletes where it is ${JSON.stringify(set)}, not where it is ${JSON.stringify(unset)}`, async () => {
        for (const mode of ['hard', 'soft'] as const) {
          const place = await createPlace()
          const plan = { ...merge, deletes: { mode, flag: 'gone' } }
          const columns = [...idAndName, { name: 'gone', type }]
          await use(place, async (d) => {
            await append(d, plan, [{ id: 1 }, { id: 2 }, { id: 3 }])
            await append(
              d,
              { ...plan, loadedAt: day(5) },
              [
                { id: 1, gone: set },
                { id: 2, gone: unset },
                { id: 4, gone: set },
              ],
              columns,
            )
          })
          const expected = mode === 'hard' ? ['2', '3'] : ['1 d5', '2', '3', '4 d5']
          assert.deepEqual(await read(place, mode === 'soft'), expected)
        }
      })
    }

    test('a flag may be told by its value, and a value in the column beside it counts too', async () => {
      const place = await createPlace()
      const plan = { ...merge, deletes: { mode: 'hard', flag: 'state', value: 'deleted' } } as const
      await use(place, async (d) => {
        const columns = [...idAndName, text('state')]
        await append(d, plan, [{ id: 1, state: 'open' }, { id: 2, state: 'deleted' }, { id: 3 }], columns)
        const beside: Column[] = [...idAndName, { name: 'state', type: 'boolean' }, text('state__string')]
        const other = { ...plan, stream: 'b', table: 'b' }
        await append(
          d,
          other,
          [
            { id: 1, state: true },
            { id: 2, state__string: 'deleted' },
          ],
          beside,
        )
      })
      assert.deepEqual(await read(place, false), ['1', '3'])
      assert.equal((await readRows(place, 'b', idAndName)).length, 1)
    })

    test('what is deleted stays so since the first time, is no older row undone, and may come back', async () => {
      const place = await createPlace()
      const columns: Column[] = [...idAndName, { name: 'at', type: 'integer' }, { name: 'gone', type: 'boolean' }]
      const plan = { ...merge, cursor: 'at', deletes: { mode: 'soft', flag: 'gone' } } as const
      await use(place, async (d) => {
        await append(
          d,
          { ...plan, loadedAt: day(1) },
          [
            { id: 1, at: 5, gone: true },
            { id: 2, at: 5, gone: true },
          ],
          columns,
        )
        await append(
          d,
          { ...plan, loadedAt: day(2) },
          [
            { id: 1, at: 5, gone: true },
            { id: 2, at: 4 },
          ],
          columns,
        )
      })
      assert.deepEqual(await read(place), ['1 d1', '2 d1'])
      await use(place, (d) => append(d, plan, [{ id: 1, at: 6 }], columns))
      assert.deepEqual(await read(place), ['1', '2 d1'])
    })

    test('what a complete listing does not hold is deleted, and only then', async () => {
      for (const mode of ['hard', 'soft'] as const) {
        const place = await createPlace()
        const plan = { ...absent, deletes: { mode, maxShare: 0.5 } }
        await use(place, async (d) => {
          await list(d, plan, [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }])
          // Cut short, then begun again.
          await append(d, { ...plan, runId: 'cut' }, [{ id: 1, name: 'cut' }])
          await append(d, { ...plan, runId: 'anew' }, [{ id: 1, name: 'b' }, { id: 5 }])
        })
        assert.deepEqual(await read(place, mode === 'soft'), ['1', '2', '3', '4'])
        await use(place, (d) => list(d, { ...plan, resumed: true, loadedAt: day(5) }, [{ id: 3, name: 'c' }]))
        const gone = mode === 'soft' ? ['2 d5', '3c', '4 d5'] : ['3c']
        assert.deepEqual(await read(place, mode === 'soft'), ['1b', ...gone, '5'])
        await use(place, (d) => list(d, { ...plan, loadedAt: day(6) }, [{ id: 1 }, { id: 3 }, { id: 4, name: 'back' }]))
        const last = mode === 'soft' ? ['1', '2 d5', '3', '4back', '5 d6'] : ['1', '3', '4back']
        assert.deepEqual(await read(place, mode === 'soft'), last)
      }
    })

    test('a row that is older than the stored one is there all the same', async () => {
      const place = await createPlace()
      const columns: Column[] = [...idAndName, { name: 'at', type: 'integer' }]
      const plan = { ...absent, cursor: 'at', deletes: { mode: 'soft', maxShare: 1 } } as const
      const listing = (rows: readonly object[]) => (d: Destination) =>
        appendAll(d, { ...plan, loadedAt: day(5) }, [
          (seq) => createBatch(seq, rows, { columns, complete: true, whole: true }),
        ])
      await use(
        place,
        listing([
          { id: 1, name: 'new', at: 9 },
          { id: 2, at: 9 },
        ]),
      )
      await use(place, listing([{ id: 1, name: 'old', at: 8 }]))
      assert.deepEqual(await read(place), ['1new', '2 d5'])
      await use(
        place,
        listing([
          { id: 1, at: 9 },
          { id: 2, name: 'old', at: 8 },
        ]),
      )
      assert.deepEqual(await read(place), ['1', '2old'])
    })

    test('too many absent rows are a fault of the listing: nothing changes, and the position stays', async () => {
      const place = await createPlace()
      const plan = { ...absent, deletes: { mode: 'hard', maxShare: 0.5 } } as const
      await use(place, async (d) => {
        await list(d, plan, [{ id: 1 }, { id: 2 }, { id: 3 }])
        for (const rows of [[], [{ id: 1, name: 'x' }, { id: 9 }]]) {
          await assert.rejects(list(d, plan, rows), { code: 'TOO_MANY_DELETES', message: /orders/ })
        }
        assert.equal((await d.readPosition('orders')).seq, 1)
      })
      assert.deepEqual(await read(place, false), ['1', '2', '3'])
      await use(place, (d) => list(d, { ...plan, deletes: { mode: 'hard', maxShare: 1 } }, []))
      assert.deepEqual(await read(place, false), [])
    })

    test('a listing of which a row was refused deletes nothing', async () => {
      const place = await createPlace()
      const plan = { ...absent, deletes: { mode: 'hard', maxShare: 1 } } as const
      await use(place, async (d) => {
        await list(d, plan, [{ id: 1 }, { id: 2 }])
        await list(d, plan, [{ id: 2, name: 'b' }], false)
      })
      assert.deepEqual(await read(place, false), ['1', '2b'])
    })

    test('an empty listing of a stream that never had a row is taken', async () => {
      const place = await createPlace()
      const plan = { ...absent, deletes: { mode: 'soft', maxShare: 0.5 } } as const
      await use(place, async (d) => {
        await appendAll(d, plan, [(seq) => createBatch(seq, [], { columns: [], complete: true, whole: true })])
        await list(d, plan, [{ id: 1 }])
      })
      assert.deepEqual(await read(place), ['1'])
    })

    test('absence closes the version of a history, and a key that is back begins another one', async () => {
      for (const cursor of [undefined, 'at']) {
        const place = await createPlace()
        const columns: Column[] = [...idAndName, { name: 'at', type: 'timestamp' }]
        const at = '2024-05-01T01:00:00Z'
        const plan = {
          ...absent,
          write: 'scd2',
          deletes: { mode: 'soft', maxShare: 0.5 },
          ...(cursor && { cursor }),
        } as const
        const listing = (number: number, ids: readonly number[]) => (d: Destination) =>
          appendAll(d, { ...plan, loadedAt: day(number) }, [
            (seq) =>
              createBatch(
                seq,
                ids.map((id) => ({ id, at })),
                { columns, complete: true, whole: true },
              ),
          ])
        for (const [number, ids] of [
          [1, [1, 2]],
          [2, [1]],
          [3, [1]],
          [4, [1, 2]],
          [5, [1, 2]],
        ] as const)
          await use(place, listing(number, ids))
        const rows = await readRows(place, 'orders', [
          ...idAndName,
          { name: '_valid_from', type: 'timestamp' },
          { name: '_valid_to', type: 'timestamp' },
          deletedAt,
        ])
        const short = (value: string | null | undefined): string => (value ? value.slice(5, 10) : '')
        const begin = cursor ? '05-01' : '06-01'
        assert.deepEqual(
          rows
            .map(
              (row) =>
                `${row['id']} ${short(row['_valid_from'])} ${short(row['_valid_to'])} ${short(row['_deleted_at'])}`,
            )
            .toSorted(),
          [`1 ${begin}  `, `2 ${begin} 06-02 06-02`, '2 06-04  '].toSorted(),
        )
      }
    })
  })
}
