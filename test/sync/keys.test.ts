import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { createHarness, type Harness } from './harness.ts'

/** Serves pages of rows as they are written here: JSON texts, as a JavaScript number has no 9007199254740993. */
async function startPages(): Promise<
  AsyncDisposable & { readonly url: string; pages: readonly (readonly string[])[] }
> {
  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('page') ?? 1)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(`{"data": [${(provider.pages[page - 1] ?? []).join(',')}]}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const provider = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages: [] as readonly (readonly string[])[],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return provider
}

const stream = (rest: string): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest}`

async function read(harness: Harness, columns: string): Promise<string[]> {
  const names = columns.split(', ')
  const rows = await harness.query(
    `SELECT ${names.map((name) => `"${name}"::VARCHAR AS "${name}"`).join(', ')} FROM api.rows`,
  )
  return rows.map((row) => names.map((name) => String(row[name])).join(' ')).toSorted((a, b) => (a < b ? -1 : 1))
}

test('keys beyond 2^53 stay apart when a fraction arrives in their column, in the same run or in a later one', async () => {
  const large = ['{"id": 9007199254740992, "v": "a"}', '{"id": 9007199254740993, "v": "b"}']
  for (const later of [false, true]) {
    await using provider = await startPages()
    using harness = createHarness(provider.url)
    harness.connector = stream('    primary_key: [id]\n')
    provider.pages = later ? [large] : [large, ['{"id": 1.5, "v": "c"}']]
    assert.equal((await harness.run()).status, 'complete')
    provider.pages = [['{"id": 1.5, "v": "c"}', '{"id": 9007199254740993, "v": "B"}']]
    assert.equal((await harness.run()).status, 'complete')
    assert.deepEqual(await read(harness, 'id, v'), [
      '1.500000000 c',
      '9007199254740992.000000000 a',
      '9007199254740993.000000000 B',
    ])
  }
})

test('an integer that no double is goes beside a column of fractions, whether it comes before them or after', async () => {
  await using provider = await startPages()
  using harness = createHarness(provider.url)
  harness.connector = stream('')
  provider.pages = [['{"a": 0.5, "b": 1}'], ['{"a": 9007199254740993, "b": 9007199254740993}'], ['{"a": 1, "b": 0.25}']]
  const { status, first } = await harness.run()
  assert.equal(status, 'complete', first.error?.message)
  assert.deepEqual(await read(harness, 'a, a__integer, b'), [
    '0.5 null 1.000000000',
    '1.0 null 0.250000000',
    'null 9007199254740993 9007199254740993.000000000',
  ])
})

test('integers of an earlier run decide whether their column becomes one of doubles', async () => {
  for (const [stored, type] of [
    ['9007199254740992', 'DOUBLE'],
    ['9007199254740993', 'DECIMAL(38,9)'],
    ['7', 'DOUBLE'],
  ] as const) {
    await using provider = await startPages()
    using harness = createHarness(provider.url)
    harness.connector = stream('')
    provider.pages = [[`{"n": ${stored}}`]]
    await harness.run()
    provider.pages = [['{"n": 2.5}']]
    const { status, first } = await harness.run()
    assert.equal(status, 'complete', first.error?.message)
    assert.deepEqual(await harness.query('SELECT DISTINCT typeof(n) AS type FROM api.rows'), [{ type }])
    assert.deepEqual((await harness.query('SELECT count(*)::INT AS n FROM api.rows WHERE n IN (2.5)'))[0], { n: 1 })
  }
})

test('times that are keys stay apart where they differ below the microsecond or in their zone', async () => {
  const times = [
    '2024-01-01T00:00:00.000000001Z',
    '2024-01-01T00:00:00.000000002Z',
    '2024-01-01T00:00:00Z',
    '2024-01-01T01:00:00+01:00',
  ]
  await using provider = await startPages()
  using harness = createHarness(provider.url)
  harness.connector = stream('    primary_key: [at]\n')
  provider.pages = [times.map((at) => `{"at": "${at}"}`)]
  await harness.run()
  assert.deepEqual(await read(harness, 'at'), times)
})

test('a key that its column would cut is refused', async () => {
  await using provider = await startPages()
  using harness = createHarness(provider.url)
  harness.connector = stream('    primary_key: [at]\n    columns: { at: { type: timestamp } }\n')
  provider.pages = [['{"at": "2024-01-01T00:00:00.000000001Z"}']]
  const { status, first } = await harness.run()
  assert.equal(status, 'failed')
  assert.match(first.error?.message ?? '', /primary key at is timestamp, and a row has digits below the microsecond/)
})

test('a time with digits below the microsecond stands beside its column as it is', async () => {
  await using provider = await startPages()
  using harness = createHarness(provider.url)
  harness.connector = stream('')
  provider.pages = [['{"at": "2024-01-01T00:00:00.123456789Z"}', '{"at": "2024-01-01T00:00:00.123456000Z"}']]
  await harness.run()
  assert.deepEqual(await read(harness, 'at, at__string'), [
    '2024-01-01 00:00:00.123456+00 2024-01-01T00:00:00.123456789Z',
    '2024-01-01 00:00:00.123456+00 null',
  ])
})

test('a key inside an object gets a column of its own, exact, and rows are merged by it', async () => {
  await using provider = await startPages()
  using harness = createHarness(provider.url)
  harness.connector = stream('    primary_key: [metadata.uid]\n')
  const row = (uid: string, v: string) => `{"metadata": {"uid": ${uid}, "name": "x"}, "v": "${v}"}`
  provider.pages = [[row('9007199254740992', 'a'), row('9007199254740993', 'b')], [row('9007199254740993', 'c')]]
  await harness.run()
  provider.pages = [[row('9007199254740992', 'd')]]
  const { status, first } = await harness.run()
  assert.equal(status, 'complete', first.error?.message)
  assert.deepEqual(await read(harness, 'metadata_uid, v'), ['9007199254740992 d', '9007199254740993 c'])
})

test('of a composite key the missing field is named, and fields may be null where the connector says so', async () => {
  await using provider = await startPages()
  using harness = createHarness(provider.url)
  const connector = stream('    primary_key: [sku, size]\n')
  harness.connector = connector
  provider.pages = [['{"sku": "a", "size": 1, "v": 1}', '{"sku": "a", "size": null, "v": 2}']]
  const failed = await harness.run()
  assert.equal(failed.first.error?.code, 'KEY_MISSING')
  assert.match(failed.first.error?.message ?? '', /^Row 2 of .* has no size, which is part of the primary key/)
  harness.connector = `${connector}    key_nulls: true\n`
  await harness.run()
  provider.pages = [['{"sku": "a", "v": 3}', '{"size": 1, "v": 4}']]
  await harness.run()
  assert.deepEqual(await read(harness, 'sku, size, v'), ['a 1 1', 'a null 3', 'null 1 4'])
  provider.pages = [['{"v": 5}']]
  assert.match((await harness.run()).first.error?.message ?? '', /has no sku, size, which is the primary key/)
})

const key = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.integer({ min: -3, max: 3 }).map((near) => String(2n ** 53n + BigInt(near))),
  fc.integer({ min: -5, max: 5 }).map(String),
  fc.integer({ min: -50, max: 50 }).map((tenths) => (tenths / 10).toFixed(1)),
)
const time = fc
  .record({ nanos: fc.nat(3), zone: fc.constantFrom('Z', '+00:00', '+01:00') })
  .map(({ nanos, zone }) => JSON.stringify(`2024-01-01T01:00:00.00000000${nanos}${zone}`))

