import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Answer, rowsOf, startAnswering } from './answers.ts'
import { createHarness } from './harness.ts'

const stream = (...rest: readonly string[]): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest.map((line) => `    ${line}\n`).join('')}`

/** Runs against a provider of two pages, of which the answer to one is another. */
async function runWith(page: number, answer: Answer, ...rest: readonly string[]) {
  await using provider = await startAnswering((query) => {
    const at = Number(query.get('page'))
    return at === page ? answer : { body: { data: at > 2 ? [] : rowsOf(at * 5 - 4, at * 5) } }
  })
  using harness = createHarness(provider.url)
  harness.connector = stream(...rest)
  const { status, first } = await harness.run()
  return { status, code: first.error?.code, message: first.error?.message ?? '', warnings: first.warnings, first }
}

const failures: readonly (readonly [answer: Answer, code: string, says: RegExp])[] = [
  [{ body: { error: 'the index is locked' } }, 'API_REFUSED', /: "the index is locked"$/],
  [{ body: { errors: [{ message: 'no quota' }], data: null } }, 'API_REFUSED', /: "no quota"$/],
  [{ body: { success: false } }, 'API_REFUSED', /member success/],
  [{ body: {} }, 'ROWS_NOT_FOUND', /stop\.missing_rows/],
  [{ body: null }, 'ROWS_NOT_FOUND', /\$\.data\[\*\]/],
  [{ status: 202, body: { data: [] } }, 'RESPONSE_INVALID', /answered 202.*then: retry/],
  [{ status: 200, body: '' }, 'RESPONSE_INVALID', /is empty/],
]

suite('an answer that holds no rows where they should be is never the end of a listing', () => {
  for (const [answer, code, says] of failures)
    for (const page of [1, 2])
      test(`${JSON.stringify(answer)} as page ${page}`, async () => {
        const outcome = await runWith(page, answer)
        assert.deepEqual([outcome.status, outcome.code], ['failed', code], outcome.message)
        assert.match(outcome.message, says)
      })
})

test('an empty page may lack the rows where the stream says so', async () => {
  assert.equal((await runWith(3, { body: {} }, 'stop: { missing_rows: true }')).status, 'complete')
})

test('a 204 as the only answer is a listing without rows, in doubt unless a rule says that it is meant', async () => {
  const { status, warnings } = await runWith(1, { status: 204 })
  assert.deepEqual([status, warnings.map(({ code }) => code)], ['complete', ['LISTING_IN_DOUBT']])
  const ruled = await runWith(1, { status: 204 }, 'errors: [{ status: 204, then: ignore }]')
  assert.deepEqual([ruled.status, ruled.warnings], ['complete', []])
})

test('a 204 ends no listing that has begun, and empties no table, unless a rule says so', async () => {
  assert.equal((await runWith(2, { status: 204 })).code, 'LISTING_INCOMPLETE')
  assert.equal((await runWith(1, { status: 204 }, 'write: replace')).code, 'LISTING_INCOMPLETE')
  assert.equal((await runWith(2, { status: 204 }, 'errors: [{ status: 204, then: ignore }]')).status, 'complete')
})

test('rows beside an error are taken with a warning', async () => {
  const { status, first, warnings } = await runWith(1, {
    body: { data: rowsOf(1, 5), errors: [{ message: 'partial' }] },
  })
  assert.deepEqual([status, first.rows], ['complete', 10])
  assert.match(warnings[0]?.message ?? '', /errors/)
})

test('an answer whose status a rule ignores is no page to go on from', async () => {
  await using provider = await startAnswering((query) =>
    query.has('page')
      ? { status: 404, body: { error: 'gone', next: Number(query.get('page')) + 1 } }
      : { body: { data: rowsOf(1, 5), next: 2 } },
  )
  using harness = createHarness(provider.url)
  harness.connector = stream('errors: [{ status: 404, then: ignore }]').replace(
    '{ type: page_number }',
    '{ type: cursor, path: $.next, param: page }',
  )
  const { status, first } = await harness.run()
  assert.deepEqual([status, first.rows, first.requests], ['complete', 5, 2])
})
