import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findSigns } from '../../src/paginators/evidence.ts'
import { base, get } from './listing.ts'

const signs = (envelope: unknown, { rowsAt = ['data'], headers = {}, rowCount = 10, query = '' } = {}) =>
  findSigns({ request: query === '' ? base : get(query), url: base.url, headers, envelope, rowCount, rowsAt })

const told = (envelope: unknown, options = {}): readonly string[] =>
  signs(envelope, options).map((sign) => `${sign.kind} ${sign.path}${'value' in sign ? ` ${sign.value}` : ''}`)

test('what says that there is more is found at every depth, by all its usual names', () => {
  for (const [envelope, expected] of [
    [{ data: [], has_more: true }, 'more $.has_more true'],
    [{ data: [], meta: { HasMore: 'False' } }, 'more $.meta.HasMore false'],
    [{ data: [], end_of_stream: false }, 'more $.end_of_stream true'],
    [{ data: [], last: true }, 'more $.last false'],
    [{ data: [], total_items: 25 }, 'total $.total_items 25'],
    [{ data: [], hits: { total: { value: 30, relation: 'eq' } } }, 'total $.hits.total 30'],
    [{ data: [], page_details: { total_pages: '7' } }, 'pages $.page_details.total_pages 7'],
    [{ data: [], cursors: { next: 'c' } }, 'cursor $.cursors.next c'],
    [{ data: [], next_id: 17 }, 'cursor $.next_id 17'],
    [{ data: [], next: 2 }, 'cursor $.next 2'],
    [{ data: [], links: { nextPage: '/v1/items?page=2' } }, 'link $.links.nextPage /v1/items?page=2'],
    [{ data: [], paging: { next: { after: 'c' } } }, 'cursor $.paging.next.after c'],
    [{ data: [], offset: 'itr1/rec2' }, 'cursor $.offset itr1/rec2'],
    [{ data: [], a: { b: { c: { next_cursor: 'x' } } } }, 'cursor $.a.b.c.next_cursor x'],
    [
      {
        data: [],
        link: [
          { relation: 'self', url: '/a' },
          { relation: 'next', url: '/b' },
        ],
      },
      'link $.link[1] /b',
    ],
    [{ data: [], '@odata.nextLink': 'https://a.example/b' }, "link $['@odata.nextLink'] https://a.example/b"],
    [{ data: [], next_cursor: null }, 'last $.next_cursor'],
    [{ data: [], next_cursor: 0 }, 'last $.next_cursor'],
  ] as const)
    assert.deepEqual(told(envelope), [expected], JSON.stringify(envelope))
})

test('what only looks like it is left out: other links, other lists, the rows, sums, and what the request asked with', () => {
  for (const envelope of [
    { data: [], links: { self: '/a', first: '/a', prev: '/a', last: '/b' }, cursors: { before: 'a', after: 'b' } },
    { data: [], nextSyncToken: 's', next_release: '2024-05-01', next_run_at: 5 },
    { data: [], labels: { nodes: [{ id: 1 }], has_more: true, total_count: 90 } },
    { data: { id: 1, next: '/chapters/2', total_pages: 300 } },
    { data: [], amounts: { total: 250 }, invoice: { pages: 4 } },
    { data: [], count: 10, offset: '10', size: 10 },
  ])
    assert.deepEqual(told(envelope), [], JSON.stringify(envelope))
  assert.deepEqual(told({ data: [], next_token: 'abc' }, { query: 'next_token=abc' }), [])
  assert.deepEqual(told({ id: 1, next: '/chapters/2' }, { rowsAt: [] }), [])
})

test('headers count and link too', () => {
  const headers = {
    link: '<?page=2>; rel=next',
    'x-total-count': '25',
    'x-wp-totalpages': '3',
    'x-next-page': '2',
    etag: 'a',
  }
  assert.deepEqual(told([], { rowsAt: [], headers }), [
    'link header:link ?page=2',
    'total header:x-total-count 25',
    'pages header:x-wp-totalpages 3',
    'cursor header:x-next-page 2',
  ])
  assert.deepEqual(told([], { headers: { 'x-next-page': '' } }), ['last header:x-next-page'])
})

test('a count may be that of the page, so that it is no sure total', () => {
  assert.deepEqual(signs({ data: [], count: 25 }), [{ path: '$.count', kind: 'total', value: 25, sure: false }])
})
