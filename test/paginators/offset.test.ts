import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base, get, paginate, rowsFrom, stop, view } from './listing.ts'

test('the first request gets the offset, and the limit where one is given', () => {
  assert.equal(paginate({ type: 'offset', limit: 50 }).first(base).url, `${base.url}?limit=50&offset=0`)
  assert.equal(paginate({ type: 'offset', param: 'startIndex', start: 1 }).first(base).url, `${base.url}?startIndex=1`)
})

test('the offset moves on by the rows that came, so that a smaller page than was asked for skips none', () => {
  const paginator = paginate({ type: 'offset', limit: 400 })
  assert.equal(
    paginator.next(view(get('limit=400&offset=100'), { rows: rowsFrom(0, 100) }))?.url,
    get('limit=400&offset=200').url,
  )
})

test('over an empty page that does not end the listing the offset moves on by the limit', () => {
  const paginator = paginate({ type: 'offset', total: '$.total' }, { ...stop, empty_page: false })
  const empty = view(get('limit=10&offset=20'), { body: { total: 100 } })
  assert.equal(paginator.next(empty)?.url, get('limit=10&offset=30').url)
  assert.equal(paginator.next(view(get('limit=10&offset=100'), { body: { total: 100 } })), undefined)
})

test('offsets from 1 end at the total too', () => {
  const paginator = paginate({ type: 'offset', param: 'startIndex', start: 1, total: '$.totalResults' })
  const body = { totalResults: 20 }
  assert.equal(
    paginator.next(view(get('startIndex=1'), { rows: rowsFrom(0, 10), body }))?.url,
    get('startIndex=11').url,
  )
  assert.equal(paginator.next(view(get('startIndex=11'), { rows: rowsFrom(0, 10), body })), undefined)
})

test('a total below the rows of its own page is ignored', () => {
  const paginator = paginate({ type: 'offset', total: '$.total' })
  assert.equal(
    paginator.next(view(get('offset=0'), { rows: rowsFrom(0, 10), body: { total: 3 } }))?.url,
    get('offset=10').url,
  )
})

test('has_more false ends the listing', () => {
  const paginator = paginate({ type: 'offset', has_more: '$.more' })
  assert.equal(paginator.next(view(get('offset=0'), { rows: rowsFrom(0, 10), body: { more: false } })), undefined)
  assert.equal(
    paginator.next(view(get('offset=0'), { rows: rowsFrom(0, 10), body: { more: true } }))?.url,
    get('offset=10').url,
  )
})
