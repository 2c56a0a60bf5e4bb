import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { createHarness, type Harness } from './harness.ts'

interface Api extends AsyncDisposable {
  readonly url: string
  /** Paths and queries, in the order in which they were asked for. */
  readonly asked: string[]
}

/** Lists of rows by path, `size` rows a page, by `page`; a path that has none is 404. */
async function startApi(lists: Readonly<Record<string, readonly object[]>>, size: number): Promise<Api> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    asked.push(request.url ?? '')
    const rows = lists[url.pathname + (url.searchParams.has('p') ? `?p=${url.searchParams.get('p')}` : '')]
    const from = (Number(url.searchParams.get('page') ?? 1) - 1) * size
    response
      .writeHead(rows ? 200 : 404, { 'content-type': 'application/json' })
      .end(JSON.stringify({ data: rows?.slice(from, from + size) ?? [], pages: Math.ceil((rows?.length ?? 0) / size) }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const paging = (total: boolean): string =>
  `    rows: $.data[*]\n    paginator: { type: page_number${total ? ', total_pages: $.pages' : ''} }\n`

async function ids(harness: Harness, table: string): Promise<string[]> {
  return (await harness.query(`SELECT id FROM api.${table} ORDER BY id`)).map(({ id }) => String(id))
}

/** Runs a stream with these limits of rows until it is complete. */
async function runAll(harness: Harness, stream: string, limits: readonly number[]): Promise<void> {
  for (let run = 0; run < 200; run++) {
    const limit = limits[run % Math.max(limits.length, 1)]
    const record = await harness.run({ streams: [stream], ...(limit !== undefined && { limit }) })
    assert.notEqual(record.status, 'failed', record.first.error?.message)
    if (record.status === 'complete') return
  }
  assert.fail('it comes to no end')
}

const counts = fc.array(fc.nat(5), { minLength: 1, maxLength: 4 })
const limits = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 })
const rowsOf = (name: string, count: number) => Array.from({ length: count }, (_, at) => ({ id: `${name}-${at}` }))

test('partitions, stopped after any pages and resumed: every row of each once', async () => {
  await fc.assert(
    fc.asyncProperty(counts, limits, fc.boolean(), fc.constantFrom(1, 3), async (sizes, stops, total, concurrency) => {
      const lists = Object.fromEntries(sizes.map((size, at) => [`/rows?p=p${at}`, rowsOf(`p${at}`, size)]))
      await using api = await startApi(lists, 2)
      using harness = createHarness(api.url)
      harness.connector = `rate_limit: { concurrency: ${concurrency} }
streams:
  - name: rows
    path: /rows
    params: { p: "{{ partition.p }}" }
    partitions: [${sizes.map((_, at) => `{ p: p${at} }`).join(', ')}]
    write: append
${paging(total)}`
      await runAll(harness, 'rows', stops)
      const expected = sizes.flatMap((size, at) => rowsOf(`p${at}`, size).map(({ id }) => id))
      if (expected.length > 0) assert.deepEqual(await ids(harness, 'rows'), expected.toSorted())
    }),
    { numRuns: 15 },
  )
})

test('parents and grandparents, stopped after any pages and resumed: every row of each child once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(counts, { minLength: 1, maxLength: 3 }),
      limits,
      fc.boolean(),
      fc.constantFrom(1, 3),
      async (tree, stops, total, concurrency) => {
        const lists: Record<string, object[]> = { '/as': rowsOf('a', tree.length) }
        const expected: string[] = []
        tree.forEach((sizes, a) => {
          lists[`/as/a-${a}/bs`] = rowsOf(`a-${a}-b`, sizes.length)
          sizes.forEach((size, b) => {
            const rows = rowsOf(`a-${a}-b-${b}-c`, size)
            lists[`/bs/a-${a}-b-${b}/cs`] = rows
            expected.push(...rows.map(({ id }) => id))
          })
        })
        await using api = await startApi(lists, 2)
        using harness = createHarness(api.url)
        harness.connector = `rate_limit: { concurrency: ${concurrency} }
streams:
  - name: as
    path: /as
${paging(total)}  - name: bs
    path: /as/{{ parent.a }}/bs
    parent: { stream: as, include: { a: id } }
${paging(total)}  - name: cs
    path: /bs/{{ parent.b }}/cs
    parent: { stream: bs, include: { b: id }, columns: true }
    write: append
${paging(total)}`
        await runAll(harness, 'cs', stops)
        if (expected.length === 0) return
        assert.deepEqual(await ids(harness, 'cs'), expected.toSorted())
        const parents = await harness.query(
          "SELECT count(*) AS n FROM api.cs WHERE NOT starts_with(id, _parent_b || '-')",
        )
        assert.equal(Number(parents[0]?.['n']), 0)
      },
    ),
    { numRuns: 15 },
  )
})

test('max_pages counts the pages of each partition, also over interruptions', async () => {
  const lists = { '/rows?p=a': rowsOf('a', 10), '/rows?p=b': rowsOf('b', 10) }
  await using api = await startApi(lists, 2)
  using harness = createHarness(api.url)
  harness.connector = `streams:
  - name: rows
    path: /rows
    params: { p: "{{ partition.p }}" }
    partitions: { p: [a, b] }
    max_pages: 3
    write: append
${paging(false)}`
  await runAll(harness, 'rows', [2])
  assert.deepEqual(
    await ids(harness, 'rows'),
    [...rowsOf('a', 6), ...rowsOf('b', 6)].map(({ id }) => id),
  )
})

for (const [order, edge] of [
  ['desc', 'start'],
  ['asc', 'end'],
]) {
  test(`a partition that is past the range in order ${order} does not end those behind it`, async () => {
    const times = [1, 2, 3, 4, 5, 6].map((at) => `2024-01-0${at}T00:00:00Z`)
    const rows = (name: string) => {
      const list = times.map((at, index) => ({ id: `${name}-${index}`, at }))
      return order === 'desc' ? list.toReversed() : list
    }
    await using api = await startApi({ '/rows?p=a': rows('a'), '/rows?p=b': rows('b') }, 2)
    using harness = createHarness(api.url)
    harness.connector = `streams:
  - name: rows
    path: /rows
    params: { p: "{{ partition.p }}" }
    partitions: { p: [a, b] }
    incremental: { cursor: at, order: ${order}, ${edge}: "${times[3]}" }
    write: append
${paging(false)}`
    await runAll(harness, 'rows', [])
    const found = await ids(harness, 'rows')
    assert.deepEqual(
      found.filter((id) => id.startsWith('a-')).map((id) => id.slice(2)),
      found.filter((id) => id.startsWith('b-')).map((id) => id.slice(2)),
    )
    assert.ok(found.includes(order === 'desc' ? 'b-5' : 'b-0'))
  })
}

test('a child that is gone is passed over where a rule says so', async () => {
  await using api = await startApi(
    { '/as': rowsOf('a', 3), '/as/a-0/bs': rowsOf('x', 1), '/as/a-2/bs': rowsOf('y', 1) },
    5,
  )
  using harness = createHarness(api.url)
  harness.connector = `streams:
  - name: as
    path: /as
${paging(false)}  - name: bs
    path: /as/{{ parent.a }}/bs
    parent: { stream: as, include: { a: id } }
    errors: [{ status: 404, then: ignore }]
    write: append
${paging(false)}`
  await runAll(harness, 'bs', [])
  assert.deepEqual(await ids(harness, 'bs'), ['x-0', 'y-0'])
})
