import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'
import type { StreamConfig } from '../../src/connector/connector.ts'
import { createPageDecoder } from '../../src/decode/index.ts'
import { toReadType } from '../../src/destinations/duckdb/types.ts'
import type { Reject } from '../../src/destinations/destination.ts'
import type { Shape } from '../../src/schema/shape.ts'
import { TableSchema } from '../../src/schema/table-schema.ts'
import { encodePage } from '../../src/sync/encode-page.ts'
import type { SyncError } from '../../src/base/errors.ts'
import { createOrder } from './order.ts'

const noShape: Shape = { columns: [] }

function createSchema(options: Partial<ConstructorParameters<typeof TableSchema>[0]> = {}): TableSchema {
  return new TableSchema({
    where: 'a test',
    policy: 'evolve',
    columns: {},
    primaryKey: [],
    cursor: undefined,
    live: [],
    names: [],
    ...options,
  })
}

interface Encoded {
  readonly text: string
  readonly rejects: readonly Reject[]
  readonly rows: number
  readonly highest: string | number | null
  /** How many rows took the slow road. */
  readonly odd: number
}

async function encode(
  rows: readonly string[],
  schema: TableSchema,
  { shape = schema.shape(), primaryKey = [] as string[], cursor = undefined as string | undefined } = {},
): Promise<Encoded> {
  const decoder = createPageDecoder({
    format: 'json',
    rows: '$[*]',
    shape: () => shape,
    listing: false,
    mayBeEmpty: false,
    where: 'GET /',
  })
  await decoder.write(Buffer.concat([Buffer.from('['), Buffer.from(rows.join(',')), Buffer.from(']')]))
  const page = await decoder.end()
  const encoded = await encodePage(page.rows, {
    schema,
    primaryKey,
    order: cursor === undefined ? undefined : createOrder(cursor),
    boundary: undefined,
    extra: [],
    where: 'GET /',
    highest: null,
    began: 0,
    now: Date.now(),
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of encoded.lines.read()) chunks.push(chunk)
  return { ...encoded, text: Buffer.concat(chunks).toString(), odd: page.rows.nonConforming.length / 2 }
}

const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
const connection = await instance.connect()
await connection.run("SET TimeZone = 'UTC'")
const dir = mkdtempSync(join(tmpdir(), 'headrace-encode-'))
after(() => {
  connection.closeSync()
  instance.closeSync()
  rmSync(dir, { recursive: true })
})

/** The table that DuckDB makes of the lines. */
async function load(text: string, schema: TableSchema): Promise<Record<string, unknown>[]> {
  if (text === '' || schema.columns.length === 0) return []
  const path = join(dir, 'rows.ndjson')
  writeFileSync(path, text)
  const columns = schema.columns.map(({ name, type }) => `"${name}": '${toReadType(type)}'`).join(', ')
  const reader = await connection.runAndReadAll(
    `SELECT * FROM read_json('${path}', format = 'newline_delimited', auto_detect = false, records = true, columns = {${columns}})`,
  )
  return reader.getRowObjectsJson() as Record<string, unknown>[]
}

const digits = (least: number, most: number) =>
  fc.stringMatching(new RegExp(`^-?[1-9][0-9]{${least - 1},${most - 1}}$`))
const timestamp = fc.tuple(
  fc.constantFrom('2024-02-29', '1969-12-31', '0001-01-01', '9999-12-31', '2023-02-29', '2024-13-01', '2024-06-31'),
  fc.constantFrom('T00:00:00', 't12:30:59', ' 23:59:59', 'T24:00:00', 'T23:59:60', ''),
  fc.constantFrom('', '.1', '.123456', '.123456789', '.'),
  fc.constantFrom('', 'Z', 'z', '+02:00', '-0530', '+24:00'),
)
/** JSON texts of values, among them all that sit at an edge. */
const valueText = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1.0',
    '1e5',
    '1E-7',
    '0.1',
    '""',
    '{}',
    '[]',
    '1e400',
    '-1e400',
    '"\\u00e9"',
    '"\\ud83d\\ude00"',
    '"a\\nb"',
  ),
  digits(1, 6),
  digits(14, 21),
  digits(28, 42),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  timestamp.map((parts) => JSON.stringify(parts.join(''))),
  fc.string().map((text) => JSON.stringify(text)),
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
)
const kinds = ['integer', 'numeric', 'number', 'boolean', 'string', 'time', 'json', 'any'] as const
const members = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'a-b', 'B', 'select', 'ä'), valueText), {
  maxLength: 6,
})
const rowText = members.map((list) => `{${list.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(', ')}}`)

