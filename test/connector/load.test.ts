import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeMode } from '../../src/connector/write-mode.ts'
import { example } from './example.ts'
import { firstStream, load, onlyProblem, places, problemsOf, withStreams } from './support.ts'

test('a connector file loads, with its defaults merged into each stream', () => {
  const { streams, auth, retry, file } = load(example)
  assert.deepEqual(
    streams.map(({ params }) => params),
    [{ per_page: 400, updated_since: '{{ cursor }}' }, { per_page: 400 }],
  )
  assert.deepEqual(
    streams.map(({ paginator }) => paginator.type),
    ['page_number', 'page_number'],
  )
  assert.equal(streams[0]?.incremental?.lookback, 3_600_000)
  assert.equal(auth[0]?.type, 'oauth2_client_credentials')
  assert.equal(retry.attempts, 5)
  assert.equal(file, 'acme.yaml')
})

test('a key of a stream stands above the same key of defaults, params and headers by name', () => {
  const defaults =
    'defaults: { params: { a: 1, b: 2 }, headers: { X-A: one, X-B: two }, errors: [{ status: 404, then: ignore }] }\n'
  const stream = firstStream(
    load(withStreams('  - { name: s, params: { b: 3 }, headers: { x-b: three }, errors: [] }\n', defaults)),
  )
  assert.deepEqual(stream.params, { a: 1, b: 3 })
  assert.deepEqual(stream.headers, { 'X-A': 'one', 'x-b': 'three' })
  assert.deepEqual(stream.errors, [])
})

test('a stream that does not say where it lies is below base_url by its name', () => {
  const pathOf = (rest: string) => firstStream(load(withStreams(`  - { name: orders${rest} }\n`))).path
  assert.equal(pathOf(''), '/orders')
  assert.equal(pathOf(', path: ""'), '')
  assert.equal(pathOf(', path: /'), '/')
  assert.equal(pathOf(', url: https://api.acme.example/v1/x'), undefined)
})

test('JSON is read as well, and a $schema key is left to the editor', () => {
  const text = JSON.stringify(
    {
      $schema: './connector.schema.json',
      name: 'a',
      base_url: 'https://a.example',
      streams: [{ name: 's', path: '/😀' }],
    },
    null,
    '\t',
  )
  assert.equal(firstStream(load(text)).path, '/😀')
  assert.match(onlyProblem(text.replace('"path"', '"pth"')), /^8:4 streams\[0\]\.pth: .*did you mean path\?/)
})

test('all problems of a file are told at once, each with its line and column, in the order of the file', () => {
  const text = `name: Acme
base_url: api.acme.example
auth: { type: oauth }
rate_limits: 3
streams:
  - name: orders
    pth: /orders
    rows: $.data[
    write: merge
    incremental: { cursor: at, lookback: P1M }
    max_pages: many
  - name: Orders
    primary_key: id
    parent: { stream: order, include: {} }
    path: /x/{{ parent.id }}/{{ curser }}
`
  assert.deepEqual(places(text), [
    '1:7 name',
    '2:11 base_url',
    '3:15 auth.type',
    '4:1 rate_limits',
    '7:5 streams[0].pth',
    '8:18 streams[0].rows',
    '9:12 streams[0].write',
    '10:42 streams[0].incremental.lookback',
    '11:16 streams[0].max_pages',
    '12:11 streams[1].name',
    '13:18 streams[1].primary_key',
    '14:23 streams[1].parent.stream',
    '15:14 streams[1].path',
    '15:33 streams[1].path',
  ])
})

test('an unknown key is answered with the known ones and the nearest', () => {
  assert.match(
    onlyProblem(withStreams('  - { name: s, primry_key: [id] }\n')),
    /^4:16 streams\[0\]\.primry_key: unknown key \(did you mean primary_key\?\): expected one of table, /,
  )
  assert.equal(
    onlyProblem(
      withStreams('  - { name: s, paginator: { type: cursor, path: $.next, param: after, hasMore: $.more } }\n'),
    ),
    '4:71 streams[0].paginator.hasMore: unknown key (did you mean has_more?): expected one of header, body or has_more',
  )
})

