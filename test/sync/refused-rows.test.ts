import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createHarness } from './harness.ts'

async function serveBody(t: TestContext, body: Buffer): Promise<string> {
  const server = createServer((_, response) => response.end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Rows of which the first `broken` hold a byte that is no UTF-8. */
const bodyOf = (broken: number, count: number): Buffer =>
  Buffer.from(
    `[${Array.from({ length: count }, (_, id) => `{"id":${id},"name":"${id < broken ? '\u00ff' : 'x'}"}`).join()}]`,
    'latin1',
  )

const stream = (more = '') => `streams: [{ name: rows, path: /rows, rows: '$[*]', paginator: { type: none }${more} }]\n`

test('a page of rows that are all refused fails the stream with the first reason', async (t) => {
  using harness = createHarness(await serveBody(t, bodyOf(20, 20)))
  harness.connector = stream()
  const { first } = await harness.run()
  assert.equal(first.error?.code, 'TOO_MANY_REJECTS')
  assert.match(first.error?.message ?? '', /All 20 rows .* no UTF-8/)
})

test('some refused rows are a warning with their number and the first reason', async (t) => {
  using harness = createHarness(await serveBody(t, bodyOf(2, 20)))
  harness.connector = stream()
  const { first } = await harness.run()
  assert.deepEqual(
    { status: first.status, rows: first.rows, rejected: first.rejected },
    { status: 'complete', rows: 18, rejected: 2 },
  )
  assert.match(first.warnings?.find(({ code }) => code === 'ROWS_REFUSED')?.message ?? '', /^2 of 20 rows .* no UTF-8/)
})

test('invalid UTF-8 is replaced where the stream says so, with a warning', async (t) => {
  using harness = createHarness(await serveBody(t, bodyOf(20, 20)))
  harness.connector = stream(', invalid_utf8: replace')
  const { first } = await harness.run()
  assert.deepEqual({ rows: first.rows, rejected: first.rejected }, { rows: 20, rejected: 0 })
  assert.ok(first.warnings?.some(({ code }) => code === 'RESPONSE_REPAIRED'))
  const [row] = await harness.query('SELECT name FROM api.rows WHERE id = 0')
  assert.equal(row?.['name'], '\uFFFD')
})

test('what is kept of refused rows is bounded for each page, and fills a batch like other rows', async (t) => {
  const long = 'x'.repeat(70_000)
  const rows = Array.from({ length: 200 }, (_, id) => `{"id":${id},"name":"${id < 199 ? `\u00ff${long}` : 'x'}"}`)
  using harness = createHarness(await serveBody(t, Buffer.from(`[${rows.join()}]`, 'latin1')))
  harness.connector = stream(', partitions: { p: [1, 2, 3] }, params: { p: "{{ partition.p }}" }, max_rejects: 1000')
  const { first } = await harness.run()
  assert.deepEqual({ rows: first.rows, rejected: first.rejected }, { rows: 3, rejected: 597 }, first.error?.message)
  const [kept] = await harness.query(
    'SELECT count(DISTINCT seq) AS commits, sum(length(row))::DOUBLE AS size FROM api._headrace_rejects',
  )
  const [commits, size] = [Number(kept?.['commits']), Number(kept?.['size'])]
  assert.ok(size > 7_000_000 * 3 && size <= 8 * 1024 * 1024 * 3, `${size} characters`)
  assert.ok(commits > 1, `${commits} commits`)
})