test('both roads give the same table: rows that pass as they are, and the same rows encoded anew', async () => {
  assert.ok(kinds.length > 0)
  let verbatim = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(rowText, { minLength: 1, maxLength: 8 }),
      fc.array(rowText, { minLength: 1, maxLength: 12 }),
      async (first, second) => {
        const fast = createSchema()
        const slow = createSchema()
        await encode(first, fast)
        await encode(first, slow)
        const quick = await encode([...first, ...second], fast)
        const careful = await encode([...first, ...second], slow, { shape: noShape })
        verbatim += quick.rows - quick.odd
        assert.deepEqual(fast.columns, slow.columns)
        assert.deepEqual(quick.rejects, careful.rejects)
        assert.equal(quick.rows, careful.rows)
        assert.deepEqual(await load(quick.text, fast), await load(careful.text, slow))
      },
    ),
    { numRuns: 400 },
  )
  assert.ok(verbatim > 100, 'some rows did pass as they are')
})

test('both roads give the same table also where columns of it have been declared since', async () => {
  const types = [
    'integer',
    'number',
    'numeric',
    'decimal(20,3)',
    'boolean',
    'string',
    'timestamp',
    'datetime',
    'date',
  ] as const
  const others = ['time', 'json', 'bytes', 'array<number>', 'array<string>'] as const
  const declared = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(...types, ...others))
  // Else few columns would be of a type that can become the declared one.
  const numbers = fc.constantFrom('{"a":1}', '{"a":2,"b":0.5}', '{"a":1.5,"b":3}', '{"c":7}', '{"c":0.25}')
  let verbatim = 0
  await fc.assert(
    fc.asyncProperty(
      declared,
      fc.array(fc.oneof(rowText, numbers), { maxLength: 4 }),
      fc.array(fc.oneof(rowText, numbers), { minLength: 1, maxLength: 12 }),
      async (given, before, rows) => {
        const table = createSchema()
        await encode(before, table)
        const columns = Object.fromEntries(Object.entries(given).map(([key, type]) => [key, { type, drop: false }]))
        const open = () => createSchema({ columns, live: table.columns, names: table.names })
        try {
          open()
        } catch (thrown) {
          return assert.equal((thrown as { code?: string }).code, 'CONFIG_INVALID')
        }
        const [fast, slow] = [open(), open()]
        const quick = await encode(rows, fast)
        const careful = await encode(rows, slow, { shape: noShape })
        verbatim += quick.rows - quick.odd
        assert.deepEqual(fast.columns, slow.columns)
        assert.deepEqual(quick.rejects, careful.rejects)
        assert.deepEqual(await load(quick.text, fast), await load(careful.text, slow))
      },
    ),
    { numRuns: 300 },
  )
  assert.ok(verbatim > 0, 'some rows did pass as they are')
})

