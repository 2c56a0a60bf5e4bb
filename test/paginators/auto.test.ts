import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiRequest } from '../../src/http/send.ts'
import { type Answer, auto, base, get, post, rowsFrom, view } from './listing.ts'

const rows = rowsFrom(0, 10)

/** What is found on the first page of a listing, and what it leads to. */
function look(request: ApiRequest, answer: Answer) {
  const { paginator, found } = auto()
  const next = paginator.next(view(request, { rows, ...answer }))
  return {
    type: found[0]?.config.type,
    warning: found[0]?.warning,
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
    assert.deepEqual(
      [found.type, found.url, found.times, found.warning],
      [type, new URL(`?${query}`, base.url).href, 1, undefined],
      name,
    )
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

test('last pages lead nowhere, without a warning', () => {
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
    assert.deepEqual([found.url, found.warning], [undefined, undefined], name)
  }
})

test('a page that cannot be all there is, and leads nowhere, is warned of', () => {
  const cut: readonly (readonly [string, ApiRequest, Answer])[] = [
    ['a total above the rows', base, { body: { total: 500 } }],
    ['a total of hits', base, { body: { hits: { total: { value: 500 } } } }],
    ['has_more without a way on', base, { body: { has_more: true } }],
    ['a page as full as was asked for', get('per_page=10'), { body: [] }],
    ['a page of a usual limit', base, { body: [], rows: rowsFrom(0, 100) }],
  ]
  for (const [name, request, answer] of cut) {
    const found = look(request, answer)
    assert.equal(found.url, undefined, name)
    assert.equal(found.type, 'none', name)
    assert.match(found.warning ?? '', /declare the paginator/, name)
  }
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
