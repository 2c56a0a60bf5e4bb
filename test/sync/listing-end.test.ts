import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Answer, rowsOf, startAnswering } from './answers.ts'
import { createHarness } from './harness.ts'

const stream = (paginator: string, ...rest: readonly string[]): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: ${paginator}
${rest.map((line) => `    ${line}\n`).join('')}`

interface Case {
  readonly name: string
  readonly paginator: string
  readonly answer: (query: URLSearchParams) => Answer
  readonly rest?: readonly string[]
  /** What the message must say. */
  readonly says?: RegExp
}

async function runCase({ paginator, answer, rest = [] }: Case) {
  await using provider = await startAnswering(answer)
  using harness = createHarness(provider.url)
  harness.connector = stream(paginator, ...rest)
  const { first, status } = await harness.run()
  return { status, code: first.error?.code, message: first.error?.message ?? '', warnings: first.warnings }
}

const page = (query: URLSearchParams, more: object = {}, total = 20): Answer => {
  const at = Number(query.get('page') ?? 1)
  return { body: { data: rowsOf((at - 1) * 10 + 1, Math.min(at * 10, total)), ...more } }
}

const contradictions: readonly Case[] = [
  {
    name: 'an empty page beside a larger total',
    paginator: '{ type: page_number }',
    answer: (query) => page(query, { total: 28 }),
    says: /\$\.total counts 28 rows/,
  },
  {
    name: 'an empty page beside has_more',
    paginator: '{ type: offset, limit: 10 }',
    answer: (query) => ({
      body: Number(query.get('offset')) > 0 ? { data: [], has_more: true } : { data: rowsOf(1, 10) },
    }),
    says: /\$\.has_more says that there is more/,
  },
  {
    name: 'a declared total that is larger than what came',
    paginator: '{ type: page_number, total: $.antal, size: 10 }',
    answer: (query) => (query.get('page') === '1' ? page(query, { antal: 30 }) : { body: { data: [], antal: 30 } }),
    says: /\$\.antal counts 30 rows/,
  },
  ...[
    '{ type: cursor, path: $.nxt_cursor, param: cursor }',
    '{ type: link_body, path: $.nxt }',
    '{ type: link_header }',
  ].flatMap((paginator) =>
    (
      [
        { has_more: true },
        { meta: { next_cursor: 'c2' } },
        { links: { next: '/rows?page=2' } },
        { total_items: 300 },
        { page_details: { total_pages: 3 } },
      ] as const
    ).map((more) => ({
      name: `${paginator} that finds nothing beside ${JSON.stringify(more)}`,
      paginator,
      answer: (query: URLSearchParams) => page(query, more),
    })),
  ),
  {
    name: 'one page that says that there is more',
    paginator: 'none',
    answer: (query) => page(query, { end_of_stream: false }),
  },
  {
    name: 'a cursor that the last row does not have',
    paginator: '{ type: cursor, path: "$.data[-1].idd", param: after }',
    answer: () => ({ body: { data: rowsOf(1, 7) } }),
    says: /the last of them lacks it/,
  },
  {
    name: 'a header that counts more',
    paginator: '{ type: page_number }',
    answer: (query) => ({ ...page(query), headers: { 'X-WP-Total': '25' } }),
    says: /header:x-wp-total counts 25/,
  },
]

suite('an answer that proves that the listing goes on fails the stream', () => {
  for (const one of contradictions)
    test(one.name, async () => {
      const paginator = one.paginator === 'none' ? '{ type: none }' : one.paginator
      const outcome = await runCase({ ...one, paginator })
      assert.deepEqual([outcome.status, outcome.code], ['failed', 'LISTING_INCOMPLETE'], outcome.message)
      assert.match(outcome.message, one.says ?? /stop\.ignore/)
    })
})

const doubts: readonly Case[] = [
  {
    name: 'a full page where the declared path was never there',
    paginator: '{ type: cursor, path: $.nxt, param: cursor }',
    answer: () => ({ body: { data: rowsOf(1, 100) } }),
  },
  {
    name: 'a page as large as was asked for, without any link',
    paginator: '{ type: link_header }',
    rest: ['params: { per_page: 7 }'],
    answer: () => ({ body: { data: rowsOf(1, 7) } }),
  },
  {
    name: 'a cursor that the provider does not know, where the answer named another',
    paginator: '{ type: cursor, path: "$.data[-1].id", param: cursor }',
    answer: (query) => ({ body: query.has('cursor') ? { data: [] } : { data: rowsOf(1, 7), next_cursor: 'x7' } }),
  },
  {
    name: 'a page number that the provider does not know, where the answer named a link',
    paginator: '{ type: page_number }',
    answer: (query) =>
      query.has('page') && query.get('page') !== '1'
        ? { body: { data: [] } }
        : { body: { data: rowsOf(1, 7), next: '/rows?skip=7' } },
  },
  {
    name: 'a total that is larger than what came until the provider said that this was all',
    paginator: '{ type: cursor, path: $.next, param: cursor }',
    answer: () => ({ body: { data: rowsOf(1, 3), next: null, total: 5 } }),
  },
]

suite('an answer that makes the end unlikely is a warning', () => {
  for (const one of doubts)
    test(one.name, async () => {
      const { status, warnings } = await runCase(one)
      assert.deepEqual([status, warnings.map(({ code }) => code)], ['complete', ['LISTING_IN_DOUBT']])
    })
})

const ends: readonly Case[] = [
  {
    name: 'totals that are reached',
    paginator: '{ type: page_number }',
    answer: (query) => page(query, { total: 20 }),
  },
  {
    name: 'a total that is named in stop.ignore',
    paginator: '{ type: page_number }',
    rest: ['stop: { ignore: ["$[\'total\']"] }'],
    answer: (query) => page(query, { total: 28 }),
  },
  {
    name: 'cursors of other things',
    paginator: '{ type: link_body, path: $.paging.next }',
    answer: () => ({
      body: { data: rowsOf(1, 3), paging: { cursors: { before: 'a', after: 'b' }, previous: '/rows' } },
    }),
  },
  {
    name: 'a link that asks for the page that is read next, and a cursor that is named once more',
    paginator: '{ type: page_number }',
    answer: (query) => {
      const at = Number(query.get('page') ?? 1)
      const next = { next: `/rows?page=${at + 1}&per_page=10`, next_cursor: `c${at}` }
      return at > 2 ? { body: { data: [] } } : page(query, next)
    },
  },
  {
    name: 'a link that is left out of the last page',
    paginator: '{ type: link_body, path: $.next }',
    answer: (query) => page(query, query.has('page') ? { total: 20 } : { next: '?page=2', total: 20 }),
  },
  {
    name: 'a cursor on a page that the provider calls the last',
    paginator: '{ type: cursor, path: $.next, param: page, has_more: $.has_more }',
    answer: (query) => page(query, { next: 'c', has_more: false }),
  },
  {
    name: 'an empty listing that counts one page',
    paginator: '{ type: page_number, total_pages: $.total_pages }',
    answer: () => ({ body: { data: [], total_pages: 1, total: 0 } }),
  },
]

suite('an end that the answers agree with passes without a word', () => {
  for (const one of ends)
    test(one.name, async () => {
      const { status, message, warnings } = await runCase(one)
      assert.deepEqual([status, warnings], ['complete', []], message)
    })
})

test('a total counts the rows of the whole listing, however many runs it was read in', async () => {
  await using provider = await startAnswering((query) => page(query, { total: 25 }, 25))
  using harness = createHarness(provider.url)
  harness.connector = stream('{ type: page_number }')
  assert.equal((await harness.run({ limit: 10 })).status, 'handed_over')
  assert.equal((await harness.run({ limit: 10 })).status, 'handed_over')
  const { status, first } = await harness.run()
  assert.equal(status, 'complete', first.error?.message)
})

test('what is not proved to be whole replaces nothing and moves no cursor', async () => {
  let total = 20
  let told = 20
  await using provider = await startAnswering((query) => page(query, { total: told }, total))
  using harness = createHarness(provider.url)
  for (const write of ['write: replace', 'write: append']) {
    harness.connector = stream('{ type: page_number }', 'incremental: { cursor: at }', write)
    total = told = 20
    assert.equal((await harness.run()).status, 'complete')
    const cursor = (await harness.run()).first.cursor.to
    total = 10
    const { first } = await harness.run()
    assert.equal(first.error?.code, 'LISTING_INCOMPLETE')
    assert.equal(first.cursor.to, cursor)
    const [counted] = await harness.query('SELECT count(DISTINCT id) AS n FROM api.rows')
    assert.equal(Number(counted?.['n']), 20)
  }
})

test('a page number behind the last one that is refused names the two ways to end the listing', async () => {
  await using provider = await startAnswering((query) =>
    Number(query.get('page')) > 2 ? { status: 404, body: { error: 'no such page' } } : page(query),
  )
  using harness = createHarness(provider.url)
  harness.connector = stream('{ type: page_number }')
  const { first } = await harness.run()
  assert.equal(first.error?.code, 'API_REFUSED')
  assert.match(first.error?.message ?? '', /total_pages.*stop\.short_page.*errors: \[\{ status: 404, then: ignore \}\]/)
  harness.connector = stream('{ type: page_number }', 'errors: [{ status: 404, then: ignore }]')
  assert.equal((await harness.run()).status, 'complete')
})

test('paging goes by the rows that the provider sent, not by those that rows picks', async () => {
  const orders = Array.from({ length: 12 }, (_, id) => ({ id, lines: [{ line: `${id}a` }, { line: `${id}b` }] }))
  await using provider = await startAnswering((query) => {
    const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))]
    return { body: { data: orders.slice(offset, offset + limit), total: 12 } }
  })
  for (const [rows, count] of [
    ['$.data[*].lines[*]', 24],
    ['$.data[?@.id==11]', 1],
    ['$.data[?@.id>99]', 0],
  ] as const) {
    using harness = createHarness(provider.url)
    harness.connector = stream('{ type: offset, limit: 5, total: $.total }').replace('$.data[*]', rows)
    const { status, first } = await harness.run()
    assert.deepEqual(
      [status, first.rows, first.pages, first.warnings],
      ['complete', count, 3, []],
      first.error?.message,
    )
  }
})