test('any order of type changes: no value is lost, it stands in its column or in the one beside it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(valueText, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      async (pages) => {
        const schema = createSchema()
        const texts: string[] = []
        for (const page of pages)
          texts.push(
            (
              await encode(
                page.map((text) => `{"v":${text}}`),
                schema,
              )
            ).text,
          )
        const values = pages.flat()
        if (schema.columns.length === 0) return
        const table = await load(texts.join(''), schema)
        assert.equal(table.length, values.length)
        for (const [index, text] of values.entries()) {
          const filled = Object.entries(table[index] as Record<string, unknown>).filter(([, value]) => value !== null)
          // A time below the microsecond is cut in its column, and stands as it is in the one beside it.
          const isCut = text.includes('.123456789') && filled[0]?.[0] !== 'v__string' && filled.length === 2
          const expected = text === 'null' ? 0 : isCut ? 2 : 1
          assert.equal(filled.length, expected, `${text} in ${JSON.stringify(table[index])}`)
          const [column, value] = filled[0] ?? []
          if (column === undefined) continue
          const type = schema.columns.find(({ name }) => name === column)?.type
          if (type === 'integer' || type === 'bignumeric') assert.equal(BigInt(String(value)), BigInt(text))
          if (type === 'number' && Number.isFinite(Number(text))) assert.ok(Number(value) === Number(text))
          if (type === 'string' && text.startsWith('"')) assert.equal(value, JSON.parse(text))
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('any names: every key has a legal column of its own, the same one when the table is opened again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc.oneof(
          fc.string(),
          fc.constantFrom(
            'id',
            'ID',
            'Id',
            'a-b',
            'a_b',
            'a b',
            '1x',
            '_1x',
            '_TABLE_x',
            '_headrace_run_id',
            'v__string',
            'x'.repeat(400),
            `${'x'.repeat(400)}y`,
          ),
        ),
        { maxLength: 20 },
      ),
      async (keys) => {
        const schema = createSchema()
        const row = `{${keys.map((key, at) => `${JSON.stringify(key)}:${at}`).join(',')}}`
        const { text } = await encode([row], schema)
        const names = schema.columns.map(({ name }) => name)
        assert.equal(new Set(names.map((name) => name.toLowerCase())).size, keys.length)
        for (const name of names) assert.match(name, /^[A-Za-z_][A-Za-z0-9_]{0,299}$/)
        const reopened = createSchema({ live: schema.columns, names: schema.names })
        assert.equal((await encode([row], reopened)).text, text)
        assert.deepEqual(reopened.columns, schema.columns)
      },
    ),
    { numRuns: 200 },
  )
})

test('integers beyond 2^53 and beyond int64 are exact; an integer column widens to fractions without a second column', async () => {
  const schema = createSchema()
  const texts = [
    await encode(['{"a":1,"b":1,"c":9007199254740993}'], schema),
    await encode(['{"a":9223372036854775807,"b":1.5,"c":18446744073709551616}'], schema),
    await encode(['{"a":-9223372036854775808,"b":2,"c":12345678901234567890123456789012345678}'], schema),
  ]
  assert.deepEqual(schema.columns, [
    { name: 'a', type: 'integer' },
    { name: 'b', type: 'number' },
    { name: 'c', type: 'bignumeric' },
  ])
  assert.deepEqual(await load(texts.map(({ text }) => text).join(''), schema), [
    { a: '1', b: 1, c: '9007199254740993' },
    { a: '9223372036854775807', b: 1.5, c: '18446744073709551616' },
    { a: '-9223372036854775808', b: 2, c: '12345678901234567890123456789012345678' },
  ])
})

test('rows that no table takes are refused with the reason, the others go on', async () => {
  const schema = createSchema()
  const deep = `{"a":${'['.repeat(600)}${']'.repeat(600)}}`
  const { rejects, rows } = await encode(
    ['{"a":1}', deep, '{"b":"\\ud800"}', '{"b":{"c":"\\udc00x"}}', '{"b":"\\\\ud800"}'],
    schema,
  )
  assert.deepEqual(
    rejects.map(({ reason }) => reason),
    ['nested over 500 levels', 'holds half a surrogate pair', 'holds half a surrogate pair'],
  )
  assert.equal(rows, 2)
  const decoder = createPageDecoder({
    format: 'json',
    rows: '$[*]',
    shape: () => schema.shape(),
    listing: false,
    mayBeEmpty: false,
    where: 'GET /',
  })
  await decoder.write(Buffer.from('[{"a":1},{"b":"\xff"},{"a":2}]', 'latin1'))
  const page = await decoder.end()
  const encoded = await encodePage(page.rows, {
    schema,
    primaryKey: [],
    order: undefined,
    boundary: undefined,
    extra: [],
    where: '',
    highest: null,
    began: 0,
    now: Date.now(),
  })
  assert.deepEqual(
    encoded.rejects.map(({ reason }) => reason),
    ['holds bytes that are no UTF-8'],
  )
  assert.equal(encoded.rows, 2)
})