test('a path to the next page that leads into the rows is refused, except to the last of them', () => {
  const paged = (path: string): string =>
    `  - { name: s, rows: "$.data[*]", paginator: { type: cursor, path: "${path}", param: after } }\n`
  for (const path of ['$.data[0].id', '$.data[*].id'])
    assert.match(
      onlyProblem(withStreams(paged(path))),
      /^4:\d+ streams\[0\]\.paginator\.path: it leads into the rows.*keyset/,
    )
  assert.equal(load(withStreams(paged('$.data[-1].id'))).streams.length, 1)
})

test('a key that stands one level too deep is sent to where it belongs', () => {
  assert.match(
    onlyProblem(withStreams('  - { name: s, paginator: { type: auto, max_pages: 3 } }\n')),
    /it belongs further out, into the stream itself$/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, timeout: PT1M }\n')),
    /it belongs further out, at the top of the file$/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s }\n', 'defaults: { path: /x }\n')),
    /^3:13 defaults\.path: unknown key.*it belongs into each stream$/,
  )
})

test('an unknown type is answered with the known ones and the nearest', () => {
  const auth = onlyProblem(withStreams('  - { name: s }\n', 'auth: [{ type: none }, { type: oauth2 }]\n'))
  assert.match(
    auth,
    /^3:32 auth\[1\]\.type: unknown word \(did you mean oauth2_client_credentials\?\): expected one of none, /,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, paginator: { type: page } }\n')),
    /^4:35 streams\[0\]\.paginator\.type: .*did you mean page_number\?/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, paginator: {} }\n')),
    /paginator\.type: this key is missing: expected one of none, page_number/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, paginator: auto }\n')),
    /streams\[0\]\.paginator: expected keys and values, found text/,
  )
})

test('a value of the wrong type is answered with what was expected and found', () => {
  assert.equal(
    onlyProblem(withStreams('  - { name: s, path: 3 }\n')),
    '4:22 streams[0].path: expected text, found a number: put it in quotes',
  )
  assert.equal(
    onlyProblem(withStreams('  - { name: s, primary_key: id }\n')),
    '4:29 streams[0].primary_key: expected a list, found text: put it in [ ]',
  )
  assert.equal(
    onlyProblem(withStreams('  - { name: s, max_pages: 0 }\n')),
    '4:27 streams[0].max_pages: expected a number of at least 1',
  )
  assert.equal(
    onlyProblem(withStreams('  - { name: s, params: { a: { b: 1 } } }\n')),
    '4:29 streams[0].params.a: expected text, a number, a boolean, a list or nothing, found keys and values',
  )
  assert.equal(onlyProblem('name: a\nbase_url: https://a.example\nstreams: []\n').split(': ')[0], '3:10 streams')
  assert.deepEqual(places('auth: { type: none }\n'), ['1:1 name', '1:1 base_url', '1:1 streams'])
})

test('a problem of defaults is told once, where defaults stand, however many streams share it', () => {
  const head = 'defaults: { params: { since: "{{ cursor }}" }, paginator: { type: page_nmber } }\n'
  const streams = '  - { name: a, incremental: { cursor: at } }\n  - { name: b }\n'
  assert.deepEqual(places(withStreams(streams, head)), ['3:31 defaults.params.since', '3:67 defaults.paginator.type'])
})

test('streams whose names differ by case only, or that share a table, are refused', () => {
  assert.match(
    onlyProblem(withStreams('  - { name: orders }\n  - { name: Orders }\n')),
    /^5:13 streams\[1\]\.name: .*differ by more than case/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: a, table: T }\n  - { name: t }\n')),
    /^5:13 streams\[1\]\.name: a stream with this table/,
  )
  assert.match(onlyProblem(withStreams('  - { name: a, table: _headrace_runs }\n')), /bookkeeping/)
})

