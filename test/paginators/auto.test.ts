import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiRequest } from '../../src/http/send.ts'
import { createAuto, type Found } from '../../src/paginators/auto.ts'
import { isEnd } from '../../src/paginators/paginator.ts'
import { type Answer, auto, base, get, post, rowsFrom, view } from './listing.ts'

const rows = rowsFrom(0, 10)

const neverMade = (): never => assert.fail('nothing was to be found')

/** What is found on the first page of a listing, and what it leads to. */
function look(request: ApiRequest, answer: Answer) {
  const { paginator, found } = auto()
  const next = paginator.next(view(request, { rows, ...answer }))
  return {
    type: found[0]?.config.type,
    url: next?.url,
    body: next?.body,
    times: found.length,
  }
}

const shapes: readonly (readonly [name: string, request: ApiRequest, answer: Answer, type: string, query: string])[] = [
  [
    'GitHub',
    get('per_page=10'),
    { body: [], headers: { link: '<?per_page=10&page=2>; rel="next"' } },
    'link_header',
    'per_page=10&page=2',
  ],
  [
    'Django REST',
    base,
    { body: { count: 30, next: 'https://api.example.com/v1/items?page=2', previous: null } },
    'link_body',
    'page=2',
  ],
  [
    'JSON:API',
    base,
    { body: { data: [], links: { next: '/v1/items?page[cursor]=x' } } },
    'link_body',
    'page[cursor]=x',
  ],
  ['JSON:API with an object', base, { body: { links: { next: { href: '?page=2' } } } }, 'link_body', 'page=2'],
  ['HAL', base, { body: { _links: { next: { href: '/v1/items?page=2' } } } }, 'link_body', 'page=2'],
  [
    'OData',
    base,
    { body: { '@odata.nextLink': 'https://api.example.com/v1/items?$skiptoken=x' } },
    'link_body',
    '$skiptoken=x',
  ],
  [
    'Facebook',
    base,
    { body: { paging: { cursors: { after: 'c' }, next: 'https://api.example.com/v1/items?after=c' } } },
    'link_body',
    'after=c',
  ],
  [
    'FHIR',
    base,
    {
      body: {
        link: [
          { relation: 'self', url: '/v1/items' },
          { relation: 'next', url: '/v1/items?p=2' },
        ],
      },
    },
    'link_body',
    'p=2',
  ],
  [
    'Asana',
    base,
    { body: { next_page: { offset: 'o', path: '/x', uri: 'https://api.example.com/v1/items?offset=o' } } },
    'link_body',
    'offset=o',
  ],
  [
    'HubSpot',
    get('limit=10'),
    { body: { paging: { next: { after: '10', link: 'https://elsewhere.example.com/' } } } },
    'cursor',
    'limit=10&after=10',
  ],
  [
    'Slack',
    base,
    { body: { ok: true, response_metadata: { next_cursor: 'dGVhbQ==' } } },
    'cursor',
    'cursor=dGVhbQ%3D%3D',
  ],
  ['Google', get('pageToken=a'), { body: { nextPageToken: 'b' } }, 'cursor', 'pageToken=b'],
  ['next_page_token', base, { body: { next_page_token: 't' } }, 'cursor', 'page_token=t'],
  ['continuation', base, { body: { continuation_token: 't' } }, 'cursor', 'continuation_token=t'],
  ['meta.next_cursor', base, { body: { meta: { next_cursor: 7 } } }, 'cursor', 'cursor=7'],
  ['a number of the next page', get('page=1'), { body: { page: 1, next_page: 2, total_pages: 3 } }, 'cursor', 'page=2'],
  ['Stripe', get('limit=10'), { body: { object: 'list', has_more: true } }, 'keyset', 'limit=10&starting_after=9'],
  ['OpenAI', base, { body: { object: 'list', has_more: true, last_id: 'x9' } }, 'cursor', 'after=x9'],
  ['Anthropic', base, { body: { has_more: true, first_id: 'x0', last_id: 'x9' } }, 'cursor', 'after_id=x9'],
  ['total pages', get('page=1&per_page=10'), { body: { total_pages: 3 } }, 'page_number', 'page=2&per_page=10'],
  [
    'total pages in meta, no page sent',
    base,
    { body: { meta: { current_page: 1, total_pages: 3 } } },
    'page_number',
    'page=2',
  ],
  ['Spring', base, { body: { number: 0, totalPages: 2, size: 10, last: false } }, 'page_number', 'page=1'],
  ['Algolia', base, { body: { page: 0, nbPages: 2, nbHits: 20, hitsPerPage: 10 } }, 'page_number', 'page=1'],
  [
    'Stack Exchange',
    get('page=1&pagesize=10'),
    { body: { has_more: true, quota_max: 300 } },
    'page_number',
    'page=2&pagesize=10',
  ],
  ['page and total', get('page=1&limit=10'), { body: { total: 30 } }, 'page_number', 'page=2&limit=10'],
  ['offset and total', get('offset=0&limit=10'), { body: { total: 30 } }, 'offset', 'offset=10&limit=10'],
  ['Jira', base, { body: { startAt: 0, maxResults: 10, total: 30 } }, 'offset', 'startAt=10'],
  ['skip and limit told', base, { body: { total: 30, skip: 0, limit: 10 } }, 'offset', 'skip=10'],
]

