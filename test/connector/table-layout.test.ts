import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstStream, load, onlyProblem, withStreams } from './support.ts'

const keyed = (rest: string): string =>
  withStreams(`  - { name: s, primary_key: [id], paginator: { type: none }, ${rest} }\n`)

test('deletes by absence want a listing of every row', () => {
  const deletes = 'deletes: { absent: true }'
  assert.deepEqual(firstStream(load(keyed(deletes))).deletes, { absent: true, mode: 'soft' })
  for (const [rest, reason] of [
    ['incremental: { cursor: at }', /incremental/],
    ['max_pages: 3', /max_pages/],
    ['errors: [{ status: 404, then: ignore }]', /ignored/],
    ['errors: [{ status: 5xx, then: ignore }]', /ignored/],
  ] as const)
    assert.match(onlyProblem(keyed(`${deletes}, ${rest}`)), reason)
  assert.match(onlyProblem(withStreams(`  - { name: s, primary_key: [id], ${deletes} }\n`)), /paginator/)
  for (const status of [404, 403]) {
    const child = `  - { name: p, paginator: { type: none } }
  - { name: s, path: "/{{ parent.a }}", primary_key: [id], paginator: { type: none }, parent: { stream: p, include: { a: a } }, errors: [{ status: ${status}, then: ignore }], ${deletes} }\n`
    if (status === 404) load(withStreams(child))
    else assert.match(onlyProblem(withStreams(child)), /ignored/)
  }
  const parent = `  - { name: p, max_pages: 2 }
  - { name: s, path: "/{{ parent.a }}", primary_key: [id], paginator: { type: none }, parent: { stream: p, include: { a: a } }, ${deletes} }\n`
  assert.match(onlyProblem(withStreams(parent)), /its parent p has max_pages/)
})

test('deletes want a key, a way of writing that can delete, and one way to tell', () => {
  load(keyed('deletes: { flag: gone, value: true, mode: hard }, write: scd2, incremental: { cursor: at }'))
  for (const [stream, reason] of [
    ['deletes: { flag: gone }', /primary_key/],
    ['primary_key: [id], deletes: { flag: gone }, write: insert_only', /insert_only/],
    ['primary_key: [id], deletes: {}', /either flag/],
    ['primary_key: [id], deletes: { flag: gone, absent: true }', /either flag/],
    ['primary_key: [id], deletes: { flag: gone, max_share: 1 }', /absence only/],
    ['primary_key: [id], deletes: { flag: gone }, columns: { gone: { drop: true } }', /dropped/],
    ['primary_key: [id], deletes: { flag: meta.gone }', /within an object/],
    ['write: scd2', /scd2 needs to know/],
  ] as const)
    assert.match(onlyProblem(withStreams(`  - { name: s, ${stream} }\n`)), reason)
})

test('partitions are by a time or a range, clusters by up to four columns that can be ordered', () => {
  const { partition_by: partition } = firstStream(load(keyed('partition_by: { column: at }')))
  assert.deepEqual(partition, { column: 'at', require_filter: false, fixed: false })
  load(keyed('partition_by: { column: n, range: { start: 0, end: 100, interval: 10 } }, cluster_by: [a, b, c, d]'))
  for (const [rest, reason] of [
    ['partition_by: { column: n, by: day, range: { start: 0, end: 9, interval: 1 } }', /leave one of them out/],
    ['partition_by: { column: n, range: { start: 9, end: 0, interval: 1 } }', /start before end/],
    ['partition_by: { column: n, range: { start: 0, end: 20000, interval: 1 } }', /at most 10000/],
    ['partition_by: { column: n, by: week }', /expected one of/],
    ['partition_by: { column: at }, columns: { at: { type: string } }', /time or date/],
    ['partition_by: { column: at }, columns: { at: { drop: true } }', /dropped/],
    ['cluster_by: [a, b, c, d, e]', /at most 4/],
    ['cluster_by: [a, a]', /twice/],
    ['cluster_by: [a], columns: { a: { type: number } }', /cluster by number/],
  ] as const)
    assert.match(onlyProblem(keyed(rest)), reason)
})

test('a declared type is checked where it stands', () => {
  const { columns } = firstStream(
    load(
      keyed(
        'columns: { p: { type: "decimal(18,4)" }, t: { type: array<string> }, r: { type: record, fields: { a: date } } }',
      ),
    ),
  )
  assert.equal(columns['p']?.type, 'decimal(18,4)')
  for (const [column, reason] of [
    ['{ type: strng }', /columns\.c\.type: expected one of .*did you mean string\?/],
    ['{ type: "decimal(50,2)" }', /columns\.c\.type: expected decimal\(p,s\)/],
    ['{ type: array<array<string>> }', /columns\.c\.type: .*json/],
    ['{ type: record }', /columns\.c\.type: a record needs its fields/],
    [
      '{ type: record, fields: { a: { type: record, fields: { b: strng } } } }',
      /columns\.c\.fields\.a\.fields\.b: expected/,
    ],
    ['{ rename: _valid_from }', /columns\.c\.rename/],
    ['{ rename: "a b" }', /columns\.c\.rename/],
  ] as const)
    assert.match(onlyProblem(keyed(`columns: { c: ${column} }`)), reason)
  assert.match(onlyProblem(keyed('columns: { id: { type: array<string> } }')), /primary_key/)
})
