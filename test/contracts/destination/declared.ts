import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { coerceValue } from '../../../src/schema/coerce.ts'
import type { Column, ColumnType } from '../../../src/schema/types.ts'
import { type Member, readMembers } from '../../../src/schema/value.ts'
import { appendAll, createBatch, createPlan, idAndName } from '../../destinations/batch.ts'
import { type Harness, integer, sortRows } from './harness.ts'

function coerced(type: ColumnType, text: string): string {
  const [member] = readMembers(`{"at":${text}}`)
  return coerceValue(member as Member, type) as string
}

/** Columns whose types no value tells: somebody has declared them. */
export function checkDeclared(harness: Harness): void {
  const { name, use, readRows, createPlace } = harness
  suite(`${name}: declared types`, () => {
    const largest = harness.largest ?? '9'.repeat(38)
    const beyond: [ColumnType, string, string] = [
      'decimal(30,20)',
      '"-1234567890.12345678901234567891"',
      '-1234567890.12345678901234567891',
    ]
    const values: readonly [ColumnType, string, string][] = [
      ['decimal(38,0)', `"${largest}"`, largest],
      ['decimal(30,18)', '"-123456789012.123456789012345678"', '-123456789012.123456789012345678'],
      ...(harness.largest === undefined ? [beyond] : []),
      ['timestamp', coerced('timestamp', '1706695200.123456'), '2024-01-31T10:00:00.123456Z'],
      ['timestamp', coerced('timestamp', '"1706713200123456"'), '2024-01-31T15:00:00.123456Z'],
      ['datetime', coerced('datetime', '"2024-01-31T10:00:00.123456+02"'), '2024-01-31T08:00:00.123456'],
      ['date', coerced('date', '"1706695200"'), '2024-01-31'],
      ['decimal(5,2)', '"0.1"', '0.10'],
      ['bytes', '"AAEC/w=="', 'AAEC/w=='],
      ['bytes', '""', ''],
      ['array<integer>', '["9007199254740993",-1]', '[9007199254740993,-1]'],
      ['array<string>', '["a","","ü,]"]', '["a","","ü,]"]'],
      ['array<boolean>', '[]', '[]'],
      ['array<decimal(12,2)>', '["1.10","-0.01"]', '["1.10","-0.01"]'],
      ['array<bytes>', '["AAE=",""]', '["AAE=",""]'],
      ['record<a integer, b string>', '{"a":1,"b":"x"}', '{"a":1,"b":"x"}'],
      ['record<a integer, b string>', '{}', '{"a":null,"b":null}'],
      [
        'record<at date, inner record<d decimal(12,2), raw bytes, tags array<string>>>',
        '{"at":"2024-02-29","inner":{"d":"1.50","raw":"AAE=","tags":["x"]}}',
        '{"at":"2024-02-29","inner":{"d":"1.50","raw":"AAE=","tags":["x"]}}',
      ],
      [
        'array<record<a integer, t array<string>>>',
        '[{"a":1,"t":["x"]},{"a":2,"t":[]}]',
        '[{"a":1,"t":["x"]},{"a":2,"t":[]}]',
      ],
    ]
    const columns = values.map(([type], at): Column => ({ name: `c${at}`, type }))

    test('values of every declared type come back exact', async () => {
      const place = await createPlace()
      const row = `{${values.map(([, sent], at) => `"c${at}":${sent}`).join(',')}}`
      await use(place, (d) => appendAll(d, {}, [(seq) => createBatch(seq, [row], { columns })]))
      const [read] = await readRows(place, 'orders', columns)
      assert.deepEqual({ ...read }, Object.fromEntries(values.map(([, , expected], at) => [`c${at}`, expected])))
    })

    test('an array that is absent is empty, everything else NULL, also in the rows before the column', async () => {
      const place = await createPlace()
      const all = [integer('id'), ...columns]
      await use(place, (d) =>
        appendAll(d, {}, [
          (seq) => createBatch(seq, [{ id: 1 }], { columns: [integer('id')] }),
          (seq) => createBatch(seq, [{ id: 2 }], { columns: all }),
          (seq) => createBatch(seq, [{ id: 3 }], { columns: [integer('id')] }),
        ]),
      )
      const rows = await readRows(place, 'orders', columns)
      assert.equal(rows.length, 3)
      for (const row of rows)
        for (const { name: column, type } of columns)
          // A file without the column has no value for it at all.
          assert.ok(
            row[column] === (type.startsWith('array<') ? '[]' : null) || (!harness.updates && row[column] === null),
          )
    })

    test('a table tells the types of its columns', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await appendAll(d, {}, [(seq) => createBatch(seq, [{}], { columns })])
        assert.deepEqual((await d.openTable(createPlan())).columns, columns)
      })
    })

    test(
      'a decimal widens, and a record gets further fields',
      { skip: harness.cannotWidenDeclared ?? false },
      async () => {
        const place = await createPlace()
        const narrow: Column[] = [
          { name: 'd', type: 'integer' },
          { name: 'e', type: 'decimal(10,2)' },
          { name: 'r', type: 'record<a integer>' },
          { name: 's', type: 'array<record<a integer>>' },
        ]
        const wide: Column[] = [
          { name: 'd', type: 'decimal(25,2)' },
          { name: 'e', type: 'numeric' },
          { name: 'r', type: 'record<a integer, b string>' },
          { name: 's', type: 'array<record<a integer, b string>>' },
        ]
        await use(place, async (d) => {
          const batch = (row: object, of: readonly Column[]) => (seq: number) =>
            createBatch(seq, [row], { columns: of })
          await appendAll(d, {}, [
            batch({ d: 7, e: '1.25', r: { a: 1 }, s: [{ a: 1 }] }, narrow),
            batch({ d: '0.25', e: '0.000000001', r: { a: 2, b: 'x' }, s: [{ a: 2, b: 'y' }] }, wide),
            batch({ d: 8, e: '1.25', r: { a: 3 }, s: [{ a: 3 }] }, narrow),
          ])
          assert.deepEqual((await d.openTable(createPlan())).columns, wide)
        })
        const rows = await readRows(place, 'orders', wide)
        assert.deepEqual(
          rows.map((row) => Number(row['d'])).toSorted((a, b) => a - b),
          [0.25, 7, 8],
        )
        assert.deepEqual(sortRows(rows.map((row) => row['r'])), [
          '{"a":1,"b":null}',
          '{"a":2,"b":"x"}',
          '{"a":3,"b":null}',
        ])
      },
    )

    test('a declared type that the table cannot take on is refused, and nothing is written', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await appendAll(d, {}, [(seq) => createBatch(seq, [{ id: 1, name: 'a' }])])
        const clash: Column[] = [integer('id'), { name: 'name', type: 'array<string>' }]
        await assert.rejects(appendAll(d, {}, [(seq) => createBatch(seq, [{ id: 2 }], { columns: clash })]), {
          code: 'DESTINATION_FAILED',
          message: /name/,
        })
      })
      assert.equal((await readRows(place, 'orders', idAndName)).length, 1)
    })
  })
}
