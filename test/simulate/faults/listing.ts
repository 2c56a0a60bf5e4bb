import { type Ask, type FaultCase, reply } from './case.ts'
import { byPage, incremental, labels, merge, newestFirst, row, rows, sends, since, slice, tracked } from './rows.ts'

const keyedAppend = { write: 'append', primary_key: ['id'] }

const spoiled: readonly (readonly [name: string, answer: unknown])[] = [
  ['an error object', { error: { message: 'try later' } }],
  ['errors beside data: null', { errors: [{ message: 'no' }], data: null }],
  ['success: false', { success: false }],
  ['an empty object', {}],
  ['null', reply('null')],
  ['204', reply('', 204)],
  ['no rows beside a total', { data: [], total: 8 }],
  ['no rows beside has_more', { data: [], has_more: true }],
]

/** Newest first, so that a listing that ends early moves the cursor past what was not read. */
const lostPages = spoiled.map(([name, spoil]): FaultCase => ({
  name: `page 2 is ${name}`,
  stream: { ...tracked, incremental: { ...incremental, order: 'desc' } },
  runs: [{}, {}],
  answer: (ask) => {
    const page = slice(newestFirst(since(rows(8), ask)), ask.page)
    const counts = name.endsWith('total') ? { total: since(rows(8), ask).length } : {}
    return ask.run === 0 && ask.page === 2 ? spoil : { data: page, ...counts }
  },
  want: labels(8),
}))

const cutShort = spoiled.flatMap(([name, spoil]): readonly FaultCase[] =>
  [1, 2].flatMap((at) =>
    (
      [
        ['replaces a table', { write: 'replace', paginator: byPage }],
        [
          'deletes what it lacks',
          { ...merge, paginator: byPage, deletes: { absent: true, mode: 'hard', max_share: 1 } },
        ],
      ] as const
    ).map(([deed, stream]) => ({
      name: `page ${at} of a listing that ${deed} is ${name}`,
      stream,
      runs: [{}, {}],
      answer: ({ run, page }) => (run === 1 && page === at ? spoil : { data: slice(rows(8), page) }),
      want: labels(8),
      must: 'table' as const,
    })),
  ),
)

const token = (ask: Pick<Ask, 'param'>): number => Number(ask.param('cursor') || 1)

const nextBy = {
  next_cursor: { type: 'cursor', path: '$.next_cursor', param: 'cursor' },
  next: { type: 'link_body', path: '$.next' },
  header: { type: 'link_header' },
} as const

const misspelt = (
  [
    ['a cursor', { type: 'cursor', path: '$.next_curser', param: 'cursor' }, 'next_cursor'],
    ['a cursor in the rows', { type: 'cursor', path: '$.data[-1].uid', param: 'cursor' }, 'next_cursor'],
    ['a link', { type: 'link_body', path: '$.links.next' }, 'next'],
    ['a relation of the Link header', { type: 'link_header', rel: 'following' }, 'header'],
  ] as const
).map(([name, paginator, place]): FaultCase => ({
  name: `${name} is misspelt`,
  stream: { ...tracked, paginator, incremental: { ...incremental, order: 'desc' } },
  runs: [{}, { stream: { paginator: nextBy[place] } }],
  answer: (ask) => {
    const page = slice(newestFirst(since(rows(8), ask)), token(ask))
    const link = `http://api.invalid/rows?cursor=${token(ask) + 1}&since=${ask.param('since')}`
    const more = slice(newestFirst(since(rows(8), ask)), token(ask) + 1).length > 0
    if (place === 'header')
      return reply(JSON.stringify({ data: page }), 200, more ? { link: `<${link}>; rel="next"` } : {})
    const next = place === 'next' ? link : String(token(ask) + 1)
    return { data: page, [place]: more ? next : null }
  },
  want: labels(8),
}))