test('unknown and cyclic parents are refused', () => {
  const parent = (name: string, of: string) =>
    `  - { name: ${name}, path: "/{{ parent.x }}", parent: { stream: ${of}, include: { x: x } } }\n`
  assert.match(
    onlyProblem(withStreams(`  - { name: orders }\n${parent('events', 'oders')}`)),
    /unknown stream: expected orders \(did you mean orders\?\)$/,
  )
  assert.match(onlyProblem(withStreams(parent('a', 'a'))), /its own parent: a -> a$/)
  assert.deepEqual(
    problemsOf(
      withStreams(`  - { name: z }\n${parent('a', 'b')}${parent('b', 'c')}${parent('c', 'a')}${parent('d', 'a')}`),
    ).map(({ message }) => message),
    [
      'the stream is its own parent: a -> b -> c -> a',
      'the stream is its own parent: b -> c -> a -> b',
      'the stream is its own parent: c -> a -> b -> c',
    ],
  )
})

test('a stream that asks the same for each of its parents or partitions is refused, and one that has no slices to tell apart', () => {
  const parent = 'parent: { stream: p, include: { a: a } }'
  assert.match(
    onlyProblem(withStreams(`  - { name: p }\n  - { name: s, path: /s, ${parent} }\n`)),
    /^5:\d+ streams\[1\]\.parent: the request is the same for every row/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, path: /s, partitions: { a: [1, 2] } }\n')),
    /^4:\d+ streams\[0\]\.partitions: the request is the same for every partition/,
  )
  for (const use of [
    'path: "/{{ parent.a }}"',
    'headers: { x-a: "{{ parent.a }}" }',
    'method: POST, body: { a: ["{{ parent.a }}"] }',
  ])
    load(withStreams(`  - { name: p }\n  - { name: s, ${parent}, ${use} }\n`))
  load(withStreams('  - { name: s, path: /s, partitions: { a: [1, 2] } }\n', 'params: { a: "{{ partition.a }}" }\n'))
  assert.match(onlyProblem(withStreams('  - { name: s, incremental: { cursor: at, per: slice } }\n')), /has no slices/)
  assert.match(onlyProblem(withStreams('  - { name: s, selected: false }\n')), /no stream is stored/)
})

test('children of changed parents alone want a parent that says what has changed, and a table that keeps the others', () => {
  const file = (parent: string, child: string) =>
    withStreams(
      `  - { name: p${parent} }\n  - { name: s, path: "/{{ parent.a }}", parent: { stream: p, include: { a: a }, changed_only: true }${child} }\n`,
    )
  const changes = ', incremental: { cursor: at }'
  const key = ', primary_key: [id]'
  load(file(changes, key))
  load(file(changes, changes))
  for (const [parent, child, problem] of [
    ['', key, 'nothing tells which rows of p have changed'],
    [`${changes}, path: "/{{ partition.x }}", partitions: { x: [1] }`, key, 'p is read in slices itself'],
    [changes, `${key}, write: replace`, 'write: replace would drop the children'],
    [changes, '', 'append would store twice'],
    [changes, `${key}, paginator: { type: none }, deletes: { absent: true }`, 'would delete the children'],
  ] as const)
    assert.match(
      problemsOf(file(parent, child))
        .map(({ line, key, message }) => `${line} ${key}: ${message}`)
        .join('\n'),
      new RegExp(`^5 streams\\[1\\]\\.parent\\.changed_only: .*${problem}`, 'm'),
    )
})

