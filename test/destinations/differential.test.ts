import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import fc from 'fast-check'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { quoteName } from '../../src/destinations/duckdb/sql.ts'
import type { Column } from '../../src/schema/types.ts'
import { skipBigquery, startEmulator } from '../support/bigquery/emulator.ts'
import { readTable } from '../support/bigquery/read-rows.ts'
import { createHarness } from '../sync/harness.ts'
import { createPlan } from './batch.ts'
import { createDir } from './place.ts'
import { readSql, selectText, type TextRow } from './read-rows.ts'

/** Values as the provider writes them; what a table makes of them must not depend on the warehouse. */
const values: Readonly<Record<string, readonly string[]>> = {
  integer: ['0', '-1', '42', '9007199254740993', '9223372036854775807', '-9223372036854775808'],
  // BigQuery takes 38 digits, the emulator 20.
  large: ['9223372036854775808', '-98765432109876543210'],
  fraction: ['0.1', '-2.5', '1e300', '1.0', '123456.789'],
  text: ['""', '"a"', '"ü 🚰"', '"2024"', '"null"', '"line\\nbreak \\"quoted\\" \\\\ `tick`"'],
  timestamp: ['"2024-02-29T23:59:59.123456Z"', '"2024-05-01T00:00:00+02:00"', '"1969-12-31T23:59:59.5Z"'],
  datetime: ['"2024-05-01T10:00:00"', '"1999-12-31 23:59:59.25"'],
  date: ['"2024-05-01"', '"0001-01-01"'],
  boolean: ['true', 'false'],
  json: ['{"b":1,"a":[1,"x",null]}', '[]', '[{"n":9007199254740993}]', '{}'],
}
const kinds = Object.keys(values)
const keys = [
  'a',
  'name',
  'Name',
  'NAME',
  'select',
  '2nd',
  'with space',
  'ünï',
  'amount',
  'seen_at',
  '_deleted_at',
  'x__json',
]

/** A field has the kind that most fields have from the first row to the last, or up to three of them. */
const field = fc.oneof(
  fc.subarray(kinds, { minLength: 1, maxLength: 1 }),
  fc.subarray(['integer', 'large', 'fraction'], { minLength: 2 }),
  fc.subarray(kinds, { minLength: 2, maxLength: 3 }),
)
const fields = fc.tuple(...keys.map(() => field))
const cell = fc.record({
  kind: fc.nat(),
  value: fc.nat(),
  fill: fc.constantFrom('value', 'value', 'value', 'null', 'absent'),
})
const row = fc.record({ id: fc.integer({ min: 1, max: 9 }), cells: fc.tuple(...keys.map(() => cell)) })
const pages = fc.array(fc.array(row, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })

suite('the same input', { skip: skipBigquery }, async () => {
  if (skipBigquery) return
  const emulator = await startEmulator()
  after(() => emulator[Symbol.asyncDispose]())
  let served: readonly (readonly string[])[] = []
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://local').searchParams.get('page') ?? '1')
    response.setHeader('content-type', 'application/json')
    response.end(`{"data":[${(served[page - 1] ?? []).join(',')}]}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let places = 0

  test('gives the same table in DuckDB and BigQuery, however types change on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fields, fc.array(pages, { minLength: 2, maxLength: 2 }), async (given, runs) => {
        const dataset = `same_${++places}`
        const file = `${await createDir()}/same.duckdb`
        const bigquery = () =>
          openDestination(parseDestination(`bigquery:local.${dataset}`), 'api', {
            bigquery: { endpoint: emulator.endpoint },
          })
        const duckdb = () => openDestination(parseDestination(`duckdb:${file}`), 'api')
        using harness = createHarness(api)
        harness.connector = connector
        for (const run of runs) {
          served = run.map((page) => page.map(({ id, cells }) => writeRow(id, cells, given)))
          for (const openOne of [duckdb, bigquery]) {
            const { status, error, first } = await harness.run({}, { openDestination: openOne })
            assert.deepEqual([status, error ?? first.error], ['complete', undefined])
          }
        }
        const columns = await readColumns(duckdb)
        assert.deepEqual(sortColumns(await readColumns(bigquery)), sortColumns(columns))
        const there = await readTable(emulator.endpoint, { project: 'local', dataset, table: 'rows' }, columns)
        const here = await readSql(selectText(columns, `db.api.${quoteName('rows')}`), file)
        assert.deepEqual(normalize(there, columns), normalize(here, columns))
      }),
      // A run of the emulator takes seconds; a row holds a dozen fields that change on their own.
      { numRuns: 3, endOnFailure: true },
    )
  })
})

const connector = `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    primary_key: [id]
    paginator: { type: page_number }
`

type Cell = typeof cell extends fc.Arbitrary<infer T> ? T : never

function writeRow(id: number, cells: readonly Cell[], given: readonly (readonly string[])[]): string {
  const members = cells.flatMap(({ kind, value, fill }, at) => {
    if (fill === 'absent') return []
    const of = given[at] ?? []
    const some = values[of[kind % of.length] ?? ''] ?? []
    return [`${JSON.stringify(keys[at])}:${fill === 'null' ? 'null' : some[value % some.length]}`]
  })
  return `{"id":${id}${members.map((member) => `,${member}`).join('')}}`
}

async function readColumns(open: () => ReturnType<typeof openDestination>): Promise<readonly Column[]> {
  await using destination = await open()
  const position = await destination.readPosition('rows')
  await using writer = await destination.openTable(
    createPlan({ stream: 'rows', table: 'rows', write: 'merge', primaryKey: ['id'], position }),
  )
  return writer.columns
}

function sortColumns(columns: readonly Column[]): readonly string[] {
  return columns.map(({ name, type }) => `${name} ${type}`).toSorted()
}

/** JSON says a value in many ways, and so does text of a double. */
function normalize(rows: readonly TextRow[], columns: readonly Column[]): readonly string[] {
  const texts = rows.map((one) =>
    columns.map(({ name, type }) => {
      const value = one[name] ?? null
      if (value === null) return null
      if (type === 'number') return String(Number(value))
      return type === 'json' ? value.replaceAll(/\s/g, '') : value
    }),
  )
  return texts.map((one) => JSON.stringify(one)).toSorted()
}
