import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startAnswering } from './answers.ts'
import { createHarness } from './harness.ts'

/** One request for each of two users, each answered with `body`. */
async function readUsers(body: (id: string) => object, stream = 'path: "/users/{{ partition.id }}"') {
  await using provider = await startAnswering((query) => ({ body: body(query.get('id') ?? '1') }))
  using harness = createHarness(provider.url)
  harness.connector = `streams:
  - name: users
    ${stream}
    partitions: [{ id: 1 }, { id: 2 }]
    params: { id: "{{ partition.id }}" }
`
  const { first } = await harness.run()
  assert.equal(first.status, 'complete', first.error?.message)
  return first
}

suite('a single entity is one row and one page', () => {
  const entities: readonly (readonly [string, (id: string) => object, string?])[] = [
    ['with a list', (id) => ({ id, tags: [{ name: 'a' }, { name: 'b' }] })],
    ['with a list and a member called next', (id) => ({ id, name: 'x', tags: [{ a: 1 }], next: '/users/3' })],
    ['with two lists', (id) => ({ id, tags: [{ a: 1 }], roles: [{ b: 1 }] })],
    ['with an empty list', (id) => ({ id, tags: [] })],
    ['with a list under a usual name of rows', (id) => ({ id, name: 'x', items: [{ a: 1 }], total: 30 })],
    ['without an id of its own', (id) => ({ login: `u${id}`, tags: [{ a: 1 }] })],
    ['in a wrapper', (id) => ({ data: { id, tags: [{ a: 1 }, { a: 2 }] } })],
    ['with an id, at any path', (id) => ({ id, tags: [{ a: 1 }, { a: 2 }], has_more: true }), 'path: /me'],
  ]
  for (const [name, body, path] of entities)
    test(name, async () => {
      const { rows, requests, reads, warnings } = await readUsers(body, path)
      assert.deepEqual([rows, requests], [2, 2])
      assert.deepEqual(reads, { rows: '$', paginator: { type: 'none' } })
      // A path that ends in a placeholder is certain to ask for one.
      assert.equal(warnings.length, path === undefined ? 0 : 1)
    })
})

suite('a listing stays one', () => {
  const listings: readonly (readonly [string, (id: string) => object, string?])[] = [
    ['rows and paging members behind a placeholder', () => ({ data: [{ a: 1 }, { a: 2 }], next: null, total: 2 })],
    ['rows, paging members and an id', (id) => ({ id, data: [{ a: 1 }, { a: 2 }], total: 2 })],
    ['a list that is called as the stream is', (id) => ({ id, name: 'x', users: [{ a: 1 }, { a: 2 }] })],
    ['the only list, with the count of it', () => ({ total: 2, orders: [{ a: 1 }, { a: 2 }] })],
    ['an array', () => [{ a: 1 }, { a: 2 }]],
    [
      'rows under a usual name beside members of the request',
      () => ({ query: 'x', items: [{ a: 1 }, { a: 2 }] }),
      'path: /x',
    ],
  ]
  for (const [name, body, path] of listings) test(name, async () => assert.equal((await readUsers(body, path)).rows, 4))
})

suite('a single entity in XML is one row', () => {
  const bodies: readonly (readonly [what: string, body: string, rows: number, path?: string])[] = [
    ['a thing with a list', '<user><id>1</id><order><n>1</n></order><order><n>2</n></order></user>', 1],
    ['a thing in a wrapper', '<r><user id="1"><orders><o><n>1</n></o><o><n>2</n></o></orders></user></r>', 1],
    ['a thing with two lists', '<user><name>x</name><a><n>1</n></a><a/><b><n>1</n></b><b/></user>', 1],
    ['a thing with an id, at any path', '<user><id>1</id><o><n>1</n></o><o><n>2</n></o></user>', 1, '/me'],
    ['a listing with paging members', '<list><total>2</total><o><n>1</n></o><o><n>2</n></o></list>', 2],
    [
      'a list that is called as the stream is',
      '<r><id>7</id><name>x</name><users><n>1</n></users><users><n>2</n></users></r>',
      2,
    ],
    [
      'a feed',
      '<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><entry><n>1</n></entry><entry><n>2</n></entry></feed>',
      2,
    ],
  ]
  for (const [what, body, rows, path = '/users/{{ partition.id }}'] of bodies)
    test(what, async () => {
      await using provider = await startAnswering(() => ({ body, headers: { 'content-type': 'application/xml' } }))
      using harness = createHarness(provider.url)
      harness.connector = `streams:
  - { name: users, path: "${path}", format: xml, partitions: [{ id: 1 }], params: { id: "{{ partition.id }}" }, paginator: { type: none } }
`
      const { first } = await harness.run()
      assert.equal(first.status, 'complete', first.error?.message)
      assert.equal(first.rows, rows)
      assert.equal(first.warnings.length, path === '/me' ? 1 : 0)
    })
})
