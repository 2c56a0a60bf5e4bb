import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sendJson, startApi } from '../cli/support.ts'
import { slicedRows, startSlicedProvider } from '../support/sliced-provider.ts'
import { createHarness } from './harness.ts'

const streams = (child: string, more = ''): string => `streams:
  - { name: parents, path: /parents, rows: "$.data[*]", paginator: { type: page_number }, write: append }
  - name: rows
    ${child}
    parent: { stream: parents, include: { p: id } }
    rows: $.data[*]
    paginator: { type: page_number }
    write: append
${more}`

const byPath = 'path: "/rows/{{ parent.p }}"'

for (const [what, id] of [
  ['half a surrogate pair', '\ud83d'],
  ['a step up', '..'],
  ['a step that stays', '.'],
  ['NUL', 'a\0b'],
  ['a line break', 'a\r\nb'],
  ['20 kB', 'x'.repeat(20_000)],
  ['an object', { a: 1 }],
  ['nothing', null],
  ['an empty text', ''],
] as const) {
  test(`a parent whose id is ${what} is left out and counted, and the others are read`, async () => {
    await using provider = await startSlicedProvider(10)
    using harness = createHarness(provider.url)
    provider.parents = [{ id: 'a' }, { id }, { id: 'b' }, { id }]
    for (const name of ['a', 'b']) provider.rows.set(name, slicedRows(name, 0, 2))
    harness.connector = streams(byPath)
    for (const rows of [4, 8]) {
      const record = await harness.run()
      const [, stream] = record.streams
      assert.equal(record.status, 'complete', JSON.stringify(stream))
      assert.match(stream?.warnings[0]?.message ?? '', /^Stream rows leaves out 2 rows of parents whose id /)
      assert.equal(stream?.warnings[0]?.code, 'SLICE_SKIPPED')
      assert.equal((await harness.query('SELECT id FROM api.rows')).length, rows)
    }
  })
}

test('an id that only looks like a step up is sent as it is', async () => {
  await using provider = await startSlicedProvider(10)
  using harness = createHarness(provider.url)
  const ids = ['%2e%2e', 'a\\b', 'a/../b', '日本 ?#']
  provider.parents = ids.map((id) => ({ id }))
  for (const id of ids) provider.rows.set(id, slicedRows(id, 0, 1))
  harness.connector = streams(byPath)
  assert.equal((await harness.run()).status, 'complete')
  assert.deepEqual([...new Set(provider.asked.map(({ slice }) => slice))], ids)
})

for (const [what, child, bad] of [
  ['a header', 'path: /rows/all\n    headers: { x-parent: "{{ parent.p }}" }', 'a\r\nx-admin: yes'],
  ['a header in Latin-1', 'path: /rows/all\n    headers: { x-parent: "{{ parent.p }}" }', '日本'],
  ['a parameter', 'path: /rows/all\n    params: { p: "{{ parent.p }}" }', { a: 1 }],
  ['a text beside others', 'path: /rows/all\n    params: { p: "id:{{ parent.p }}" }', '\udc00'],
  ['a time', 'path: /rows/all\n    params: { p: "{{ parent.p | epoch }}" }', 'no time'],
  ['a body', 'path: /rows/all\n    method: POST\n    body: { q: "id = {{ parent.p }}" }', ['a']],
] as const) {
  test(`a parent that does not fit into ${what} is left out, and the others are read`, async () => {
    await using provider = await startSlicedProvider(10)
    using harness = createHarness(provider.url)
    provider.parents = [{ id: bad }, { id: '2024-01-01' }]
    provider.rows.set('all', slicedRows('all', 0, 2))
    harness.connector = streams(child)
    const { status, streams: records } = await harness.run()
    assert.equal(status, 'complete', JSON.stringify(records))
    assert.deepEqual(
      records[1]?.warnings.map(({ code }) => code),
      ['SLICE_SKIPPED'],
    )
    assert.equal(records[1]?.rows, 2)
  })
}

test('a stream that would leave out every parent fails', async () => {
  await using provider = await startSlicedProvider(10)
  using harness = createHarness(provider.url)
  provider.parents = [{ id: '..' }, { id: { a: 1 } }]
  harness.connector = streams(byPath)
  const { streams: records } = await harness.run()
  assert.equal(records[1]?.error?.code, 'RESPONSE_INVALID')
  assert.match(records[1]?.error?.message ?? '', /2 rows of parents whose id cannot be sent/)
  assert.equal(provider.asked.length, 0)
})

