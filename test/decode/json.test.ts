import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringifyExact } from '../../src/base/json/exact-json.ts'
import { noShape, type Shape } from '../../src/schema/shape.ts'
import { decode } from './support.ts'

const rowsOf = (text: string): unknown[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown)

const row = fc.dictionary(fc.string(), fc.jsonValue())
const cuts = fc.array(fc.nat(), { maxLength: 6 })
const indent = fc.constantFrom(undefined, 1, '\t')

test('the rows and the envelope of any JSON come out as JSON.parse would have them, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row),
      fc.dictionary(fc.string(), fc.jsonValue()),
      cuts,
      indent,
      async (data, beside, at, space) => {
        const { data: _data, ...meta } = beside
        const page = await decode(JSON.stringify({ ...meta, data, z: 1 }, undefined, space), { cuts: at })
        assert.deepEqual(rowsOf(page.text), JSON.parse(JSON.stringify(data)))
        assert.equal(page.rows.count, data.length)
        assert.equal(
          stringifyExact(page.envelope),
          JSON.stringify(JSON.parse(JSON.stringify({ ...meta, data: [], z: 1 }))),
        )
      },
    ),
  )
})

test('rows at the top level, deep inside, and under keys that need escapes are found', async () => {
  assert.deepEqual(rowsOf((await decode('[{"a":1},{"a":2}]', { rows: '$[*]' })).text), [{ a: 1 }, { a: 2 }])
  assert.deepEqual(
    rowsOf((await decode('{"x":{"data":[{"no":1}]},"a":{"b":{"data":[{"a":1}]}}}', { rows: '$.a.b.data[*]' })).text),
    [{ a: 1 }],
  )
  assert.deepEqual(rowsOf((await decode('{"d\\u0061ta":[{"a":1}]}')).text), [{ a: 1 }])
})

test('null, an empty array and a count of zero are zero rows', async () => {
  for (const body of ['{"data":null}', '{"data":[]}', '{"total":0}', '{"meta":{"count":"0"},"next":null}'])
    assert.equal((await decode(body)).rows.count, 0)
  assert.equal((await decode('[]', { rows: '$[*]' })).rows.count, 0)
})

test('a body that is to be a list of rows is no empty page where it is none, unless the stream says so', async () => {
  for (const body of ['{}', 'null']) {
    await assert.rejects(decode(body, { rows: '$[*]' }), { code: 'ROWS_NOT_FOUND' }, body)
    assert.equal((await decode(body, { rows: '$[*]', mayLackRows: true })).rows.count, 0)
  }
})

test('an answer without the member that rows names is no empty page, unless the stream says so', async () => {
  for (const rows of ['$.data[*]', '$.data[?@.id==1]', undefined])
    for (const body of ['{}', 'null', '{"next":null}', '{"data":5}'])
      if (rows !== undefined || !/next|data/.test(body))
        await assert.rejects(decode(body, { rows }), { code: 'ROWS_NOT_FOUND' }, `${rows} ${body}`)
  assert.equal((await decode('{}', { mayLackRows: true })).rows.count, 0)
})

test('an error in place of rows is an error, wherever rows are looked for', async () => {
  const bodies = [
    '{"error":"no such table"}',
    '{"errors":[{"message":"no"}],"data":null}',
    '{"success":false,"message":"no","data":[]}',
    '{"error":{"code":7},"data":[]}',
    '{"ok":false}',
  ]
  for (const body of bodies)
    for (const rows of ['$.data[*]', '$.data[?@.id==1]', '$[*]', '$', undefined])
      await assert.rejects(decode(body, { rows }), { code: 'API_REFUSED' }, `${rows} ${body}`)
  for (const body of [
    '{"error":null,"data":[]}',
    '{"errors":[],"data":[]}',
    '{"error":{"code":0},"success":true,"data":[]}',
  ])
    assert.equal((await decode(body)).rows.count, 0, body)
  await assert.rejects(decode(`${bodies[0]}\n`, { format: 'jsonl' }), { code: 'API_REFUSED' })
  assert.equal((await decode('{"id":1,"error":"timeout"}', { rows: '$' })).rows.count, 1)
})

test('the list that a filter or a nested wildcard picks from is what the provider sent', async () => {
  const body = '{"data":[{"id":1,"items":[{"a":1},{"a":2}]},{"id":2,"items":[]}],"next":null}'
  for (const [rows, count] of [
    ['$.data[?@.id==2]', 1],
    ['$.data[*].items[*]', 2],
    ['$.data[?@.id==9]', 0],
  ] as const) {
    const page = await decode(body, { rows })
    assert.deepEqual([page.rows.count, page.sent?.count, page.sent?.last], [count, 2, { id: 2, items: [] }])
    assert.deepEqual(page.rowsAt, ['data'])
  }
  assert.equal((await decode(body)).sent, undefined)
})

