import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type JsonValue, query } from 'jsonpath-rfc9535'
import { compilePath, memberAt, setPath, simplePath } from '../../../src/base/json/path.ts'

const simple: readonly (readonly [string, readonly string[]])[] = [
  ['$', []],
  ['$[*]', []],
  ['$.*', []],
  ['$.data', ['data']],
  ['$.data[*]', ['data']],
  ["$['a b'].c[*]", ['a b', 'c']],
  ['$["@odata.nextLink"]', ['@odata.nextLink']],
  ['$.__proto__.x', ['__proto__', 'x']],
]

test('a path of member names gives its names, with or without a final wildcard', () => {
  for (const [path, names] of simple) assert.deepEqual(simplePath(path), names, path)
})

test('a path that needs more than member names is not simple', () => {
  for (const path of ['$..a', '$.a[0]', '$.a[1:2]', '$.a[*].b', "$['a','b']", '$.a[?@.b]', '$[-1]']) {
    assert.equal(simplePath(path), undefined, path)
  }
})

test('a text that is no JSONPath is refused with the column at which it goes wrong', () => {
  for (const [path, column] of [
    ['data[*]', 1],
    ['$.a[', 5],
    ['$.a b', 5],
    ['', 1],
  ] as const) {
    assert.throws(
      () => compilePath(path),
      { code: 'CONFIG_INVALID', message: new RegExp(`at column ${column}:`) },
      path,
    )
  }
})

test('a path is compiled once', () => {
  assert.equal(compilePath('$.once[*]'), compilePath('$.once[*]'))
})

test('what an object inherits is not a member of it', () => {
  assert.deepEqual(compilePath('$.constructor')({}), [])
  assert.deepEqual(compilePath('$.__proto__')({}), [])
  assert.deepEqual(compilePath('$.length')([1]), [])
})

test('a filter goes through the library', () => {
  assert.deepEqual(compilePath('$.a[?@.b > 1].b')({ a: [{ b: 1 }, { b: 2 }] }), [2])
})

const name = fc.constantFrom('a', 'b', 'a b', "it's", 'ä', 'x"y', '\\', '__proto__', '')
const value = fc.jsonValue({ maxDepth: 3 })
const nested = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.constant(null),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(name, tie('any'), { maxKeys: 4 }),
  ),
})).any

const bracket = (text: string) => `[${JSON.stringify(text)}]`

test('a simple path finds exactly what the library finds', () => {
  const paths = fc.tuple(fc.array(name, { maxLength: 3 }), fc.boolean())
  fc.assert(
    fc.property(fc.oneof(nested, value), paths, (body, [names, each]) => {
      const path = `$${names.map(bracket).join('')}${each ? '[*]' : ''}`
      assert.deepEqual(simplePath(path), names)
      assert.deepEqual(compilePath(path)(body), query(body as JsonValue, path))
    }),
    { numRuns: 500 },
  )
})

test('setting a path keeps all else, and the value is found at it again', () => {
  const place = fc.array(name, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(fc.dictionary(name, fc.integer()), place, fc.jsonValue(), (body, names, put) => {
      fc.pre(names.length === 1 || !Object.hasOwn(body, names[0] as string))
      const path = `$${names.map(bracket).join('')}`
      const before = JSON.stringify(body)
      const after = setPath(body, path, put)
      assert.deepEqual(compilePath(path)(after), [put])
      for (const [key, old] of Object.entries(body)) if (key !== names[0]) assert.equal(memberAt(after, [key]), old)
      assert.equal(JSON.stringify(body), before)
    }),
  )
})

test('a GraphQL cursor is set beside the other variables', () => {
  const body = { query: 'query q', variables: { first: 10, after: null } }
  assert.deepEqual(setPath(body, '$.variables.after', 'c1'), {
    query: 'query q',
    variables: { first: 10, after: 'c1' },
  })
  assert.deepEqual(setPath(undefined, '$.variables.after', 'c1'), { variables: { after: 'c1' } })
  assert.deepEqual(setPath({ q: [{ page: 1 }, 2] }, '$.q[0].page', 2), { q: [{ page: 2 }, 2] })
})

test('a path that cannot be written to is refused', () => {
  for (const [body, path] of [
    [{}, '$'],
    [{}, '$..a'],
    [{}, '$.a[*]'],
    [{ a: 1 }, '$.a.b'],
    [[], '$.a'],
    [{ a: [] }, '$.a[0]'],
  ] as const) {
    assert.throws(() => setPath(body, path, 1), { code: 'CONFIG_INVALID' }, path)
  }
})
