import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createHarness, type Harness } from './harness.ts'

type Answer = (response: ServerResponse) => unknown

async function serve(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer((_, response) => void answer(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Each piece leaves the process before the next is written. */
async function write(response: ServerResponse, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size)
    await new Promise<void>((resolve) => response.write(bytes.subarray(at, at + size), () => resolve()))
  response.end()
}

const stream = (more: string) => `streams: [{ name: rows, path: /rows, paginator: { type: none }, ${more} }]\n`
const tableOf = (harness: Harness) => harness.query('SELECT * FROM api.rows ORDER BY id')
const valuesOf = async (harness: Harness) => (await tableOf(harness)).map(({ id, v, name }) => ({ id, v, name }))

const row = (id: number, v: string): string => `{"id":${id},"name":"Infinity, \\"NaN","v":${v}}`
const expected = [
  { id: '1', v: 1.5, name: 'Infinity, "NaN' },
  { id: '2', v: null, name: 'Infinity, "NaN' },
  { id: '3', v: null, name: 'Infinity, "NaN' },
]
const texts = [row(1, '1.5'), row(2, 'NaN'), row(3, '-Infinity')]

for (const [name, more, body] of [
  ['rows cut out of the body', "rows: '$.data[*]'", `{"total":Infinity,"data":[${texts.join()}]}`],
  ['rows picked by a filter', "rows: '$.data[?@.id > 0]'", `{"data":[${texts.join(', ')}]}`],
  ['rows that are looked for', 'list_style: repeat', `{"data":[${texts.join()}]}`],
  ['JSON Lines', 'format: jsonl', texts.join('\n')],
] as const) {
  test(`NaN and Infinity are null where the stream says so, with one warning: ${name}`, async (t) => {
    for (const size of [1, 3, 1_000]) {
      const origin = await serve(t, (response) => write(response, Buffer.from(body), size))
      using harness = createHarness(origin)
      harness.connector = stream(`non_finite: 'null', ${more}`)
      const { first } = await harness.run()
      assert.equal(first.error, undefined)
      assert.deepEqual(await valuesOf(harness), expected)
      assert.deepEqual(
        first.warnings?.map(({ code }) => code),
        ['RESPONSE_REPAIRED'],
      )
    }
  })
}

test('NaN is refused unless the stream says otherwise, and the key to add is named', async (t) => {
  const body = `{"data":[${texts.join()}]}`
  const origin = await serve(t, (response) => response.end(body))
  using harness = createHarness(origin)
  harness.connector = stream("rows: '$.data[*]'")
  const { first } = await harness.run()
  assert.equal(first.error?.code, 'RESPONSE_INVALID')
  assert.match(
    first.error?.message ?? '',
    new RegExp(`holds NaN at byte ${body.indexOf(':NaN') + 1}, .* non_finite: 'null'`),
  )
})

const mark = Buffer.from('\uFEFF')

test('JSON Lines of which each line begins with a byte order mark are read, however the bytes come', async (t) => {
  const line = (id: number) => Buffer.concat([mark, Buffer.from(`{"id":${id},"v":${id},"name":"x\uFEFF"}\r\n`)])
  const body = Buffer.concat([line(1), line(2), Buffer.from('\n'), line(3)])
  for (const size of [1, 2, 5, 1_000]) {
    using harness = createHarness(await serve(t, (response) => write(response, body, size)))
    harness.connector = stream('format: jsonl')
    assert.equal((await harness.run()).first.error, undefined)
    assert.deepEqual(
      await valuesOf(harness),
      [1, 2, 3].map((id) => ({ id: String(id), v: String(id), name: 'x\uFEFF' })),
    )
  }
})

test('files of JSON Lines put together, each of them with a byte order mark, are read beyond one scan', async (t) => {
  const file = Buffer.concat([mark, Buffer.from(`{"id":1,"name":"${'x'.repeat(400)}"}\n`.repeat(2_000))])
  using harness = createHarness(await serve(t, (response) => response.end(Buffer.concat([file, file, file]))))
  harness.connector = stream('format: jsonl')
  const { first } = await harness.run()
  assert.deepEqual({ error: first.error, rows: first.rows }, { error: undefined, rows: 6_000 })
})