test('a row without its primary key is an error that says which row, on either road', async () => {
  for (const bad of ['{"id":null}', '{"x":1}']) {
    const schema = createSchema({ primaryKey: ['id'] })
    await assert.rejects(encode(['{"id":1}', '{"id":2}', bad], schema, { primaryKey: ['id'] }), {
      code: 'KEY_MISSING',
      message: /Row 3 /,
    })
    await encode(['{"id":1}'], schema, { primaryKey: ['id'] })
    await assert.rejects(encode(['{"id":1}', bad], schema, { primaryKey: ['id'] }), {
      code: 'KEY_MISSING',
      message: /Row 2 /,
    })
  }
})

test('the highest cursor is the same on either road, whatever the cursors are', async () => {
  const cursor = fc.oneof(
    fc.integer().map(String),
    digits(17, 20),
    timestamp.map((parts) => JSON.stringify(parts.join(''))),
    fc.constantFrom('"9"', '"10"', '"100"', 'null', '1.5'),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(cursor, { minLength: 1, maxLength: 10 }), async (cursors) => {
      const rows = cursors.map((text) => `{"c":${text}}`)
      const schema = createSchema({ cursor: 'c' })
      const highest = (shape?: Shape): Promise<string> =>
        encode(rows, schema, { cursor: 'c', ...(shape && { shape }) }).then(
          (page) => String(page.highest),
          (error: SyncError) => error.message,
        )
      await highest()
      assert.equal(await highest(), await highest(noShape))
    }),
    { numRuns: 500 },
  )
})

const policy = (schema: StreamConfig['schema']) =>
  createSchema({ policy: schema, live: [{ name: 'a', type: 'integer' }] })

test('a schema policy decides what becomes of new fields and of values that do not fit', async () => {
  await assert.rejects(encode(['{"a":1,"b":2}'], policy('freeze')), { code: 'SCHEMA_FROZEN' })
  await assert.rejects(encode(['{"a":"x"}'], policy('freeze')), { code: 'SCHEMA_FROZEN' })
  await assert.rejects(encode(['{"a":1.5}'], policy('freeze')), { code: 'SCHEMA_FROZEN' })
  const columns = policy('discard_columns')
  assert.equal((await encode(['{"a":1,"b":2}', '{"a":"x"}'], columns)).text, '{"a":1}\n{}\n')
  assert.deepEqual(columns.columns, [{ name: 'a', type: 'integer' }])
  const rows = await encode(['{"a":1,"b":2}', '{"a":2}'], policy('discard_rows'))
  assert.equal(rows.text, '{"a":2}\n')
  assert.equal(rows.rejects.length, 1)
})

test('declared columns are converted where nothing is lost, renamed and dropped', async () => {
  const schema = createSchema({
    columns: {
      at: { type: 'timestamp', drop: false },
      n: { type: 'numeric', drop: false },
      s: { type: 'string', rename: 'text', drop: false },
      gone: { drop: true },
    },
  })
  const { text } = await encode(
    ['{"at":1700000000,"n":"12.50","s":5,"gone":1}', '{"at":"2024-01-01","n":3,"s":"x"}'],
    schema,
  )
  assert.deepEqual(await load(text, schema), [
    { at: '2023-11-14 22:13:20+00', n: '12.500000000', text: '5' },
    { at: '2024-01-01 00:00:00+00', n: '3.000000000', text: 'x' },
  ])
})
