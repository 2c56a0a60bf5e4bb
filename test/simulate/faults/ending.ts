import { type FaultCase, reply } from './case.ts'
import { byPage, labels, merge, row, rows, slice } from './rows.ts'

/** What was in doubt already, and is proved by the answer. */
const provesMore: ReadonlySet<string> = new Set(['has_more', 'total_items'])

const counted = { total_items: 25 }

/** What answers say of further pages, in ways that nothing can go on by without being told. */
const undetected = (
  [
    ['has_more', { has_more: true }],
    ['total_items', counted],
    ['cursors.next', { cursors: { next: 'abc' } }],
    ['next_id', { next_id: 11 }],
    ['links.nextPage', { links: { nextPage: 'http://api.invalid/rows?page=2' } }],
    ['page_details.total_pages', { page_details: { total_pages: 3 } }],
    ['offset', { offset: 'itr123' }],
    ['next_cursor and start_cursor', { next_cursor: 'c2', has_more: true, object: 'list' }],
    ['meta.paging.total', { meta: { paging: { total: 25 } } }],
  ] as const
).map(([name, said]): FaultCase => ({
  name: `nothing is declared, and the answer says ${name}`,
  stream: { ...merge, paginator: { type: 'auto' } },
  must: provesMore.has(name) ? 'refused' : 'doubt',
  answer: ({ url }) => (url.search === '' ? { data: rows(10), ...said } : { data: rows(25).slice(10) }),
  want: labels(25),
}))

const rest: readonly FaultCase[] = [
  {
    name: 'a single entity has a list',
    before: [{ name: 'users', path: '/users', rows: '$.data[*]', paginator: { type: 'none' } }],
    stream: {
      ...merge,
      path: '/users/{{ parent.id }}',
      rows: undefined,
      parent: { stream: 'users', include: { id: 'id' } },
    },
    answer: ({ url }) =>
      url.pathname === '/users' ? { data: [row(1)] } : { ...row(1), tags: [{ name: 'a' }, { name: 'b' }] },
    want: ['r1'],
    must: 'complete',
  },
  {
    name: 'a single entity has a member called next',
    before: [{ name: 'users', path: '/users', rows: '$.data[*]', paginator: { type: 'none' } }],
    stream: {
      ...merge,
      path: '/users/{{ parent.id }}',
      rows: undefined,
      parent: { stream: 'users', include: { id: 'id' } },
    },
    answer: ({ url }) => (url.pathname === '/users' ? { data: [row(1)] } : { ...row(1), next: '/users/2' }),
    want: ['r1'],
    must: 'complete',
  },
  {
    name: 'two pages are alike, byte for byte',
    stream: { write: 'replace', paginator: { ...byPage, total_pages: '$.pages' } },
    answer: ({ page }) => ({ data: page < 3 ? [{ label: 'same' }] : [{ label: 'last' }], pages: 3 }),
    want: ['same', 'same', 'last'],
    must: 'complete',
  },
  {
    name: 'a page of rows that all differ comes twice in the middle of a listing without a key',
    stream: { write: 'replace', paginator: byPage },
    answer: ({ page }) => ({ data: slice(rows(6), page === 2 ? 1 : page) }),
    want: labels(6),
  },
  {
    name: 'each page names the same scroll id',
    stream: { ...merge, paginator: { type: 'cursor', path: '$.scroll_param', param: 'scroll_param' } },
    answer: ({ request }) => ({ data: slice(rows(6), request + 1), scroll_param: request < 3 ? 'abc' : null }),
    want: labels(6),
    must: 'complete',
  },
  {
    name: 'the empty last page still names a cursor',
    stream: { ...merge, paginator: { type: 'cursor', path: '$.next', param: 'cursor' } },
    answer: ({ param }) => {
      const page = Number(param('cursor') || 1)
      return { data: slice(rows(6), page), next: String(Math.min(page + 1, 4)) }
    },
    want: labels(6),
    must: 'complete',
  },
  {
    name: 'a header counts the pages',
    stream: { ...merge, paginator: { ...byPage, total_pages: 'header:X-WP-TotalPages' } },
    answer: ({ page }) =>
      page > 3
        ? reply('{"error":"no such page"}', 400)
        : reply(JSON.stringify({ data: slice(rows(6), page) }), 200, { 'x-wp-totalpages': '3' }),
    want: labels(6),
    must: 'complete',
  },
  {
    name: 'a flag is named that the answers do not have',
    stream: { ...merge, paginator: { type: 'cursor', path: '$.next', param: 'cursor', has_more: '$.paging.more' } },
    answer: ({ param }) =>
      param('cursor') === '' ? { data: slice(rows(4), 1), has_more: true } : { data: slice(rows(4), 2) },
    want: labels(4),
  },
]

export const endingFaults: readonly FaultCase[] = [...undetected, ...rest]