/** A key as the provider means it: a number by its value, a text by its letters. */
const meaning = (text: string): string => {
  if (text.startsWith('"')) return text
  const [whole = '', fraction = '0'] = text.split('.')
  return String(BigInt(whole) * 10n + (whole.startsWith('-') ? -1n : 1n) * BigInt(fraction))
}

test('any keys over any runs: the table is the map that a program would keep', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.constant(key), fc.constant(time)).chain((one) =>
        fc.array(fc.array(fc.array(one, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 3 }), {
          minLength: 1,
          maxLength: 3,
        }),
      ),
      async (runs) => {
        await using provider = await startPages()
        using harness = createHarness(provider.url)
        harness.connector = stream('    primary_key: [id]\n')
        const model = new Map<string, string>()
        let count = 0
        for (const pages of runs) {
          provider.pages = pages.map((keys) =>
            keys.map((id) => {
              model.set(meaning(id), String(++count))
              return `{"id": ${id}, "v": "${count}"}`
            }),
          )
          const { status, first } = await harness.run()
          assert.equal(status, 'complete', first.error?.message)
        }
        assert.deepEqual(
          await read(harness, 'v'),
          [...model.values()].toSorted((a, b) => (a < b ? -1 : 1)),
        )
      },
    ),
    { numRuns: 40 },
  )
})
