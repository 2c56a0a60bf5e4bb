import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Destination, TablePlan } from '../../../src/destinations/destination.ts'
import type { Column } from '../../../src/schema/types.ts'
import { appendAll, createBatch, idAndName } from '../../destinations/batch.ts'
import { type Harness, integer, text } from './harness.ts'

const at = (hour: number): string => `2024-05-01T${String(hour).padStart(2, '0')}:00:00Z`
const loadedAt = (day: number): string => `2024-06-${String(day).padStart(2, '0')}T00:00:00.000Z`

const timed: readonly Column[] = [...idAndName, { name: 'at', type: 'timestamp' }, { name: 'gone', type: 'boolean' }]
const system: readonly Column[] = [
  { name: '_valid_from', type: 'timestamp' },
  { name: '_valid_to', type: 'timestamp' },
]
const history = { write: 'scd2', primaryKey: ['id'] } as const
const byCursor = { ...history, cursor: 'at' } as const

interface Version {
  readonly id: number
  readonly name?: string
  readonly at?: string
  readonly gone?: boolean
}

/** What `write: scd2` makes of rows, one after the other. */
export function checkHistory(harness: Harness): void {
  const { name, use, readRows, createPlace } = harness
  suite(`${name}: history`, { skip: !harness.updates && 'every version of a row is kept' }, () => {
    const append = (d: Destination, plan: Partial<TablePlan>, rows: readonly Version[], columns = timed) =>
      appendAll(d, plan, [(seq) => createBatch(seq, rows, { columns })])

    /** Of versions that begin at once those of no length come first. */
    const inOrder = (row: Readonly<Record<string, unknown>>): string =>
      [row['id'], row['_valid_from'], row['_valid_to'] === row['_valid_from'] ? 0 : 1, row['name']].join(' ')

    /** `id name from-to` of every version; times as the hour, or the day of June. */
    const read = async (place: string): Promise<readonly string[]> => {
      const rows = await readRows(place, 'orders', [...idAndName, ...system])
      const hour = (text: string | null | undefined): string =>
        text ? (text.startsWith('2024-06') ? `d${Number(text.slice(8, 10))}` : String(Number(text.slice(11, 13)))) : ''
      return rows
        .toSorted((a, b) => inOrder(a).localeCompare(inOrder(b)))
        .map((row) => `${row['id']} ${row['name'] ?? '-'} ${hour(row['_valid_from'])}-${hour(row['_valid_to'])}`)
    }

    test('a change closes the version before it, at the cursor where that is a time', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await append(d, byCursor, [
          { id: 1, name: 'a', at: at(1) },
          { id: 2, name: 'x', at: at(1) },
        ])
        await append(d, byCursor, [{ id: 1, name: 'b', at: at(3) }])
      })
      assert.deepEqual(await read(place), ['1 a 1-3', '1 b 3-', '2 x 1-'])
    })

    test('without a time a version begins when it was loaded, and the last row of a run wins', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await append(d, { ...history, loadedAt: loadedAt(1) }, [{ id: 1, name: 'a' }], idAndName)
        await append(
          d,
          { ...history, loadedAt: loadedAt(2) },
          [
            { id: 1, name: 'b' },
            { id: 1, name: 'c' },
          ],
          idAndName,
        )
        await append(d, { ...history, loadedAt: loadedAt(2) }, [{ id: 1, name: 'd' }], idAndName)
        // A clock that was set back.
        await append(d, { ...history, loadedAt: loadedAt(1) }, [{ id: 1, name: 'e' }], idAndName)
      })
      assert.deepEqual(await read(place), ['1 a d1-d2', '1 e d2-'])
    })

    test('a row that is the same again adds no version, wherever it comes from', async () => {
      const place = await createPlace()
      const rows = [
        { id: 1, name: 'a', at: at(1) },
        { id: 1, name: 'b', at: at(2) },
        { id: 2, at: at(2) },
      ]
      await use(place, async (d) => {
        for (const run of ['one', 'two']) await append(d, { ...byCursor, runId: run }, rows)
        await append(d, { ...byCursor, runId: 'three' }, [rows[0] as Version])
      })
      assert.deepEqual(await read(place), ['1 a 1-2', '1 b 2-', '2 - 2-'])
      const runs = await readRows(place, 'orders', [{ name: '_headrace_run_id', type: 'string' }])
      assert.deepEqual(new Set(runs.map((row) => row['_headrace_run_id'])), new Set(['one']))
      const plain = await createPlace()
      await use(plain, async (d) => {
        for (const day of [1, 2, 3])
          await append(d, { ...history, loadedAt: loadedAt(day) }, [{ id: 1, name: 'a' }, { id: 2 }], idAndName)
      })
      assert.deepEqual(await read(plain), ['1 a d1-', '2 - d1-'])
    })

    test('versions that begin at once are all kept, and the one that came last holds', async () => {
      for (const batches of [
        [['a', 'b', 'c']],
        [['a'], ['b'], ['c']],
        [
          ['a', 'b', 'b'],
          ['a', 'c'],
        ],
      ]) {
        const place = await createPlace()
        const toRows = (names: readonly string[]): readonly Version[] =>
          names.map((one) => ({ id: 1, name: one, at: at(2) }))
        await use(place, async (d) => {
          await append(d, byCursor, [{ id: 1, name: 'z', at: at(4) }])
          for (const names of batches) await append(d, byCursor, toRows(names))
          await append(d, { ...byCursor, runId: 'again' }, toRows(['a', 'b', 'c']))
          await append(d, byCursor, [{ id: 1, name: 'y', at: at(1) }])
        })
        assert.deepEqual(
          await read(place),
          ['1 y 1-2', '1 a 2-2', '1 b 2-2', '1 c 2-4', '1 z 4-'],
          JSON.stringify(batches),
        )
      }
    })

    test('a version without a time of its own is kept beside one that a later run begins at the same moment', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        for (const run of ['one', 'two', 'three'])
          await append(d, { ...history, runId: run, loadedAt: loadedAt(1) }, [{ id: 1, name: run }], idAndName)
      })
      assert.deepEqual(await read(place), ['1 one d1-d1', '1 two d1-d1', '1 three d1-'])
    })

    test('a late row takes its place among the versions', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await append(d, byCursor, [{ id: 1, name: 'd', at: at(8) }])
        await append(d, byCursor, [{ id: 1, name: 'b', at: at(4) }])
        await append(d, byCursor, [
          { id: 1, name: 'c', at: at(6) },
          { id: 1, name: 'a', at: at(2) },
        ])
      })
      assert.deepEqual(await read(place), ['1 a 2-4', '1 b 4-6', '1 c 6-8', '1 d 8-'])
    })

    test('a row without a cursor begins when it was loaded, also where it is once more what it was', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        for (const [day, name_] of [
          [1, 'a'],
          [2, 'b'],
          [3, 'a'],
          [4, 'a'],
        ] as const)
          await append(d, { ...byCursor, loadedAt: loadedAt(day) }, [{ id: 1, name: name_ }])
      })
      assert.deepEqual(await read(place), ['1 a d1-d2', '1 b d2-d3', '1 a d3-'])
    })

    test('of a cursor that is a number and no time, an older row is left out', async () => {
      const place = await createPlace()
      const columns = [...idAndName, integer('version')]
      const plan = { ...history, cursor: 'version' }
      await use(place, async (d) => {
        const add = (day: number, rows: readonly object[]) =>
          appendAll(d, { ...plan, loadedAt: loadedAt(day) }, [(seq) => createBatch(seq, rows, { columns })])
        await add(1, [
          { id: 1, name: 'ten', version: 10 },
          { id: 1, name: 'nine', version: 9 },
        ])
        await add(2, [{ id: 1, name: 'nine', version: 9 }])
        await add(3, [{ id: 1, name: 'eleven', version: 11 }])
      })
      assert.deepEqual(await read(place), ['1 ten d1-d3', '1 eleven d3-'])
    })

    test('a number that is said to count time since 1970 is a time', async () => {
      const place = await createPlace()
      const columns = [...idAndName, integer('at')]
      const seconds = (hour: number): number => Date.parse(at(hour)) / 1000
      await use(place, async (d) => {
        for (const [read_, hour] of [
          ['b', 5],
          ['a', 3],
        ] as const) {
          const rows = [{ id: 1, name: read_, at: seconds(hour) }]
          await appendAll(d, { ...byCursor, cursorUnit: 'seconds' }, [(seq) => createBatch(seq, rows, { columns })])
        }
      })
      assert.deepEqual(await read(place), ['1 a 3-5', '1 b 5-'])
    })

    test('a version that was ahead of its time begins when it was loaded, and ends with any that comes later', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await append(d, { ...byCursor, loadedAt: loadedAt(1) }, [{ id: 1, name: 'usual', at: at(1) }])
        const ahead = { id: 1, name: 'ahead', at: '2199-01-01T00:00:00Z' }
        for (const day of [2, 3]) await append(d, { ...byCursor, loadedAt: loadedAt(day) }, [ahead])
        await append(d, { ...byCursor, loadedAt: loadedAt(4) }, [{ id: 1, name: 'right', at: at(5) }])
        // What is known already comes again.
        await append(d, { ...byCursor, loadedAt: loadedAt(5) }, [{ id: 1, name: 'usual', at: at(1) }])
      })
      assert.deepEqual(await read(place), ['1 usual 1-d2', '1 ahead d2-d4', '1 right d4-'])
    })

    for (const [unit, spell] of [
      ['microseconds', (hour: number) => String(Date.parse(at(hour)) * 1000)],
      ['spelled', (hour: number) => at(hour).replace('Z', '.000000000')],
    ] as const)
      test(`a text whose moment the plan knows to find is a time (${unit})`, async () => {
        const place = await createPlace()
        const columns = [...idAndName, text('at'), text('_headrace_cursor_key')]
        await use(place, async (d) => {
          for (const [name, hour] of [
            ['b', 5],
            ['a', 3],
          ] as const) {
            const rows = [{ id: 1, name, at: spell(hour), _headrace_cursor_key: spell(hour) }]
            await appendAll(d, { ...byCursor, cursorUnit: unit }, [(seq) => createBatch(seq, rows, { columns })])
          }
        })
        assert.deepEqual(await read(place), ['1 a 3-5', '1 b 5-'])
      })

    test('a column that is new, or no longer sent, makes a version only where a value differs', async () => {
      const place = await createPlace()
      const wide = [...timed, { name: 'city', type: 'string' } as const]
      await use(place, async (d) => {
        await append(d, byCursor, [
          { id: 1, name: 'a', at: at(1) },
          { id: 2, name: 'b', at: at(1) },
        ])
        const again = [
          { id: 1, name: 'a', at: at(1) },
          { id: 2, name: 'b', at: at(2), city: 'Ulm' },
        ]
        await append(d, byCursor, again, wide)
        await append(d, byCursor, [{ id: 1, name: 'a', at: at(1) }])
      })
      assert.deepEqual(await read(place), ['1 a 1-', '2 b 1-2', '2 b 2-'])
    })

    test('a flagged row ends the version, and the key may begin again', async () => {
      for (const mode of ['soft', 'hard'] as const) {
        const place = await createPlace()
        const plan = { ...byCursor, deletes: { mode, flag: 'gone' } }
        await use(place, async (d) => {
          await append(d, plan, [
            { id: 1, name: 'a', at: at(1) },
            { id: 2, name: 'x', at: at(1), gone: false },
          ])
          await append(d, plan, [{ id: 1, name: 'a', at: at(3), gone: true }])
          for (let again = 0; again < 2; again += 1)
            await append(d, plan, [{ id: 1, name: 'a', at: at(3), gone: true }])
          // Late: it was still there then, and it is not now.
          await append(d, plan, [{ id: 1, name: 'late', at: at(2) }])
          await append(d, plan, [{ id: 1, name: 'b', at: at(5) }])
        })
        const expected = ['1 a 1-2', '1 late 2-3', ...(mode === 'soft' ? ['1 a 3-3'] : []), '1 b 5-', '2 x 1-']
        assert.deepEqual(await read(place), expected, mode)
      }
    })

    test('a deletion without a time of its own is one when it is loaded, once', async () => {
      const place = await createPlace()
      const plan = { ...byCursor, deletes: { mode: 'soft', flag: 'gone' } } as const
      await use(place, async (d) => {
        await append(d, { ...plan, loadedAt: loadedAt(1) }, [{ id: 1, name: 'a', at: at(1) }])
        for (const day of [2, 3])
          await append(d, { ...plan, loadedAt: loadedAt(day) }, [{ id: 1, name: 'a', at: at(1), gone: true }])
      })
      assert.deepEqual(await read(place), ['1 a 1-d2', '1 a d2-d2'])
    })

    test('a table that was merged so far becomes a history, one of several rows a key is refused', async () => {
      const place = await createPlace()
      await use(place, async (d) => {
        await append(d, { ...byCursor, write: 'merge' }, [{ id: 1, name: 'a', at: at(1) }])
        await append(d, byCursor, [{ id: 1, name: 'b', at: at(2) }])
      })
      assert.deepEqual(await read(place), ['1 a 1-2', '1 b 2-'])
      const other = await createPlace()
      await use(other, async (d) => {
        await append(d, {}, [
          { id: 1, name: 'a', at: at(1) },
          { id: 1, name: 'b', at: at(2) },
        ])
        await assert.rejects(append(d, byCursor, [{ id: 1, name: 'c', at: at(3) }]), { code: 'CONFIG_INVALID' })
        await append(d, { ...byCursor, stream: 'o', table: 'o' }, [{ id: 1, at: at(1) }])
        const merge = { ...byCursor, write: 'merge', stream: 'o', table: 'o' } as const
        await assert.rejects(append(d, merge, [{ id: 1, at: at(3) }]), { code: 'CONFIG_INVALID', message: /history/ })
      })
    })

    test('a row that was deleted before its table became a history is deleted there too', async () => {
      for (const flagged of [true, false]) {
        const place = await createPlace()
        const deletes = flagged ? ({ mode: 'soft', flag: 'gone' } as const) : ({ mode: 'soft', maxShare: 1 } as const)
        const plan = { ...byCursor, deletes, ...(!flagged && { staged: true, merges: true }) }
        const rows = [
          { id: 1, name: 'a', at: at(1), ...(flagged && { gone: true }) },
          ...(flagged ? [{ id: 2, at: at(1) }] : []),
        ]
        const list = (d: Destination, write: 'merge' | 'scd2', day: number, listed: readonly Version[]) =>
          appendAll(d, { ...plan, write, loadedAt: loadedAt(day) }, [
            (seq) => createBatch(seq, listed, { columns: timed, complete: true, whole: true }),
          ])
        await use(place, async (d) => {
          await list(d, 'merge', 1, rows)
          if (!flagged) await list(d, 'merge', 2, [{ id: 2, at: at(1) }])
          await list(d, 'scd2', 3, [{ id: 2, at: at(1) }])
        })
        assert.deepEqual(await read(place), [flagged ? '1 a 1-1' : '1 a 1-d2', '2 - 1-'])
      }
    })

    test('however rows are cut into batches, repeated and mixed, the history is that of their times', async () => {
      const row = fc.record({
        id: fc.integer({ min: 1, max: 3 }),
        hour: fc.integer({ min: 1, max: 6 }),
        gone: fc.constantFrom(undefined, undefined, true),
      })
      const batches = fc.array(fc.array(row, { maxLength: 6 }), { minLength: 1, maxLength: 5 })
      await fc.assert(
        fc.asyncProperty(batches, async (given) => {
          const place = await createPlace()
          const toVersion = ({ id, hour, gone }: { id: number; hour: number; gone: true | undefined }): Version => ({
            id,
            // What a version holds follows from its key and time.
            name: `${id}.${hour}`,
            at: at(hour),
            ...((gone ?? hour % 5 === 0) && hour % 5 === 0 && { gone: true }),
          })
          const rows = given.map((batch) => batch.map(toVersion))
          await use(place, async (d) => {
            const plan = { ...byCursor, deletes: { mode: 'soft', flag: 'gone' } } as const
            for (const batch of rows) await append(d, plan, batch)
          })
          assert.deepEqual(await read(place), expectedHistory(rows.flat()))
        }),
        { numRuns: harness.runs ?? 25 },
      )
    })
  })
}

function expectedHistory(rows: readonly Version[]): readonly string[] {
  const versions = new Map(rows.map((row) => [`${row.id} ${row.at}`, row]))
  const hour = (text: string | undefined): string => (text ? String(Number(text.slice(11, 13))) : '')
  return [...versions.values()]
    .toSorted((a, b) => `${a.id} ${a.at}`.localeCompare(`${b.id} ${b.at}`))
    .map(({ id, name, at: from, gone }, index, all) => {
      const next = all[index + 1]
      const to = gone ? from : next?.id === id ? next.at : undefined
      return `${id} ${name} ${hour(from)}-${hour(to)}`
    })
}
