import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ApiRequest } from '../../src/http/send.ts'
import type { End } from '../../src/paginators/paginator.ts'
import { judgeEnd } from '../../src/sync/listing-end.ts'
import { type Answer, base, type Follower, get, paginate, param, rowsFrom, type Serve, view, walk } from './listing.ts'

interface Size {
  readonly total: number
  readonly size: number
}

/** A provider of `total` rows, with the paginator that fits it. */
interface Provider {
  readonly name: string
  readonly config: (size: Size) => object
  readonly first?: (size: Size) => ApiRequest
  readonly serve: (size: Size) => Serve
}

const slice = ({ total }: Size, from: number, count: number) => rowsFrom(from, Math.min(count, total - from))

const byPage =
  (size: Size, body: (page: number) => unknown = () => ({})): Serve =>
  (request) => {
    const page = param(request, 'page') ?? 1
    return { body: body(page), rows: slice(size, (page - 1) * size.size, size.size) }
  }

const byOffset =
  (size: Size, most: number, body: unknown = {}): Serve =>
  (request) => ({
    body,
    rows: slice(size, param(request, 'offset') ?? 0, Math.min(param(request, 'limit') ?? most, most)),
  })

const byCursor =
  (size: Size, name: string, answer: (rows: readonly unknown[], next: number | undefined) => Answer): Serve =>
  (request) => {
    const from = param(request, name) ?? 0
    const rows = slice(size, from, size.size)
    return answer(rows, from + size.size < size.total ? from + size.size : undefined)
  }

const providers: readonly Provider[] = [
  { name: 'page number to an empty page', config: () => ({ type: 'page_number' }), serve: (size) => byPage(size) },
  {
    name: 'page number with a total of pages',
    config: () => ({ type: 'page_number', total_pages: '$.pages' }),
    serve: (size) => byPage(size, () => ({ pages: Math.ceil(size.total / size.size) })),
  },
  {
    name: 'page number with a total of rows as a string',
    config: ({ size }) => ({ type: 'page_number', total: '$.total', size }),
    serve: (size) => byPage(size, () => ({ total: String(size.total) })),
  },
  {
    name: 'page number with has_more',
    config: () => ({ type: 'page_number', has_more: '$.more' }),
    serve: (size) => byPage(size, (page) => ({ more: page * size.size < size.total })),
  },
  { name: 'offset to an empty page', config: () => ({ type: 'offset' }), serve: (size) => byOffset(size, size.size) },
  {
    name: 'offset with a limit and a total',
    config: ({ size }) => ({ type: 'offset', limit: size, total: '$.total' }),
    serve: (size) => byOffset(size, size.size, { total: size.total }),
  },
  {
    name: 'offset where the provider sends less than the limit',
    config: ({ size }) => ({ type: 'offset', limit: size + 7, total: '$.total' }),
    serve: (size) => byOffset(size, size.size, { total: size.total }),
  },
  {
    name: 'cursor',
    config: () => ({ type: 'cursor', path: '$.next', param: 'cursor' }),
    serve: (size) => byCursor(size, 'cursor', (rows, next) => ({ rows, body: { next: next ?? null } })),
  },
  {
    name: 'cursor with has_more, which always names a cursor',
    config: () => ({ type: 'cursor', path: '$.next', param: 'cursor', has_more: '$.more' }),
    serve: (size) =>
      byCursor(size, 'cursor', (rows, next) => ({ rows, body: { next: next ?? 0, more: next !== undefined } })),
  },
  {
    name: 'link in the header',
    config: () => ({ type: 'link_header' }),
    serve: (size) =>
      byCursor(size, 'from', (rows, next) => ({
        rows,
        headers: next === undefined ? {} : { link: `</v1/items?from=${next}>; rel="next"` },
      })),
  },
  {
    name: 'link in the body',
    config: () => ({ type: 'link_body', path: '$.links.next' }),
    serve: (size) =>
      byCursor(size, 'from', (rows, next) => ({
        rows,
        body: { links: { next: next === undefined ? null : `?from=${next}` } },
      })),
  },
  {
    name: 'keyset',
    config: () => ({ type: 'keyset', field: 'id', param: 'after' }),
    serve: (size) => (request) => ({ rows: slice(size, (param(request, 'after') ?? -1) + 1, size.size) }),
  },
  {
    name: 'auto: links in the header',
    config: () => ({ type: 'auto' }),
    serve: (size) =>
      byCursor(size, 'from', (rows, next) => ({
        rows,
        headers: next === undefined ? {} : { link: `<?from=${next}>; rel=next` },
      })),
  },
  {
    name: 'auto: cursor',
    config: () => ({ type: 'auto' }),
    serve: (size) =>
      byCursor(size, 'pageToken', (rows, next) => ({
        rows,
        body: next === undefined ? {} : { nextPageToken: `${next}` },
      })),
  },
  {
    name: 'auto: pages counted in the body only',
    config: () => ({ type: 'auto' }),
    serve: (size) => byPage(size, (page) => ({ page, total_pages: Math.ceil(size.total / size.size) })),
  },
  {
    name: 'auto: pages from 0 that Spring counts',
    config: () => ({ type: 'auto' }),
    serve: (size) => (request) => {
      const number = param(request, 'page') ?? 0
      return {
        body: { number, totalPages: Math.ceil(size.total / size.size) },
        rows: slice(size, number * size.size, size.size),
      }
    },
  },
  {
    name: 'auto: pages from 0 that cannot be told from pages from 1',
    config: () => ({ type: 'auto' }),
    serve: (size) => (request) => {
      const page = param(request, 'page') ?? 0
      return {
        body: { page, total_pages: Math.ceil(size.total / size.size) },
        rows: slice(size, page * size.size, size.size),
      }
    },
  },
  {
    name: 'auto: page in the request, total and size in the body',
    config: () => ({ type: 'auto' }),
    first: () => get('page=1'),
    serve: (size) => byPage(size, () => ({ total: size.total, per_page: size.size })),
  },
  {
    name: 'auto: offset told by the body',
    config: () => ({ type: 'auto' }),
    serve: (size) => (request) => {
      const startAt = param(request, 'startAt') ?? 0
      return { body: { startAt, maxResults: size.size, total: size.total }, rows: slice(size, startAt, size.size) }
    },
  },
  {
    name: "auto: Stripe's lists",
    config: () => ({ type: 'auto' }),
    serve: (size) => (request) => {
      const rows = slice(size, (param(request, 'starting_after') ?? -1) + 1, size.size)
      return { body: { object: 'list', has_more: rows.length > 0 && (rows.at(-1)?.id ?? 0) + 1 < size.total }, rows }
    },
  },
]

