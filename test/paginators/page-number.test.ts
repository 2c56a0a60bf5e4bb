import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPaginator, paginatorConfig } from '../../src/paginators/index.ts'
import { base, get, paginate, post, rowsFrom, stop, view } from './listing.ts'

test('the first request gets the page and the size where it lacks them', () => {
  const paginator = paginate({ type: 'page_number', size_param: 'perPage', size: 400 })
  assert.equal(paginator.first(base).url, `${base.url}?perPage=400&page=1`)
  assert.equal(paginator.first(get('page=3&perPage=50')).url, get('page=3&perPage=50').url)
  assert.equal(paginator.first(get('page=&a=1')).url, `${base.url}?page=1&a=1&perPage=400`)
})

test('pages in the body keep the rest of the body', () => {
  const paginator = paginate({ type: 'page_number', param: '$.page.number', start: 0, in: 'body' })
  const first = paginator.first(post({ filter: { a: 1 } }))
  assert.deepEqual(JSON.parse(first.body ?? ''), { filter: { a: 1 }, page: { number: 0 } })
  const second = paginator.next(view(first, { rows: rowsFrom(0, 1) }))
  assert.deepEqual(JSON.parse(second?.body ?? ''), { filter: { a: 1 }, page: { number: 1 } })
})

test('an empty page ends the listing, unless it is told not to', () => {
  const page = view(get('page=2'), {})
  assert.equal(paginate({ type: 'page_number' }).next(page), undefined)
  assert.equal(
    paginate({ type: 'page_number', total_pages: '$.pages' }, { ...stop, empty_page: false }).next(page)?.url,
    get('page=3').url,
  )
})

test('a short page ends the listing only where that is asked for', () => {
  const page = view(get('page=2'), { rows: rowsFrom(0, 9) })
  assert.equal(paginate({ type: 'page_number', size: 10 }).next(page)?.url, get('page=3').url)
  assert.equal(paginate({ type: 'page_number', size: 10 }, { ...stop, short_page: true }).next(page), undefined)
})

test('a total that is nonsense is ignored', () => {
  const paginator = paginate({ type: 'page_number', total_pages: '$.pages', total: '$.total', size: 10 })
  for (const nonsense of [-1, 2.5, 'many', null, true, {}, 0, 1]) {
    const page = view(get('page=2'), { rows: rowsFrom(0, 10), body: { pages: nonsense, total: nonsense } })
    assert.equal(paginator.next(page)?.url, get('page=3').url, JSON.stringify(nonsense))
    assert.equal(paginator.rest?.(page), undefined, JSON.stringify(nonsense))
  }
  const huge = view(get('page=2'), { rows: rowsFrom(0, 10), body: { pages: 10 ** 12 } })
  assert.equal(paginator.rest?.(huge), undefined)
  assert.equal(paginator.next(huge)?.url, get('page=3').url)
})

test('a provider that sends less than was asked for does not end the listing early by its total', () => {
  const paginator = paginate({ type: 'page_number', size_param: 'size', size: 400, total: '$.total' })
  const page = view(paginator.first(base), { rows: rowsFrom(0, 100), body: { total: 2500 } })
  assert.throws(() => paginator.next(page), { code: 'RESPONSE_INVALID', message: /100 rows where 400 were asked for/ })
})

test('a configuration that can never end, or that stops by an unknown size, is refused', () => {
  const endless = { empty_page: false, short_page: false }
  assert.throws(() => paginate({ type: 'page_number' }, endless), { code: 'CONFIG_INVALID' })
  assert.throws(() => paginate({ type: 'offset' }, endless), { code: 'CONFIG_INVALID' })
  assert.throws(() => paginate({ type: 'page_number' }, { empty_page: true, short_page: true }), {
    code: 'CONFIG_INVALID',
  })
  assert.doesNotThrow(() =>
    createPaginator(paginatorConfig.parse({ type: 'page_number' }), { stop: endless, maxPages: 3 }),
  )
})

test('a configuration that contradicts itself is refused with the key', () => {
  const wrong: readonly (readonly [object, string])[] = [
    [{ type: 'page_number', total: '$.total' }, 'total'],
    [{ type: 'page_number', total_pages: 'pages' }, 'total_pages'],
    [{ type: 'cursor', param: 'c' }, 'path'],
    [{ type: 'cursor', path: '$.c', header: 'x', param: 'c' }, 'path'],
    [{ type: 'cursor', path: '$.c' }, 'param'],
    [{ type: 'link_body', path: '$.a[' }, 'path'],
  ]
  for (const [config, key] of wrong) {
    assert.deepEqual(
      paginatorConfig.safeParse(config).error?.issues.map(({ path }) => path.join('.')),
      [key],
      JSON.stringify(config),
    )
  }
})