test('rows elsewhere than the path says are an error, not an empty page', async () => {
  await assert.rejects(decode('{"items":[{"a":1}]}'), { code: 'ROWS_NOT_FOUND' })
})

test('a path with a filter picks the rows of the parsed body, integers beyond 2^53 exact', async () => {
  const page = await decode('{"data":[{"id":9007199254740993,"ok":true},{"id":2,"ok":false}]}', {
    rows: '$.data[?@.ok==true]',
  })
  assert.equal(page.text, '{"id":9007199254740993,"ok":true}\n')
})

test('rows are looked for where the stream does not say', async () => {
  let found = ''
  const page = await decode('{"meta":{"n":1},"results":[{"a":1}]}', {
    rows: undefined,
    onRowsFound: (path) => (found = path),
  })
  assert.equal(found, '$.results[*]')
  assert.equal(page.text, '{"a":1}\n')
})

const broken: readonly (readonly [what: string, body: string, rows?: string])[] = [
  ['HTML', '<!doctype html><html></html>'],
  ['nothing', ''],
  ['a row cut in the middle', '{"data":[{"a":1},{"a":'],
  ['an array that does not end', '{"data":[{"a":1}'],
  ['an envelope that does not end', '{"data":[{"a":1}]'],
  ['a trailing comma', '{"data":[{"a":1},]}'],
  ['a missing comma', '{"data":[{"a":1}{"a":2}]}'],
  ['text behind', '{"data":[{"a":1}]} x'],
  ['a row that is a number', '{"data":[{"a":1},5]}'],
  ['a row that is null', '{"data":[null]}'],
  ['a row that is an array', '{"data":[[1]]}'],
  ['a bare word', '{"data":[{"a":nul}]}'],
  ['a leading zero', '{"data":[{"a":01}]}'],
  ['a bad escape', '{"data":[{"a":"\\x"}]}'],
  ['a control character', '{"data":[{"a":"\u0001"}]}'],
  ['mismatched brackets', '{"data":[{"a":[1}]}]}'],
  ['a member without a value', '{"data":[{"a":}]}'],
  ['two values', '{"data":[{"a":1 2}]}'],
  ['an envelope nested over 500 levels', `{"x":${'['.repeat(1000)}${']'.repeat(1000)},"data":[]}`],
]
test('a row that is no object is an error where the rows are looked for too, not a table of one row', async () => {
  for (const body of ['{"data":[{"a":1},"row",{"a":2}],"total":3}', '[{"a":1},5]', '{"items":[null,{"a":1}]}']) {
    await assert.rejects(decode(body, { rows: undefined }), { code: 'RESPONSE_INVALID' })
  }
})

for (const [what, body, rows] of broken) {
  test(`${what} is RESPONSE_INVALID`, async () => {
    await assert.rejects(decode(body, rows === undefined ? {} : { rows }), { code: 'RESPONSE_INVALID' })
  })
}

test('any change of one byte is either the same JSON or an error: the scanner lets nothing through that JSON.parse refuses', async () => {
  const body = Buffer.from(
    '{"data":[{"a":"x\\n","b":[1,2.5e3,{"c":null}],"d":true},{"e":-0.1,"f":{"g":"\\u00e9"}}],"n":"y"}',
  )
  await fc.assert(
    fc.asyncProperty(fc.nat(body.length - 1), fc.integer({ min: 0x20, max: 0x7e }), async (at, byte) => {
      const changed = Buffer.from(body)
      changed[at] = byte
      let expected: unknown
      try {
        expected = (JSON.parse(changed.toString()) as { data?: unknown }).data ?? []
      } catch {
        await assert.rejects(decode(changed))
        return
      }
      const isRows =
        Array.isArray(expected) &&
        expected.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item))
      if (isRows && changed.includes('"data"')) assert.deepEqual(rowsOf((await decode(changed)).text), expected)
    }),
    { numRuns: 3000 },
  )
})

test('a row nested 100,000 levels deep is marked odd and harms nothing', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  const page = await decode(`{"data":[{"a":1},{"a":${deep}},{"a":2}]}`, {
    shape: () => ({ columns: [{ key: 'a', type: 'integer', required: false, cursor: false }] }),
  })
  assert.equal(page.rows.count, 3)
  assert.equal(page.rows.nonConforming.length, 2)
})