const sizes = fc.record({ total: fc.integer({ min: 0, max: 60 }), size: fc.integer({ min: 1, max: 25 }) })

function start({ config, first }: Provider, size: Size): { paginator: Follower; request: ApiRequest } {
  const paginator = paginate(config(size))
  return { paginator, request: paginator.first(first?.(size) ?? base) }
}

for (const provider of providers) {
  test(`${provider.name}: every row comes exactly once and the listing ends, for any total and page size`, () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const { paginator, request } = start(provider, size)
        const steps = walk(paginator, request, provider.serve(size))
        assert.deepEqual(
          steps.flatMap(({ rows }) => rows),
          rowsFrom(0, size.total),
        )
        assert.equal(new Set(steps.map((step) => JSON.stringify(step.request))).size, steps.length)
      }),
    )
  })

  test(`${provider.name}: a listing resumed at any of its requests has the same tail`, () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (size, seed) => {
        const { paginator, request } = start(provider, size)
        const steps = walk(paginator, request, provider.serve(size))
        const at = seed % steps.length
        const resumed = walk(
          start(provider, size).paginator,
          JSON.parse(JSON.stringify(steps[at]?.request)),
          provider.serve(size),
        )
        assert.deepEqual(
          resumed.map((step) => step.request),
          steps.slice(at).map((step) => step.request),
        )
      }),
    )
  })

  test(`${provider.name}: where the rest is known ahead, it is what following page after page gives`, () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const { paginator, request } = start(provider, size)
        const steps = walk(paginator, request, provider.serve(size))
        for (const [at, { page }] of steps.entries()) {
          const rest = paginator.rest?.(page)
          if (rest)
            assert.deepEqual(
              rest,
              steps.slice(at + 1).map((step) => step.request),
            )
        }
      }),
    )
  })
}

test('the rest is known ahead where a total is', () => {
  const size = { total: 50, size: 10 }
  for (const name of [
    'page number with a total of pages',
    'page number with a total of rows as a string',
    'offset with a limit and a total',
  ]) {
    const provider = providers.find((one) => one.name === name) as Provider
    const { paginator, request } = start(provider, size)
    const [step] = walk(paginator, request, provider.serve(size))
    assert.equal(step && paginator.rest?.(step.page)?.length, 4, name)
  }
})

test('no end that a provider gives is doubted where every row has come', () => {
  for (const provider of providers) {
    fc.assert(
      fc.property(sizes, (size) => {
        const { paginator, request } = start(provider, size)
        const steps = walk(paginator, request, provider.serve(size))
        const { page } = steps.at(-1) as (typeof steps)[number]
        const rows = steps.reduce((sum, step) => sum + step.rows.length, 0)
        const tally = { pages: steps.length, rows, ...(steps.length > 1 && { led: true as const }) }
        const end = paginator.end(page) as End
        const judgment = judgeEnd({ end, page, tally, declared: paginator.declared?.(page) ?? [], ignore: [] })
        assert.equal(judgment, undefined, `${provider.name} ${JSON.stringify(size)} ${judgment?.because}`)
      }),
    )
  }
})

/** What a provider may say beside its rows, as long as there are more. */
const hints: readonly ((read: number, size: Size) => object)[] = [
  () => ({ has_more: true }),
  () => ({ paging: { isLast: false } }),
  (read) => ({ cursors: { next: `c${read}` } }),
  (read) => ({ links: { next: `/v1/items?from=${read}` } }),
  (_, { total }) => ({ meta: { total_count: total } }),
  (_, { total, size }) => ({ page_details: { total_pages: Math.ceil(total / size) } }),
]

test('a listing that ends with rows unread is incomplete, whichever way the provider says that there are more', () => {
  const blind = [
    { type: 'none' },
    { type: 'cursor', path: '$.nxt', param: 'cursor' },
    { type: 'link_body', path: '$.nxt' },
    { type: 'link_header' },
  ]
  fc.assert(
    fc.property(sizes, fc.constantFrom(...blind), fc.constantFrom(...hints), (size, config, hint) => {
      fc.pre(size.total > size.size)
      const paginator = paginate(config)
      const rows = rowsFrom(0, size.size)
      const page = { ...view(base, { rows, body: { data: [], ...hint(size.size, size) } }), rowsAt: ['data'] }
      const tally = { pages: 1, rows: size.size }
      const judgment = judgeEnd({ end: paginator.end(page) as End, page, tally, declared: [], ignore: [] })
      assert.equal(judgment?.verdict, 'incomplete')
    }),
  )
})