for (const [what, place, bad] of [
  ['a line break in a header', 'headers: { x-since: "{{ cursor }}" }', 'z\r\nx-admin: yes'],
  ['letters beyond Latin-1 in a header', 'headers: { x-since: "{{ cursor }}" }', 'z日'],
  ['a step up', `path: '/rows/{{ cursor | default("a") }}'`, '..'],
  ['a text that is no time for a filter', 'params: { since: "{{ cursor | epoch }}" }', 'zz'],
] as const) {
  test(`a cursor of ${what} is stored and never becomes the cursor`, async () => {
    const rows: object[] = [
      { id: 1, tag: bad === '..' ? '-' : '2024-01-01' },
      { id: 2, tag: bad },
    ]
    const asked: string[] = []
    await using api = await startApi((request, response) => {
      asked.push(`${request.url} ${String(request.headers['x-since'])}`)
      sendJson(response, 200, { data: rows })
    })
    using harness = createHarness(api.url)
    harness.connector = `streams:
  - name: items
    ${place.startsWith('path') ? place : `path: /items\n    ${place}`}
    rows: $.data[*]
    paginator: { type: none }
    primary_key: [id]
    incremental: { cursor: tag, format: text }
`
    for (let run = 0; run < 2; run++) {
      const { status, first } = await harness.run()
      assert.equal(status, 'complete', JSON.stringify(first))
      assert.equal(first.cursor.to, bad === '..' ? '-' : '2024-01-01')
      assert.ok(first.warnings.some(({ code }) => code === 'CURSOR_UNREADABLE'))
      assert.equal((await harness.query('SELECT id FROM api.items')).length, 2)
    }
    assert.equal(asked.length, 2)
  })
}

for (const [what, paginator, token] of [
  ['a cursor with half a surrogate pair', '{ type: cursor, path: $.next, param: after }', 'x\ud83d'],
  ['a cursor of 20 kB', '{ type: cursor, path: $.next, param: after }', 'x'.repeat(20_000)],
  ['a link with half a surrogate pair', '{ type: link_body, path: $.next }', '/items?after=\udc00'],
  ['a link of 20 kB', '{ type: link_body, path: $.next }', `/items?after=${'x'.repeat(20_000)}`],
] as const) {
  test(`${what} fails in one sentence, and the next run goes on`, async () => {
    let next: string = token
    await using api = await startApi((request, response) => {
      const second = new URL(request.url ?? '', 'http://localhost').searchParams.get('after') === 'good'
      sendJson(response, 200, second ? { data: [{ id: 2 }] } : { data: [{ id: 1 }], next })
    })
    using harness = createHarness(api.url)
    harness.connector = `streams:\n  - { name: items, path: /items, rows: "$.data[*]", paginator: ${paginator}, write: append }\n`
    const { first } = await harness.run()
    assert.equal(first.error?.code, 'RESPONSE_INVALID')
    assert.match(first.error?.message ?? '', /next page/)
    assert.ok((first.error?.message.length ?? 0) < 1_000)
    next = paginator.includes('link') ? '/items?after=good' : 'good'
    assert.equal((await harness.run()).status, 'complete')
    assert.deepEqual(
      (await harness.query('SELECT id FROM api.items ORDER BY id')).map(({ id }) => Number(id)),
      [1, 2],
    )
  })
}

for (const [where, partitions, place] of [
  [
    /api\.yaml:8:\d+ streams\[0\]\.partitions\.p\[1\]: this value is \. or \.\./,
    '{ p: [a, ".."] }',
    'path: "/rows/{{ partition.p }}"',
  ],
  [
    /partitions\.p\[1\]: this value is \. or \.\./,
    '{ p: [a, ".."] }',
    'path: "/{{ env.ACCOUNT }}/rows/{{ partition.p }}"',
  ],
  [
    /incremental\.start: this value cannot stand in the header x-since/,
    '[{ p: a }]',
    'path: "/rows/{{ partition.p }}"\n    headers: { x-since: "{{ cursor }}" }\n    incremental: { cursor: at, format: text, start: "a\\r\\nb" }',
  ],
  [
    /partitions\[1\]\.p: this value cannot stand in the header x-p/,
    '[{ p: a }, { p: "a\\r\\nb" }]',
    'path: /rows\n    headers: { x-p: "{{ partition.p }}" }',
  ],
  [
    /partitions\.p\[0\]: this value holds half a surrogate pair/,
    '{ p: ["\\uD83D"], q: [a, b] }',
    'path: /rows\n    params: { p: "{{ partition.p }}", q: "{{ partition.q }}" }',
  ],
] as const) {
  test(`a partition that cannot be sent is refused when the file is read: ${where.source}`, async () => {
    using harness = createHarness('http://127.0.0.1:1')
    harness.connector = `streams:\n  - name: rows\n    ${place}\n    write: append\n    partitions: ${partitions}\n`
    const { error } = await harness.run().catch((thrown: Error) => ({ error: thrown }))
    assert.match(error?.message ?? '', where)
  })
}