test('common shapes of paging are found by themselves, and told once', () => {
  for (const [name, request, answer, type, query] of shapes) {
    const found = look(request, answer)
    assert.deepEqual([found.type, found.url, found.times], [type, new URL(`?${query}`, base.url).href, 1], name)
  }
})

test('a cursor of a request with a JSON body goes into the body', () => {
  const found = look(post({ filter: 1 }), { body: { next_cursor: 'c' } })
  assert.deepEqual(JSON.parse(found.body ?? ''), { filter: 1, cursor: 'c' })
})

test('a GraphQL connection is paged by the variable that its query gives to after', () => {
  const query =
    'query ($n: Int!, $from: String) { shop { orders(first: $n, after: $from) { nodes { id } pageInfo { hasNextPage endCursor } } } }'
  const answer = (hasNextPage: boolean) => ({
    body: { data: { shop: { orders: { nodes: [], pageInfo: { hasNextPage, endCursor: 'c' } } } } },
  })
  const found = look(post({ query, variables: { n: 10 } }), answer(true))
  assert.deepEqual(JSON.parse(found.body ?? ''), { query, variables: { n: 10, from: 'c' } })
  assert.equal(look(post({ query, variables: { n: 10 } }), answer(false)).url, undefined)
})

test('last pages lead nowhere', () => {
  const lasts: readonly (readonly [string, ApiRequest, Answer])[] = [
    ['GitHub', get('per_page=10&page=3'), { body: [], headers: { link: '<?page=2>; rel="prev"' } }],
    ['Django REST', get('page=3'), { body: { count: 30, next: null, previous: '?page=2' } }],
    ['Facebook', get('after=b'), { body: { paging: { cursors: { before: 'a', after: 'c' }, previous: '/x' } } }],
    ['Slack', get('cursor=a'), { body: { ok: true, has_more: false, response_metadata: { next_cursor: '' } } }],
    ['a cursor that is still named', get('cursor=a'), { body: { has_more: false, next_cursor: 'b' } }],
    ['a cursor that is repeated', get('cursor=a'), { body: { cursor: 'a', total: 30 } }],
    ['Stripe', get('starting_after=a&limit=10'), { body: { object: 'list', has_more: false } }],
    ['total pages', get('page=3&per_page=10'), { body: { page: 3, total_pages: 3, total: 30 } }],
    ['Spring', get('page=2'), { body: { number: 2, totalPages: 3, last: true } }],
    ['offset', get('offset=20&limit=10'), { body: { total: 30 } }],
    ['one page', base, { body: { data: [] } }],
  ]
  for (const [name, request, answer] of lasts) {
    const found = look(request, answer)
    assert.equal(found.url, undefined, name)
  }
})

