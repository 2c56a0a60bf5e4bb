import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Answer, rowsOf, startAnswering } from './answers.ts'
import { createHarness } from './harness.ts'

/** Runs one stream without a paginator and without a place for its rows. */
async function runAuto(answer: (query: URLSearchParams) => Answer, ...lines: readonly string[]) {
  await using provider = await startAnswering(answer)
  using harness = createHarness(provider.url)
  harness.connector = `streams:
  - name: rows
    path: /rows
${lines.map((line) => `    ${line}\n`).join('')}`
  const { first, status } = await harness.run()
  return { ...first, status, code: first.error?.code, message: first.error?.message ?? '' }
}

suite('a listing that auto cannot read to its end', () => {
  const proofs: readonly (readonly [object, RegExp])[] = [
    [{ has_more: true }, /paginator: \{ type: page_number, param: page, has_more: \$\.has_more \}/],
    [{ total_items: 25 }, /paginator: \{ type: offset, param: offset, limit: 10, total: \$\.total_items \}/],
    [{ cursors: { next: 'c2' } }, /paginator: \{ type: cursor, path: \$\.cursors\.next, param: cursor \}/],
    [{ next_id: 'x11' }, /paginator: \{ type: cursor, path: \$\.next_id, param: cursor \}/],
    [{ page_details: { total_pages: 3 } }, /paginator: \{ type: page_number, param: page, total_pages: \$\.page_det/],
  ]
  for (const [more, line] of proofs)
    test(`fails where the answer says ${JSON.stringify(more)}, and names lines to try`, async () => {
      const outcome = await runAuto(() => ({ body: { data: rowsOf(1, 10), ...more } }))
      assert.deepEqual([outcome.status, outcome.code], ['failed', 'LISTING_INCOMPLETE'])
      assert.match(outcome.message, line)
    })

  test('is warned of where its page merely looks full', async () => {
    for (const [count, ...lines] of [[100], [7, 'params: { per_page: 7 }']] as const) {
      const outcome = await runAuto(() => ({ body: { data: rowsOf(1, count) } }), ...lines)
      assert.deepEqual(
        [outcome.status, outcome.warnings.map(({ code }) => code)],
        ['complete', ['LISTING_IN_DOUBT']],
        outcome.message,
      )
    }
    const said = await runAuto(() => ({ body: { data: rowsOf(1, 100), next: null } }))
    assert.deepEqual([said.status, said.warnings], ['complete', []])
  })
})

suite('what auto finds', () => {
  const pages: readonly (readonly [object, (query: URLSearchParams) => boolean])[] = [
    [{ links: { nextPage: '/rows?page=2' } }, (query) => query.get('page') === '2'],
    [{ offset: 'itr/rec' }, (query) => query.get('offset') === 'itr/rec'],
    [{ object: 'list', next_cursor: 'n', has_more: true }, (query) => query.get('start_cursor') === 'n'],
    [{ result_info: { paging: { next_page_token: 't' } } }, (query) => query.get('page_token') === 't'],
  ]
  for (const [more, isSecond] of pages)
    test(`reads on by ${JSON.stringify(more)}, and is in the record`, async () => {
      const outcome = await runAuto((query) =>
        isSecond(query) ? { body: { data: rowsOf(11, 15) } } : { body: { data: rowsOf(1, 10), ...more } },
      )
      assert.deepEqual([outcome.status, outcome.rows, outcome.warnings], ['complete', 15, []], outcome.message)
      assert.equal(outcome.reads?.rows, '$.data[*]')
      assert.match(String(outcome.reads?.paginator?.['type']), /link_body|cursor/)
    })

  test('is not in the record where the connector says it all', async () => {
    const outcome = await runAuto(
      () => ({ body: { data: rowsOf(1, 3) } }),
      'rows: $.data[*]',
      'paginator: { type: none }',
    )
    assert.equal(outcome.reads, undefined)
  })
})
