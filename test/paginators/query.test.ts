import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPair, writePair } from '../../src/paginators/query.ts'
import { readNumber, readParam, writeParam } from '../../src/paginators/request-param.ts'
import { base, get, post } from './listing.ts'

test('a parameter is replaced where it stands, its copies dropped, all other text kept', () => {
  assert.equal(writePair('$filter=a%20eq+1&page=1&sort=a,b&page=7', 'page', '2'), '$filter=a%20eq+1&page=2&sort=a,b')
  assert.equal(writePair('page%5Bnumber%5D=1&x', 'page[number]', '2'), 'page%5Bnumber%5D=2&x')
  assert.equal(writePair('', 'page[number]', 'a&b'), 'page%5Bnumber%5D=a%26b')
})

test('a written parameter reads the same again to every other reader of queries', () => {
  fc.assert(
    fc.property(fc.webQueryParameters(), fc.string({ minLength: 1 }), fc.string(), (query, name, value) => {
      const written = writePair(query, name, value)
      assert.equal(readPair(written, name), value)
      assert.deepEqual(new URLSearchParams(written).getAll(name), [value])
      const others = (text: string) => [...new URLSearchParams(text)].filter(([key]) => key !== name)
      assert.deepEqual(others(written), others(query))
    }),
  )
})

test('a fragment stays behind the query', () => {
  const request = { ...base, url: 'https://api.example.com/items#top' }
  assert.equal(writeParam(request, { param: 'page', in: 'query' }, 2).url, 'https://api.example.com/items?page=2#top')
})

test('a parameter in a JSON body is a member of it, integers beyond 2^53 kept exact', () => {
  const request = { ...post({}), body: '{"account":9007199254740993,"page":{"number":1}}' }
  const written = writeParam(request, { param: '$.page.number', in: 'body' }, 2)
  assert.equal(written.body, '{"account":9007199254740993,"page":{"number":2}}')
  assert.equal(
    writeParam(request, { param: 'a.b', in: 'body' }, 9007199254740995n).body,
    '{"account":9007199254740993,"page":{"number":1},"a.b":9007199254740995}',
  )
  const listed = { param: '$.queries[0].page', in: 'body' } as const
  assert.equal(readParam(writeParam(post({ queries: [{ page: 1 }] }), listed, 2), listed), 2)
  assert.equal(readParam(written, { param: '$.page.number', in: 'body' }), 2)
})

test('a parameter in a form body is a pair of it', () => {
  const request = {
    ...post({}),
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: 'a=1&page=1',
  }
  assert.equal(writeParam(request, { param: 'page', in: 'body' }, 2).body, 'a=1&page=2')
  assert.equal(writeParam(request, { param: '$.page', in: 'body' }, 2).body, 'a=1&page=2')
  assert.throws(() => writeParam(request, { param: '$.page.number', in: 'body' }, 2), { code: 'CONFIG_INVALID' })
})

test('a body that is neither JSON nor a form cannot be paged', () => {
  assert.throws(() => writeParam({ ...post({}), body: '<xml/>' }, { param: 'page', in: 'body' }, 2), {
    code: 'CONFIG_INVALID',
  })
})

test('a page parameter that is no whole number is refused', () => {
  for (const value of ['abc', '1.5', '1e400'])
    assert.throws(() => readNumber(get(`page=${value}`), { param: 'page', in: 'query' }), { code: 'CONFIG_INVALID' })
})