const deep: readonly (readonly [name: string, request: ApiRequest, body: object, type: string, query: string])[] = [
  ['a link of another name', base, { links: { nextPage: '/v1/items?page=2' } }, 'link_body', 'page=2'],
  ['a link far inside', base, { response: { paging: { nextLink: '?after=x' } } }, 'link_body', 'after=x'],
  ['Notion', base, { object: 'list', next_cursor: 'n', has_more: true }, 'cursor', 'start_cursor=n'],
  ['Airtable', base, { records: [], offset: 'itrX/recY' }, 'cursor', 'offset=itrX%2FrecY'],
  ['a cursor far inside', base, { result: { pagination: { next_cursor: 'n' } } }, 'cursor', 'cursor=n'],
  ['a token far inside', base, { meta: { page_info: { nextPageToken: 'n' } } }, 'cursor', 'pageToken=n'],
  ['pages in details', get('page=1'), { page_details: { total_pages: 3 } }, 'page_number', 'page=2'],
  [
    'a total in a summary',
    get('offset=0&limit=10'),
    { list_info: { total_items: 25 } },
    'offset',
    'offset=10&limit=10',
  ],
]

test('what leads on is found at any depth, where it is certain how it is sent back', () => {
  for (const [name, request, body, type, query] of deep) {
    const found = look(request, { body })
    assert.deepEqual([found.type, found.url], [type, new URL(`?${query}`, base.url).href], name)
  }
})

test('a body that is posted takes the cursor inside of it', () => {
  const found = look(post({}), { body: { object: 'list', next_cursor: 'n', has_more: true } })
  assert.deepEqual(JSON.parse(found.body ?? ''), { start_cursor: 'n' })
})

test('a header that numbers the next page is followed', () => {
  const found = look(base, { body: [], headers: { 'x-next-page': '2' } })
  assert.deepEqual([found.type, found.url], ['cursor', `${base.url}?page=2`])
})

test('where nothing certain leads on, lines are named that may', () => {
  const cut: readonly (readonly [body: object, line: RegExp])[] = [
    [{ total_items: 500 }, /type: offset, param: offset, limit: 10, total: \$\.total_items/],
    [{ has_more: true }, /type: page_number, param: page, has_more: \$\.has_more/],
    [{ cursors: { next: 'n' } }, /type: cursor, path: \$\.cursors\.next, param: cursor/],
    [{ next_id: 17 }, /type: cursor, path: \$\.next_id/],
    [
      { page_details: { total_pages: 3 } },
      /type: page_number, param: page, total_pages: \$\.page_details\.total_pages/,
    ],
  ]
  for (const [body, line] of cut) {
    const end = createAuto(neverMade).next(view(base, { rows, body }))
    assert.ok(isEnd(end) && end.end === 'nothing_found', JSON.stringify(body))
    assert.match(end.suggestions?.join(' or ') ?? '', line)
  }
})

test('an answer that is one object is one page, whatever its members are called', () => {
  const found: Found[] = []
  const paginator = createAuto(neverMade, (config) => found.push(config))
  const page = view(base, { rows: [{ id: 1 }], body: { id: 1, next: '/v1/items?page=2', has_more: true } })
  assert.deepEqual(paginator.next({ ...page, rowsAt: [] }), { end: 'one_request' })
  assert.deepEqual(found, [{ type: 'none' }])
})

test('a time among the parameters is not taken for an offset', () => {
  for (const query of ['from=1700000000', 'start=20240101']) {
    assert.equal(look(get(query), { body: { total: 30 } }).url, undefined)
    assert.equal(look(get(query), { body: { has_more: true } }).url, undefined)
  }
})

test('a cursor that a JSON body sent and the answer repeats ends the listing', () => {
  assert.equal(look(post({ cursor: 'a' }), { body: { cursor: 'a' } }).url, undefined)
})

test('a body that is no object leads nowhere', () => {
  for (const body of [null, undefined, 'text', 3, [1, 2]]) assert.equal(look(base, { body }).url, undefined)
})