const numbered: FaultCase[] = [
  {
    name: 'max_pages ends a listing that is newest first',
    stream: { ...tracked, max_pages: 1, incremental: { ...incremental, order: 'desc' } },
    runs: [{}, {}],
    answer: (ask) => ({ data: slice(newestFirst(since(rows(8), ask)), ask.page) }),
    want: labels(8),
  },
  {
    name: 'max_pages ends a listing without an order',
    stream: { ...tracked, max_pages: 1 },
    runs: [{}, {}],
    answer: (ask) => ({ data: slice(newestFirst(since(rows(8), ask)), ask.page) }),
    want: labels(8),
  },
  {
    name: 'a filter in rows makes pages look short',
    stream: { ...merge, rows: '$.data[?@.kind=="a"]', paginator: { type: 'offset', limit: 2, total: '$.total' } },
    answer: ({ param }) => ({
      data: rows(8)
        .map((one) => ({ ...one, kind: one.id === 7 || one.id === 2 ? 'a' : 'b' }))
        .slice(Number(param('offset')), Number(param('offset')) + 2),
      total: 8,
    }),
    want: ['r2', 'r7'],
    must: 'complete',
  },
  {
    name: 'rows are nested in the items of a page',
    stream: { ...merge, rows: '$.data[*].items[*]', paginator: { type: 'offset', limit: 2 } },
    answer: ({ param }) => ({
      data: [[1, 2, 3], [4, 5], [6]]
        .map((ids) => ({ items: ids.map((id) => row(id)) }))
        .slice(Number(param('offset')), Number(param('offset')) + 2),
    }),
    want: labels(6),
    must: 'complete',
  },
  {
    name: 'a listing that replaces a table is empty',
    stream: { write: 'replace', paginator: byPage },
    runs: [{}, {}],
    answer: ({ run, page }) => ({ data: run === 1 ? [] : slice(rows(8), page) }),
    want: labels(8),
    must: 'table',
  },
  {
    name: 'an answer says that the data is not ready',
    stream: { write: 'append', rows: undefined },
    answer: () => reply('{"status":"processing"}', 202),
    want: [],
    must: 'table',
  },
  {
    name: 'the total falls between two pages',
    stream: { ...merge, paginator: { type: 'offset', limit: 2, total: '$.total' } },
    runs: [{}],
    answer: ({ param, request }) => {
      const all = request === 0 ? rows(10) : rows(10).slice(1)
      const offset = Number(param('offset'))
      return { data: all.slice(offset, offset + 2), total: all.length }
    },
    want: labels(10),
  },
  {
    name: 'the total falls between two pages of a listing that deletes what it lacks',
    stream: {
      ...merge,
      paginator: { type: 'offset', limit: 2, total: '$.total' },
      deletes: { absent: true, mode: 'hard', max_share: 1 },
    },
    runs: [{}, {}],
    answer: ({ param, request, run }) => {
      const all = request === 0 || run === 0 ? rows(10) : rows(10).slice(1)
      const offset = Number(param('offset'))
      return { data: all.slice(offset, offset + 2), total: all.length }
    },
    sql: 'SELECT label FROM $SCHEMA.rows WHERE id > 1',
    want: labels(10).slice(1),
    must: 'table',
  },
  {
    name: 'a listing that deletes what it lacks is read in two parts',
    stream: { ...merge, paginator: byPage, deletes: { absent: true, mode: 'hard', max_share: 1 } },
    runs: [{}, { request: { limit: 2 } }, {}],
    answer: ({ page, run }) => ({ data: slice(run === 2 && page > 1 ? rows(8).slice(1) : rows(8), page) }),
    want: labels(8),
    must: 'table',
  },
  {
    name: 'a row is inserted in front of the pages',
    stream: { write: 'append', paginator: byPage, params: sends, incremental: { ...incremental, order: 'desc' } },
    runs: [{}, {}],
    answer: (ask) => ({
      data: slice(newestFirst(since(rows(ask.run + ask.request === 0 ? 7 : 8), ask)), ask.page),
    }),
    want: labels(8),
  },
  {
    name: 'a row is inserted in front of the pages of a listing that is cut',
    stream: { write: 'append', paginator: byPage, params: sends, incremental: { ...incremental, order: 'desc' } },
    runs: [{ request: { limit: 2 } }, {}, {}],
    answer: (ask) => ({ data: slice(newestFirst(since(rows(ask.run === 0 ? 7 : 8), ask)), ask.page) }),
    want: labels(8),
  },
  {
    name: 'more rows are inserted in front of the pages of a listing that is cut than a page has',
    stream: { ...keyedAppend, paginator: byPage, params: sends, incremental: { ...incremental, order: 'desc' } },
    runs: [{ request: { limit: 3 } }, {}, {}],
    answer: (ask) => ({ data: slice(newestFirst(since(rows(ask.run === 0 ? 5 : 7), ask)), ask.page, 1) }),
    want: labels(7),
    must: 'table',
  },
  {
    name: 'a row is inserted in front of pages that links lead to',
    stream: { ...keyedAppend, paginator: { type: 'link_body', path: '$.next' }, incremental },
    answer: ({ param, request, url }) => {
      const place = Number(param('cursor').slice(1) || 0)
      const all = newestFirst(rows(request === 0 ? 7 : 8))
      return {
        data: all.slice(place, place + 2),
        next: place + 2 < all.length ? `${url.origin}/rows?cursor=c${place + 2}` : null,
      }
    },
    sql: 'SELECT label FROM $SCHEMA.rows WHERE id < 8',
    want: labels(7),
    must: 'table',
  },
  {
    name: 'a row without a key is inserted in front of pages that links lead to',
    stream: { write: 'append', paginator: { type: 'link_body', path: '$.next' }, incremental },
    answer: ({ param, request, url }) => {
      const place = Number(param('cursor').slice(1) || 0)
      const all = newestFirst(rows(request === 0 ? 7 : 8))
      return {
        data: all.slice(place, place + 2),
        next: place + 2 < all.length ? `${url.origin}/rows?cursor=c${place + 2}` : null,
      }
    },
    sql: 'SELECT label FROM $SCHEMA.rows WHERE id < 8',
    want: labels(7),
  },
]

export const listingFaults: readonly FaultCase[] = [...lostPages, ...cutShort, ...misspelt, ...numbered]
