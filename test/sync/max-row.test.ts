import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createHarness } from './harness.ts'

async function serve(t: TestContext, body: Iterable<string>): Promise<string> {
  const server = createServer((_, response) => {
    for (const part of body) response.write(part)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const large = 3_000_000
/** Text that looks like the end of a row in many places. */
const text = '}],{\\"[}\\\\'.repeat(large / 10)
/** A row of `size` bytes. */
const rowOf = (id: number, size: number): string => {
  const empty = `{"id":${id},"text":""}`
  return `{"id":${id},"text":"${'x'.repeat(size - empty.length)}"}`
}

const cases: Readonly<Record<string, { readonly body: string; readonly format: string; readonly rows: string }>> = {
  'JSON, cut out of the bytes': {
    body: `{"data": [{"id":1}, {"id":2,"text":"${text}"} ,{"id":3},{"id":4,"list":[${'[1,{"a":"}"}],'.repeat(large / 14)}0]}]}`,
    format: 'json',
    rows: '$.data[*]',
  },
  'JSON, whose rows are picked by a filter': {
    body: `{"data": [{"id":1}, {"id":2,"text":"${text}"} ,{"id":3},{"id":4,"text":"${text}"}]}`,
    format: 'json',
    rows: '$.data[?@.id > 0]',
  },
  'JSON Lines': {
    body: `{"id":1}\n{"id":2,"text":"${text}"}\n{"id":3}\n{"id":4,"text":"${text}"}`,
    format: 'jsonl',
    rows: '$[*]',
  },
  XML: {
    body: `<r><i><id>1</id></i><i><id>2</id><t>${'x'.repeat(large)}</t></i><i><id>3</id></i><i><id>4</id><t>${'y'.repeat(large)}</t></i></r>`,
    format: 'xml',
    rows: '$.r.i[*]',
  },
}

for (const [name, { body, format, rows }] of Object.entries(cases)) {
  test(`rows above max_row are refused with their size, the others are stored: ${name}`, async (t) => {
    using harness = createHarness(await serve(t, [body]))
    const limit = format === 'jsonl' ? 100_000 : 2_000_000
    harness.connector = `streams: [{ name: rows, path: /rows, format: ${format}, rows: '${rows}', max_row: ${limit}, paginator: { type: none } }]\n`
    const { first } = await harness.run()
    assert.deepEqual(
      { status: first.status, rows: first.rows, rejected: first.rejected },
      { status: 'complete', rows: 2, rejected: 2 },
    )
    assert.match(
      first.warnings[0]?.message ?? '',
      new RegExp(`^2 of 4 rows .* is of \\d{7} bytes, and max_row allows ${limit};`),
    )
    const kept = await harness.query('SELECT id::VARCHAR AS id FROM api.rows ORDER BY 1')
    assert.deepEqual(
      kept.map(({ id }) => id),
      ['1', '3'],
    )
    const [reject] = await harness.query('SELECT sum(length(row)) AS size FROM api._headrace_rejects')
    assert.equal(String(reject?.['size']), '0')
  })
}

test('a row of just max_row bytes is stored, one of a byte more is refused', async (t) => {
  for (const limit of [5_000, 1_500_000]) {
    using harness = createHarness(
      await serve(t, [
        `[${rowOf(1, limit)},${rowOf(2, limit + 1)},${rowOf(3, limit)},${rowOf(4, limit * 3)},${rowOf(5, 100)}]`,
      ]),
    )
    harness.connector = `streams: [{ name: rows, path: /rows, rows: '$[*]', max_row: ${limit}, paginator: { type: none } }]\n`
    const { first } = await harness.run()
    assert.deepEqual({ limit, rows: first.rows, rejected: first.rejected }, { limit, rows: 3, rejected: 2 })
    const rejects = await harness.query('SELECT reason FROM api._headrace_rejects ORDER BY reason')
    assert.deepEqual(
      rejects.map(({ reason }) => reason),
      [limit + 1, limit * 3].map((size) => `is of ${size} bytes, and max_row allows ${limit}`).toSorted(),
    )
  }
})

test('pages of one row each that is too large are no repeated page', async (t) => {
  let page = 0
  const bodies = function* () {
    page++
    yield page < 4 ? `[{"id":${page},"text":"${'x'.repeat(2_000_000)}"}]` : '[]'
  }
  using harness = createHarness(await serve(t, { [Symbol.iterator]: bodies }))
  harness.connector =
    "streams: [{ name: rows, path: /rows, rows: '$[*]', max_row: 10000, primary_key: [id], paginator: { type: page_number, param: page } }]\n"
  const { first } = await harness.run()
  assert.deepEqual(
    { status: first.status, rejected: first.rejected, error: first.error },
    { status: 'complete', rejected: 3, error: undefined },
  )
})

test('a body that ends inside of a row that is too large is cut short', async (t) => {
  for (const format of ['json', 'jsonl']) {
    using harness = createHarness(
      await serve(t, [`${format === 'json' ? '[' : ''}{"id":1,"text":"${'x'.repeat(3_000_000)}`]),
    )
    harness.connector = `streams: [{ name: rows, path: /rows, format: ${format}, rows: '$[*]', max_row: 10000, paginator: { type: none } }]\n`
    const { first } = await harness.run()
    assert.equal(first.error?.code, 'RESPONSE_INVALID')
  }
})

for (const [name, paginator] of [
  ['keyset', '{ type: keyset, field: id, param: after }'],
  ['cursor', '{ type: cursor, path: "$.data[-1].id", param: after, has_more: $.more }'],
] as const) {
  test(`a page whose next one is asked for by a row above max_row says so (${name})`, async (t) => {
    const page = `{"more": true, "data": [{"id":1},{"id":2,"text":"${text}"}]}`
    using harness = createHarness(await serve(t, [page]))
    harness.connector = `streams: [{ name: rows, path: /rows, rows: '$.data[*]', max_row: 200000, paginator: ${paginator} }]\n`
    const { first } = await harness.run()
    assert.equal(first.error?.code, 'RESPONSE_TOO_LARGE')
    assert.match(first.error.message, /^The last row of a page is of \d+ bytes, more than max_row allows/)
  })
}
