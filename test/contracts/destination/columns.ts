import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Column, ColumnType } from '../../../src/schema/types.ts'
import { appendAll, createBatch, createPlan, idAndName } from '../../destinations/batch.ts'
import { type Harness, integer, text, sortRows } from './harness.ts'

export function checkColumns(harness: Harness): void {
  const { name, use, readIds, readRows, createPlace, largest = '170141183460469231731687303715884105727' } = harness
  suite(`${name}: columns`, () => {
    test('values of every type come back exact', async () => {
      const place = await createPlace()
      const values: readonly [ColumnType, string, string][] = [
        ['integer', '9007199254740993', '9007199254740993'],
        ['integer', '-9223372036854775808', '-9223372036854775808'],
        ['numeric', '"12345678901234567890123456789.123456789"', '12345678901234567890123456789.123456789'],
        ['bignumeric', `"${largest}"`, largest],
        ['number', '0.1', '0.1'],
        ['number', '1e300', '1e+300'],
        ['boolean', 'false', 'false'],
        ['string', '"it\'s \\"q\\" \\\\ \\n ü 漢 🎈"', 'it\'s "q" \\ \n ü 漢 🎈'],
        ['string', '""', ''],
        ['timestamp', '"1969-12-31T23:59:59.999999Z"', '1969-12-31T23:59:59.999999Z'],
        ['timestamp', '"2024-05-01T12:34:56.123456+02:00"', '2024-05-01T10:34:56.123456Z'],
        ['datetime', '"2024-05-01T12:34:56.123456"', '2024-05-01T12:34:56.123456'],
        ['date', '"2024-02-29"', '2024-02-29'],
        ['time', '"23:59:59.123456"', '23:59:59.123456'],
      ]
      const columns = [
        ...values.map(([type], at): Column => ({ name: `c${at}`, type })),
        { name: 'j', type: 'json' } as const,
      ]
      const json = '{"a":[1,null,{"b":"ü"}],"big":12345678901234567890}'
      const row = `{${values.map(([, sent], at) => `"c${at}":${sent}`).join(',')},"j":${json}}`
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [row, '{}'], { columns })]))
      const rows = await readRows(place, 'orders', columns)
      const full = rows.find((candidate) => candidate['c0'] !== null)
      const { j, ...rest } = full ?? {}
      assert.deepEqual(rest, Object.fromEntries(values.map(([, , read], at) => [`c${at}`, read])))
      assert.equal(j, json)
      const empty = rows.find((candidate) => candidate['c0'] === null)
      assert.deepEqual(new Set(Object.values(empty ?? { c0: 'absent' })), new Set([null]))
    })

    test('rows that are all empty are NULL in the only column of a table', async () => {
      for (const only of [integer('a'), text('a')]) {
        const place = await createPlace()
        await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, ['{}', '{}'], { columns: [only] })]))
        const rows = await readRows(place, 'orders', [only])
        assert.deepEqual(
          rows.map(({ a }) => a),
          [null, null],
        )
      }
    })

    test('a new column is NULL in the rows before it', async () => {
      const place = await createPlace()
      const columns = [...idAndName, text('city')]
      await use(place, (d) =>
        appendAll(d, {}, [
          (seq) => createBatch(seq, [{ id: 1 }]),
          (seq) => createBatch(seq, [{ id: 2, city: 'Ulm' }], { columns }),
          (seq) => createBatch(seq, [{ id: 3 }]),
        ]),
      )
      const rows = await readRows(place, 'orders', columns)
      assert.deepEqual(sortRows(rows.map(({ id, city }) => [id, city])), [
        ['1', null],
        ['2', 'Ulm'],
        ['3', null],
      ])
    })

    test('a table tells whether a column of integers has some beyond 2^53', async () => {
      const place = await createPlace()
      const columns: readonly Column[] = [integer('near'), integer('beyond')]
      await use(place, async (d) => {
        const line = '{"near": -9007199254740992, "beyond": 9007199254740993}'
        await appendAll(d, {}, [(seq) => createBatch(seq, [line], { columns })])
        await using table = await d.openTable(createPlan())
        if (!table.isWide) return
        assert.deepEqual([await table.isWide('near'), await table.isWide('beyond')], [false, true])
      })
    })

    test('a column widens from integer to numeric to number, and stays wide', async () => {
      const place = await createPlace()
      const batchOf = (type: ColumnType, value: string) => (seq: number) =>
        createBatch(seq, [`{"v":${value}}`], { columns: [{ name: 'v', type }] })
      await use(place, async (d) => {
        await appendAll(d, {}, [
          batchOf('integer', '9007199254740992'),
          batchOf('numeric', '"0.000000001"'),
          batchOf('integer', '9007199254740992'),
        ])
        assert.deepEqual((await d.openTable(createPlan())).columns, [{ name: 'v', type: 'numeric' }])
      })
      const exact = await readRows(place, 'orders', [{ name: 'v', type: 'numeric' }])
      assert.deepEqual(exact.map(({ v }) => String(v)).toSorted(), [
        '0.000000001',
        '9007199254740992.000000000',
        '9007199254740992.000000000',
      ])
      await use(place, async (d) => {
        await appendAll(d, {}, [batchOf('number', '1e100'), batchOf('integer', '7')])
        assert.deepEqual((await d.openTable(createPlan())).columns, [{ name: 'v', type: 'number' }])
      })
      const wide = await readRows(place, 'orders', [{ name: 'v', type: 'number' }])
      assert.deepEqual(
        wide.map(({ v }) => Number(v)).toSorted((a, b) => a - b),
        [1e-9, 7, 9007199254740992, 9007199254740992, 1e100],
      )
    })

    test('an integer column widens to one beyond int64', async () => {
      const place = await createPlace()
      const columns: Column[] = [{ name: 'v', type: 'bignumeric' }]
      await use(place, (d) =>
        appendAll(d, {}, [
          (seq) => createBatch(seq, ['{"v":9223372036854775807}'], { columns: [integer('v')] }),
          (seq) => createBatch(seq, ['{"v":"9223372036854775808"}'], { columns }),
        ]),
      )
      const rows = await readRows(place, 'orders', columns)
      assert.deepEqual(rows.map(({ v }) => String(v)).toSorted(), ['9223372036854775807', '9223372036854775808'])
    })

    test('a type that cannot hold the other is refused, and nothing is written', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await appendAll(d, {}, [(seq) => createBatch(seq, [{ id: 1 }])])
        const clash = (seq: number) => createBatch(seq, [{ id: 'x' }], { columns: [text('id')] })
        await assert.rejects(appendAll(d, {}, [clash]), { code: 'DESTINATION_FAILED', message: /id/ })
      })
      assert.deepEqual(await readIds(place), [1])
    })

    test('a table takes 10,000 columns, and tells them all', async () => {
      const place = await createPlace()
      const columns = Array.from({ length: 10_000 - 2 }, (_, at) => integer(`column_${at}`))
      const row = Object.fromEntries(columns.map(({ name: column }, at) => [column, at]))
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [row], { columns })]))
      const known = (await use(place, (d) => d.openTable(createPlan()))).columns
      assert.deepEqual(known, columns)
      const [read] = await readRows(place, 'orders', [integer('column_0'), integer('column_9997')])
      assert.deepEqual({ ...read }, { column_0: '0', column_9997: '9997' })
    })

    test('names may be reserved words, hold 300 characters, and come by the thousand', async () => {
      const place = await createPlace()
      const names = ['select', 'from', 'group', 'order', 'rowid', 'stored', 'fresh', '_ord', 'a'.repeat(300)]
      for (let at = names.length; at < 2_000; at += 1) names.push(`column_${at}`)
      const columns = names.map(integer)
      const row = Object.fromEntries(names.map((column, at) => [column, at]))
      const plan = { table: 'select', write: 'merge', primaryKey: ['group', 'order'], cursor: 'from' } as const
      await use(place, (d) => appendAll(d, plan, [(seq) => createBatch(seq, [row, row], { columns })]))
      const rows = await readRows(place, 'select', columns)
      assert.deepEqual({ ...rows[0] }, Object.fromEntries(names.map((column, at) => [column, String(at)])))
    })
  })
}