test('merge and insert_only want a key; without write a key means merge', () => {
  for (const write of ['merge', 'insert_only'])
    assert.match(
      onlyProblem(withStreams(`  - { name: s, write: ${write} }\n`)),
      /^4:23 streams\[0\]\.write: .*add primary_key/,
    )
  assert.equal(writeMode(firstStream(load(withStreams('  - { name: s, primary_key: [id] }\n')))), 'merge')
  assert.equal(writeMode(firstStream(load(withStreams('  - { name: s }\n')))), 'append')
  assert.equal(
    writeMode(firstStream(load(withStreams('  - { name: s, primary_key: [id], write: append }\n')))),
    'append',
  )
})

test('two columns of one name, and a key that is dropped, are refused', () => {
  assert.match(
    onlyProblem(withStreams('  - { name: s, columns: { a: { rename: x }, b: { rename: X } } }\n')),
    /^4:58 streams\[0\]\.columns\.b\.rename: a becomes a column of this name already$/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, columns: { x: { type: string }, b: { rename: x } } }\n')),
    /x becomes a column/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, primary_key: [id], columns: { id: { drop: true } } }\n')),
    /cannot be dropped/,
  )
  load(withStreams('  - { name: s, columns: { x: { drop: true }, b: { rename: x } } }\n'))
})

test('a listing that ends before it starts is refused', () => {
  const incremental = (start: string, end: string) =>
    withStreams(`  - { name: s, incremental: { cursor: at, start: ${start}, end: ${end} } }\n`)
  for (const [start, end] of [
    ['2024-02-01', '2024-01-31'],
    ['9', '8'],
    ['2024-01-01T00:00:00Z', '2024-01-01T00:30:00+01:00'],
  ] as const) {
    assert.match(onlyProblem(incremental(start, end)), /incremental\.start: expected start before end$/)
  }
  load(incremental('2024-01-31', '2024-02-01'))
  load(incremental('9', '10'))
})

test('a listing that could never end, or that has no place for its page, is refused', () => {
  const paginator = (text: string) => withStreams(`  - { name: s, paginator: { type: ${text} }\n`)
  assert.match(
    onlyProblem(paginator('page_number }, stop: { empty_page: false }')),
    /^4:27 streams\[0\]\.paginator: .*never end/,
  )
  assert.match(onlyProblem(paginator('offset }, stop: { empty_page: false }')), /never end/)
  load(paginator('offset }, stop: { empty_page: false }, max_pages: 3'))
  load(paginator('offset, total: $.total }, stop: { empty_page: false }'))
  assert.match(onlyProblem(paginator('cursor, path: $.next }')), /param or body/)
  assert.match(onlyProblem(paginator('cursor, param: after }')), /path or header/)
  assert.match(
    onlyProblem(paginator('page_number, in: body }')),
    /^4:52 streams\[0\]\.paginator\.in: a GET without a body/,
  )
  assert.match(onlyProblem(paginator('cursor, path: $.next, body: $.after }')), /a GET without a body/)
  assert.match(onlyProblem(paginator('cursor, path: $.next, body: "$.a[*]" }, method: POST')), /cannot be written to/)
  assert.match(
    onlyProblem(paginator('page_number, in: body }, method: POST, body: x, body_format: text')),
    /a body of text/,
  )
  load(paginator('page_number, in: body }, method: POST'))
})

test('JSONPaths and regular expressions are tried before any request', () => {
  assert.match(
    onlyProblem(withStreams('  - { name: s, rows: "$.data[" }\n')),
    /^4:30 streams\[0\]\.rows: The JSONPath .* is wrong at column 8/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, paginator: { type: link_body, path: next } }\n')),
    /^4:52 streams\[0\]\.paginator\.path: The JSONPath/,
  )
  const errors =
    '  - name: s\n    errors:\n      - { body: "$.[", then: fail }\n      - { status: 400, message: x, then: fail }\n      - { header: { name: x, matches: "(" }, then: fail }\n'
  assert.deepEqual(places(withStreams(errors)), [
    '6:20 streams[0].errors[0].body',
    '7:33 streams[0].errors[1].message',
    '8:39 streams[0].errors[2].header.matches',
  ])
})

