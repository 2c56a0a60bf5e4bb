import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base, get, paginate, post, rowsFrom, stop, view } from './listing.ts'

const config = { type: 'cursor', path: '$.meta.next', param: 'cursor' }

test('null, an empty string, false and absence end a listing', () => {
  for (const body of [
    { meta: { next: null } },
    { meta: { next: '' } },
    { meta: { next: false } },
    { meta: {} },
    {},
    null,
    'text',
  ]) {
    assert.equal(paginate(config).next(view(base, { body })), undefined, JSON.stringify(body))
  }
})

test('a cursor may be a number, 0 and beyond 2^53 included', () => {
  for (const [next, sent] of [
    [7, '7'],
    [0, '0'],
    [9007199254740993n, '9007199254740993'],
    ['a b&c=+', 'a%20b%26c%3D%2B'],
  ] as const) {
    assert.equal(
      paginate(config).next(view(get('cursor=old&a=1'), { body: { meta: { next } } }))?.url,
      get(`cursor=${sent}&a=1`).url,
    )
  }
})

test('an empty page with a cursor goes on', () => {
  assert.equal(paginate(config).next(view(base, { body: { meta: { next: 'c' } } }))?.url, get('cursor=c').url)
})

test('a cursor that is neither text nor number is an error', () => {
  for (const next of [true, ['a'], { a: 1 }]) {
    assert.throws(() => paginate(config).next(view(base, { body: { meta: { next } } })), { code: 'RESPONSE_INVALID' })
  }
})

test('has_more decides: false ends whatever the cursor is, true without a cursor is an error', () => {
  const paginator = paginate({ ...config, has_more: '$.more' })
  assert.equal(paginator.next(view(base, { body: { more: false, meta: { next: 'c' } } })), undefined)
  assert.equal(paginator.next(view(base, { body: { more: 'false', meta: { next: 'c' } } })), undefined)
  assert.equal(paginator.next(view(base, { body: { meta: { next: 'c' } } }))?.url, get('cursor=c').url)
  assert.equal(paginator.next(view(base, { body: {} })), undefined)
  assert.throws(() => paginator.next(view(base, { body: { more: true } })), {
    code: 'RESPONSE_INVALID',
    message: /says that there is more/,
  })
})

test('a cursor from a header goes into the body of a GraphQL request beside its other variables', () => {
  const paginator = paginate({ type: 'cursor', header: 'X-Next', body: '$.variables.after' })
  const request = post({ query: 'q', variables: { first: 2 } })
  const next = paginator.next(view(request, { headers: { 'x-next': 'c1' } }))
  assert.deepEqual(JSON.parse(next?.body ?? ''), { query: 'q', variables: { first: 2, after: 'c1' } })
  assert.equal(next?.method, 'POST')
  assert.equal(paginator.next(view(request, {})), undefined)
})

test('a message about an answer holds nothing of its query', () => {
  const page = view(get('token=hidden'), { body: { meta: { next: true } } })
  assert.throws(
    () => paginate(config).next(page),
    (thrown: Error) => !thrown.message.includes('hidden'),
  )
})

test('keyset goes on after a field of the last row, dotted or not', () => {
  const keyset = (field: string) => paginate({ type: 'keyset', field, param: 'after' })
  assert.equal(keyset('id').next(view(base, { rows: rowsFrom(0, 3) }))?.url, get('after=2').url)
  assert.equal(keyset('meta.id').next(view(base, { rows: [{ meta: { id: 'x' } }] }))?.url, get('after=x').url)
  assert.equal(keyset('meta.id').next(view(base, { rows: [{ 'meta.id': 'y' }] }))?.url, get('after=y').url)
  assert.equal(keyset('id').next(view(base, {})), undefined)
})

test('keyset fails where the last row lacks its field, rather than ending', () => {
  for (const row of [{}, { id: null }, { id: '' }, { id: {} }, 3]) {
    const page = view(base, { rows: [row] })
    assert.throws(() => paginate({ type: 'keyset', field: 'id', param: 'after' }).next(page), {
      code: 'RESPONSE_INVALID',
    })
  }
})

test('keyset ends with has_more, which saves the request for an empty page', () => {
  const paginator = paginate({ type: 'keyset', field: 'id', param: 'after', has_more: '$.has_more' }, stop)
  assert.equal(paginator.next(view(base, { rows: rowsFrom(0, 3), body: { has_more: false } })), undefined)
  assert.equal(paginator.next(view(base, { rows: rowsFrom(0, 3), body: { has_more: true } }))?.url, get('after=2').url)
})