test('a row larger than any buffer comes through whole', async () => {
  const text = 'x'.repeat(5_000_000)
  const page = await decode(`{"data":[{"a":"${text}"},{"b":1}]}`, {
    cuts: Array.from({ length: 80 }, (_, at) => at * 65_536),
  })
  assert.deepEqual(rowsOf(page.text), [{ a: text }, { b: 1 }])
})

test('files of lines that were put together without a line feed come apart at the byte order mark', async () => {
  const rows = ['{"a":"x}\uFEFF{"}', '{"a":{"b":2}}', '{"a":3}']
  const body = `\uFEFF${rows.join('\uFEFF')}\n`
  for (let cut = 0; cut < Buffer.byteLength(body); cut++) {
    const { text } = await decode(body, { format: 'jsonl', rows: undefined, cuts: [cut] })
    assert.equal(text, rows.map((row) => `${row}\n`).join(''))
  }
  for (const broken of ['{"a":1}{"a":2}', '{"a":1\uFEFF}', '{"a":1}\uFEFF2'])
    await assert.rejects(decode(`${broken}\n`, { format: 'jsonl', rows: undefined }), { code: 'RESPONSE_INVALID' })
})

test('a byte order mark and another charset are taken', async () => {
  assert.equal((await decode('\uFEFF{"data":[{"a":"é"}]}')).text, '{"a":"é"}\n')
  assert.equal(
    (await decode(Buffer.from('{"data":[{"a":"é"}]}', 'latin1'), { charset: 'iso-8859-1' })).text,
    '{"a":"é"}\n',
  )
})

test('JSON Lines: many byte order marks in a line are passed over once, however many there are', async () => {
  const page = await decode(`{"a":1}\n${'\uFEFF'.repeat(300_000)}{"a":2}\n`, { format: 'jsonl', rows: undefined })
  assert.equal(page.rows.count, 2)
})

test('JSON Lines: blank lines, carriage returns and a missing last line feed are taken, nonsense is not', async () => {
  const lines = (body: string, at: readonly number[] = []) =>
    decode(body, { format: 'jsonl', rows: undefined, cuts: at })
  assert.equal((await lines('{"a":1}\r\n\n{"a":2}')).text, '{"a":1}\n{"a":2}\n')
  assert.equal((await lines('')).rows.count, 0)
  await assert.rejects(lines('{"a":1}\n{"a"'), { code: 'RESPONSE_INVALID' })
  await assert.rejects(lines('{"a":1}\n5\n'), { code: 'RESPONSE_INVALID' })
  await assert.rejects(lines('{"a":1}{"a":2}\n'), { code: 'RESPONSE_INVALID' })
  await fc.assert(
    fc.asyncProperty(fc.array(row), cuts, async (data, at) => {
      assert.deepEqual(
        rowsOf((await lines(data.map((item) => `${JSON.stringify(item)}\n`).join(''), at)).text),
        JSON.parse(JSON.stringify(data)),
      )
    }),
  )
})

test('the first rows of a large body teach the shape that the rest of it passes by', async () => {
  const data = Array.from({ length: 60_000 }, (_, id) => ({ id, name: `row ${id}`, nested: { at: id } }))
  const body = JSON.stringify({ data, next: null })
  let shape: Shape = noShape
  let told = 0
  const page = await decode(body, {
    cuts: Array.from({ length: 60 }, (_, at) => at * 65_536),
    shape: () => shape,
    learn: (lines) => {
      told++
      assert.equal(Buffer.from(lines).toString().split('\n', 1)[0], JSON.stringify(data[0]))
      const column = (key: string, type: 'integer' | 'string' | 'json') => ({
        key,
        type,
        required: false,
        cursor: false,
      })
      shape = { columns: [column('id', 'integer'), column('name', 'string'), column('nested', 'json')] }
    },
  })
  assert.equal(told, 1)
  assert.ok(
    page.rows.nonConforming.length > 0 && page.rows.nonConforming.length / 2 < data.length / 2,
    `${page.rows.nonConforming.length / 2} odd rows`,
  )
  assert.deepEqual(rowsOf(page.text), data)
  assert.deepEqual(page.envelope, { data: [], next: null })
})

test('a body that is nested too deeply for a path with a filter is invalid, and no defect of ours', async () => {
  const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000)
  await assert.rejects(decode(`{"data":[{"id":1,"x":${deep}}]}`, { rows: '$.data[?@.id > 0]' }), {
    code: 'RESPONSE_INVALID',
    message: /nested too deeply/,
  })
})
