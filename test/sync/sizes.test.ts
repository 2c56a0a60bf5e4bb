import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { checkSize } from '../../src/sync/checkpoint-size.ts'
import { createHarness } from './harness.ts'

/** Answers each path with what `pages` has for it. */
async function serve(t: TestContext, pages: Readonly<Record<string, () => string>>): Promise<string> {
  const server = createServer(({ url = '' }, response) => response.end(pages[url]?.() ?? '[]'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const streams = (...names: string[]): string =>
  `streams:\n${names.map((name) => `  - { name: ${name}, path: /${name}, rows: '$[*]', paginator: { type: none } }\n`).join('')}`

const namesOf = async (harness: ReturnType<typeof createHarness>): Promise<string> =>
  String((await harness.query('SELECT max(length(checkpoint)) AS size FROM api._headrace_commits'))[0]?.['size'])

test('a row with a field name of many megabytes is refused, and the file stays of use to all streams', async (t) => {
  const long = 'n'.repeat(10_000_000)
  using harness = createHarness(
    await serve(t, { '/a': () => `[{"id":1,"${long}-":1},{"id":2}]`, '/b': () => '[{"id":3}]' }),
  )
  harness.connector = streams('a', 'b')
  for (const run of [1, 2]) {
    const { status, first } = await harness.run()
    assert.deepEqual(
      { run, status, rows: first.rows, rejected: first.rejected },
      { run, status: 'complete', rows: 1, rejected: 1 },
    )
    assert.match(first.warnings[0]?.message ?? '', /name of 10000001 characters is longer than 1024/)
  }
  assert.ok(Number(await namesOf(harness)) < 10_000)
  const [reject] = await harness.query('SELECT length(row) AS size FROM api._headrace_rejects')
  assert.equal(reject?.['size'], '65536')
})

test('names that make more columns than a table may have are refused with their rows, and take nothing from others', async (t) => {
  const many = Array.from({ length: 20_000 }, (_, at) => `"field-${at}":1`).join()
  using harness = createHarness(await serve(t, { '/a': () => `[{"id":1,${many}},{"id":2,"late":"x"}]` }))
  harness.connector = streams('a')
  const { first } = await harness.run()
  assert.deepEqual({ rows: first.rows, rejected: first.rejected }, { rows: 1, rejected: 1 })
  assert.match(first.warnings[0]?.message ?? '', /20000 new fields, which would make more than the 9900 columns/)
  assert.deepEqual(await harness.query('SELECT id, late FROM api.a'), [{ id: '2', late: 'x' }])
})

test('names that a closed schema leaves out leave nothing in the checkpoint', async (t) => {
  let run = 0
  const fresh = (): string => Array.from({ length: 2_000 }, (_, at) => `"field-${run}-${at}":1`).join()
  using harness = createHarness(await serve(t, { '/a': () => (run++ === 0 ? '[{"id":1}]' : `[{"id":2,${fresh()}}]`) }))
  harness.connector = streams('a').replace('/a,', '/a, schema: discard_columns,')
  await harness.run()
  const { first } = await harness.run()
  assert.deepEqual({ rows: first.rows, rejected: first.rejected }, { rows: 1, rejected: 0 })
  assert.ok(Number(await namesOf(harness)) < 10_000)
})

test('a cursor of absurd length is refused with its row', async (t) => {
  using harness = createHarness(
    await serve(t, { '/a': () => `[{"id":1,"at":"b"},{"id":2,"at":"${'c'.repeat(5_000_000)}"}]` }),
  )
  harness.connector = streams('a').replace('/a,', '/a, incremental: { cursor: at, format: text },')
  const { first } = await harness.run()
  assert.deepEqual(
    { rows: first.rows, rejected: first.rejected, to: first.cursor.to },
    { rows: 1, rejected: 1, to: 'b' },
  )
})

test('an answer with megabytes behind its rows is read to its end', async (t) => {
  using harness = createHarness(await serve(t, { '/a': () => `{"data":[{"id":1}],"more":"${'m'.repeat(3_000_000)}"}` }))
  harness.connector = streams('a').replace("'$[*]'", "'$.data[*]'")
  const { first } = await harness.run()
  assert.deepEqual({ status: first.status, rows: first.rows }, { status: 'complete', rows: 1 })
})

test('a page token of absurd length fails the stream, and nothing of it is written', async (t) => {
  const token = 't'.repeat(6_000_000)
  using harness = createHarness(await serve(t, { '/a': () => `{"data":[{"id":1}],"next":"${token}"}` }))
  harness.connector =
    "streams: [{ name: a, path: /a, method: POST, body: {}, rows: '$.data[*]', paginator: { type: cursor, path: $.next, body: $.token } }]\n"
  const { first } = await harness.run({ limit: 1 })
  assert.equal(first.error?.code, 'RESPONSE_TOO_LARGE', first.error?.message)
  assert.deepEqual(await harness.query('SELECT * FROM api._headrace_commits'), [])
})

test('a checkpoint that is too large says what fills it', () => {
  const next = { method: 'GET' as const, url: `https://api.example.com/?page=${'t'.repeat(5_000_000)}`, headers: {} }
  const listing = { highest: null, began: 0, pages: 1, mark: '', source: '', runs: [] }
  assert.throws(() => checkSize('stream a of api', { done: null, open: { ...listing, place: { next } } }), {
    code: 'CHECKPOINT_TOO_LARGE',
    message: /^stream a of api: .* most of them for the place in the listing .* nothing of the batch was written$/,
  })
})

test('a parent value of absurd length is left out with a warning', async (t) => {
  const id = 'x'.repeat(100_000)
  using harness = createHarness(
    await serve(t, { '/a': () => `[{"id":"1"},{"id":"${id}"}]`, '/a/1': () => '[{"c":1}]' }),
  )
  harness.connector = `streams:
  - { name: a, path: /a, rows: '$[*]', paginator: { type: none }, selected: false }
  - { name: c, parent: { stream: a, include: { id: id } }, path: '/a/{{ parent.id }}', rows: '$[*]', paginator: { type: none } }\n`
  const { first } = await harness.run()
  assert.deepEqual({ status: first.status, rows: first.rows }, { status: 'complete', rows: 1 })
  assert.match(first.warnings.find(({ code }) => code === 'SLICE_SKIPPED')?.message ?? '', /longer than 16384/)
})

test('a file whose checkpoints are heavy already is opened, and gets lighter with the next commit', async (t) => {
  using harness = createHarness(await serve(t, { '/a': () => '[{"id":1}]' }))
  harness.connector = streams('a')
  await harness.run()
  await harness.query(
    `UPDATE api._headrace_commits SET checkpoint = json_merge_patch(checkpoint, json_object('names', json_array(json_array(repeat('n', 85000000), 'n', ''))))`,
  )
  // The second run finds the heavy commit in the rows that its last checkpoint moves.
  for (const run of [1, 2]) {
    const { status, error } = await harness.run()
    assert.deepEqual({ run, status, error }, { run, status: 'complete', error: undefined })
  }
  const [last] = await harness.query(
    'SELECT length(checkpoint) AS size FROM api._headrace_commits ORDER BY seq DESC LIMIT 1',
  )
  assert.ok(Number(last?.['size']) < 10_000)
})
