import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Answer, rowsOf, startAnswering } from './answers.ts'
import { createHarness } from './harness.ts'

const same = Array.from({ length: 5 }, () => ({ level: 'info' }))
const cursor = '{ type: cursor, path: $.next, param: cursor }'
const numbered = '{ type: page_number }'

interface Case {
  readonly name: string
  readonly paginator: string
  readonly answer: (query: URLSearchParams, at: number) => Answer
  readonly rest?: string
  /** Rows that are in the table afterwards. */
  readonly rows: number
  readonly code?: string
  /** That rows may be twins; where absent, it is not looked at. */
  readonly warned?: boolean
}

const cases: readonly Case[] = [
  {
    name: 'a scroll whose cursor never changes goes on while its rows do, and ends with an empty page',
    paginator: cursor,
    answer: (_, at) => ({ body: { data: at < 3 ? rowsOf(at * 5 + 1, at * 5 + 5) : [], next: 'scroll' } }),
    rows: 15,
  },
  {
    name: 'an empty page that names its own cursor is the end',
    paginator: cursor,
    answer: (query) => ({ body: { data: query.has('cursor') ? [] : rowsOf(1, 5), next: 'c' } }),
    rows: 5,
  },
  {
    name: 'a circle of pages whose rows repeat is a fault',
    paginator: cursor,
    answer: (query) => {
      const at = Number(query.get('cursor') ?? 1)
      return { body: { data: rowsOf(at * 5 - 4, at * 5), next: at === 3 ? 2 : at + 1 } }
    },
    rows: 15,
    code: 'PAGE_REPEATED',
  },
  {
    name: 'two pages of rows that nothing tells apart are two pages',
    paginator: numbered,
    answer: (query) => ({ body: { data: Number(query.get('page')) < 3 ? same : [] } }),
    rows: 10,
  },
  {
    name: 'many pages of rows that nothing tells apart are many pages, where another page ends them',
    paginator: numbered,
    answer: (query) => ({
      body: { data: Number(query.get('page')) < 8 ? same : [{ level: 'end' }, { level: 'end' }] },
    }),
    rest: 'stop: { short_page: 5 }',
    rows: 37,
    warned: true,
  },
  {
    name: 'many pages of rows that nothing tells apart are as many as the total counts',
    paginator: '{ type: page_number, total: $.total, size: 5 }',
    answer: () => ({ body: { data: same, total: 150 } }),
    rows: 150,
    warned: true,
  },
  {
    name: 'many pages of rows that nothing tells apart are pages as long as the provider names new places',
    paginator: cursor,
    answer: (_, at) => ({ body: { data: same, next: at < 29 ? `c${at}` : null } }),
    rows: 150,
    warned: true,
  },
  {
    name: 'a page of rows that nothing tells apart does not come for ever',
    paginator: numbered,
    answer: () => ({ body: { data: same } }),
    rows: 5,
    code: 'PAGE_REPEATED',
  },
  {
    name: 'a page that comes three times shows that the paging parameter is ignored',
    paginator: numbered,
    answer: () => ({ body: { data: rowsOf(1, 5) } }),
    rows: 5,
    code: 'PAGE_REPEATED',
  },
  {
    name: 'a last page of rows that can be told apart and came before is a fault, though the total is reached',
    paginator: '{ type: page_number, total: $.total, size: 5 }',
    answer: () => ({ body: { data: rowsOf(1, 5), total: 10 } }),
    rows: 5,
    code: 'PAGE_REPEATED',
  },
  {
    name: 'rows with a primary key that come twice are a fault at once',
    paginator: numbered,
    answer: (query) => ({ body: { data: Number(query.get('page')) < 3 ? rowsOf(1, 5) : [] } }),
    rest: 'primary_key: [id]',
    rows: 5,
    code: 'PAGE_REPEATED',
  },
]

suite('a page that came before', () => {
  for (const { name, paginator, answer, rest = '', rows, code, warned } of cases)
    test(name, async () => {
      await using provider = await startAnswering(answer)
      using harness = createHarness(provider.url)
      harness.connector = `streams:
  - { name: rows, path: /rows, rows: "$.data[*]", paginator: ${paginator}, ${rest} }
`
      const { first } = await harness.run()
      assert.equal(first.error?.code, code, first.error?.message)
      if (warned) assert.ok(first.warnings.some(({ code: found }) => found === 'ROWS_MAY_REPEAT'))
      const [counted] = await harness.query('SELECT count(*) AS n FROM api.rows')
      assert.equal(Number(counted?.['n']), rows)
    })
})