test('a body must fit its format', () => {
  assert.match(
    onlyProblem(withStreams('  - { name: s, method: POST, body: [1], body_format: form }\n')),
    /body: expected keys and values/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, method: POST, body: { a: { b: 1 } }, body_format: form }\n')),
    /body\.a: a form has no nested values/,
  )
  assert.match(
    onlyProblem(withStreams('  - { name: s, method: POST, body: { a: 1 }, body_format: text }\n')),
    /body: expected text/,
  )
})

test('a destination must be one', () => {
  assert.match(
    onlyProblem(withStreams('  - name: s\n', 'destination: duckbd:x.duckdb\n')),
    /^3:14 destination: .*did you mean duckdb:/,
  )
})

const withCron = (cron: string) => withStreams('  - name: s\n', `schedule: { cron: "${cron}" }\n`)

for (const cron of ['0 6 * * *', '*/15 0-6,22 1-31/2 JAN-mar,12 sun,1-5', '59 23 31 12 7'])
  test(`a schedule may be ${cron}`, () => void load(withCron(cron)))

for (const [cron, field] of [
  ['60 * * * *', 'minute'],
  ['*/0 * * * *', 'minute'],
  ['0 24 * * *', 'hour'],
  ['0 6 0 * *', 'day of month'],
  ['0 6 * 13 *', 'month'],
  ['0 6 * feb-jan *', 'month'],
  ['0 6 * * mo', 'day of week'],
  ['0 6 * * 1-2-3', 'day of week'],
] as const)
  test(`a schedule may not be ${cron}`, () =>
    assert.match(onlyProblem(withCron(cron)), new RegExp(`for the ${field},`)))

test('a schedule must be understood where it is set up', () => {
  assert.deepEqual(places(withStreams('  - { name: s }\n', 'schedule: { cron: "* *", time_zone: Europe/Berln }\n')), [
    '3:19 schedule.cron',
    '3:37 schedule.time_zone',
  ])
})

test('a start or format that no cursor can have is refused at its line', () => {
  const problem = (incremental: string): string =>
    onlyProblem(withStreams(`  - { name: s, incremental: { cursor: at, ${incremental} } }\n`))
  assert.match(problem('start: 2024-13-45'), /incremental\.start: expected a time that the calendar has/)
  assert.match(problem('end: 31/02/2024, format: "%d/%m/%Y"'), /incremental\.end: expected a time/)
  assert.match(problem('format: "%d.%m."'), /incremental\.format.*year/)
  assert.match(problem('format: epoc'), /incremental\.format.*epoch/)
  assert.match(problem('format: [number, iso]'), /incremental\.format: number and text stand alone/)
  assert.match(problem('time_zone: Berlin'), /incremental\.time_zone: expected a time zone/)
  assert.match(problem('format: epoch, lookback: 10'), /incremental\.lookback: the cursor is a time/)
  assert.match(problem('format: "%d/%m/%Y", start: 02/01/2024, end: 31/12/2023'), /expected start before end/)
})

test('a column of times says how they are spelled, and no other column does', () => {
  const problems = (column: string) => places(withStreams(`  - { name: s, columns: { at: { ${column} } } }\n`))
  for (const column of [
    'type: timestamp, format: rfc2822, time_zone: Europe/Berlin',
    'type: date, format: ["%m/%d/%Y", basic]',
    'type: array<datetime>, format: epoch_us',
  ])
    load(withStreams(`  - { name: s, columns: { at: { ${column} } } }\n`))
  assert.deepEqual(problems('type: date, format: epoc'), ['4:53 streams[0].columns.at.format'])
  assert.deepEqual(problems('type: string, format: iso'), ['4:55 streams[0].columns.at.format'])
  assert.deepEqual(problems('format: "%d.%m.", type: date'), ['4:41 streams[0].columns.at.format'])
  assert.deepEqual(problems('type: date, time_zone: UTC'), ['4:56 streams[0].columns.at.time_zone'])
})
