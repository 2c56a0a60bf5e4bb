import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRowsPath, rowsOf } from '../../src/decode/rows-path.ts'

const row = { id: 1 }

const obvious: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['a list', [row], []],
  ['an empty list', [], []],
  ['data', { data: [row], meta: { tags: [row] } }, ['data']],
  ['data beside JSON:API resources', { data: [row], included: [row], links: {} }, ['data']],
  ['data beside another list', { data: [row], events: [row] }, ['data']],
  ['empty data', { data: [], total: 0 }, ['data']],
  ['null data', { data: null }, ['data']],
  ['GeoJSON features', { type: 'FeatureCollection', features: [row] }, ['features']],
  ['items in data', { data: { items: [row], total: 1 } }, ['data', 'items']],
  ['hits in hits', { took: 1, hits: { total: { value: 1 }, hits: [row] } }, ['hits', 'hits']],
  ['the only list in _embedded', { _embedded: { orders: [row] }, _links: {} }, ['_embedded', 'orders']],
  ['OData value', { '@odata.context': 'x', value: [row] }, ['value']],
  ['the only list of objects', { orders: [row], tags: ['a'], page: 1 }, ['orders']],
  ['empty lists only', { orders: [], lines: [] }, ['orders']],
]

test('rows are found where they obviously are', () => {
  for (const [name, body, path] of obvious) assert.deepEqual(findRowsPath(body), { path }, name)
})

test('a single object without lists is the only row', () => {
  assert.deepEqual(findRowsPath({ id: 1, name: 'a', tags: ['x'] }), { path: [], single: true })
  assert.deepEqual(rowsOf({ id: 1 }, []), [{ id: 1 }])
})

test('an object that reports an error, or holds nothing, is no row', () => {
  for (const body of [
    { error: 'no' },
    { errors: [{ message: 'no' }] },
    { data: null, errors: [{ message: 'no' }] },
    {},
    'text',
    3,
    null,
  ]) {
    assert.deepEqual(findRowsPath(body), { candidates: [] }, JSON.stringify(body))
  }
})

test('between two lists that could both be the rows the candidates are named', () => {
  assert.deepEqual(findRowsPath({ orders: [row], lines: [row] }), { candidates: ['$.orders[*]', '$.lines[*]'] })
  assert.deepEqual(findRowsPath({ orders: [], lines: [row] }), { candidates: ['$.orders[*]', '$.lines[*]'] })
  assert.deepEqual(findRowsPath({ items: [], events: [row] }), { candidates: ['$.items[*]', '$.events[*]'] })
})

test('rows behind a header element or inside GraphQL edges are candidates only', () => {
  assert.deepEqual(findRowsPath([{ page: 1 }, [row]]), { candidates: ['$[1][*]'] })
  const graphql = { data: { shop: { orders: { edges: [{ cursor: 'c', node: row }], pageInfo: {} } } } }
  assert.deepEqual(findRowsPath(graphql), { candidates: ['$.data.shop.orders.edges[*].node'] })
})

test('null and absence are zero rows', () => {
  assert.deepEqual(rowsOf({ data: null }, ['data']), [])
  assert.deepEqual(rowsOf({}, ['data']), [])
  assert.deepEqual(rowsOf({ data: { items: [row] } }, ['data', 'items']), [row])
})
