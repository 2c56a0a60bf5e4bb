import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeRow, makeRows, startProvider, type Row } from '../support/provider.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (rest: string): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest}`

async function ids(harness: Harness): Promise<number[]> {
  return (await harness.query('SELECT id FROM api.rows ORDER BY id')).map(({ id }) => Number(id))
}

test('any number of rows and page size, stopped after any pages and resumed, in append and merge: every row once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 25 }),
      fc.constantFrom('page_number', 'offset', 'cursor', 'link_header', 'link_body'),
      fc.constantFrom('append', 'merge', 'replace', 'insert_only', 'scd2'),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 4 }),
      async (total, pageSize, style, write, limits) => {
        await using provider = await startProvider({ rows: makeRows(total), pageSize, style })
        using harness = createHarness(provider.url)
        const key = write === 'append' || write === 'replace' ? '' : '    primary_key: [id]\n'
        const paginator = {
          page_number: '{ type: page_number }',
          offset: `{ type: offset, limit: ${pageSize} }`,
          cursor: '{ type: cursor, path: $.next_cursor, param: cursor }',
          link_header: '{ type: link_header }',
          link_body: '{ type: link_body, path: $.next }',
        }[style]
        harness.connector = stream(`    write: ${write}\n${key}`).replace('{ type: page_number }', paginator)
        let committed = 0
        for (const limit of limits) {
          const record = await harness.run({ limit })
          assert.notEqual(record.status, 'failed', record.first.error?.message)
          committed += record.first.rows
          if (record.status === 'complete') break
        }
        // What is left of an interrupted listing, or (append: it has no cursor) all of it again.
        const last = await harness.run()
        assert.equal(last.status, 'complete', last.first.error?.message)
        if (total === 0) return
        const found = await ids(harness)
        if (write === 'append') assert.equal(found.length, committed + last.first.rows)
        assert.deepEqual(
          [...new Set(found)],
          makeRows(total).map(({ id }) => id),
        )
        if (write !== 'append' || committed < total) assert.equal(found.length, total)
      },
    ),
    { numRuns: 25 },
  )
})

test('append by cursor: rows at the boundary come again and are not repeated, late ones within the lookback are not missed', async () => {
  await using provider = await startProvider({ rows: makeRows(30), pageSize: 7 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }
    incremental: { cursor: updated_at, lookback: PT10S }
`)
  assert.equal((await harness.run()).first.rows, 30)
  const again = await harness.run()
  assert.equal(again.first.rows, 0)
  assert.ok(again.first.pages > 0, 'the boundary was asked for')
  // A row that arrives late, with an older time than the newest; one at the very same time as the newest; new ones.
  const late = makeRow(30, { updated_at: makeRow(22)['updated_at'] })
  const twin = makeRow(31, { updated_at: makeRow(29)['updated_at'] })
  provider.setRows([...makeRows(30), late, twin, makeRow(32), makeRow(33)])
  assert.equal((await harness.run()).first.rows, 4)
  assert.deepEqual(
    await ids(harness),
    makeRows(34).map(({ id }) => id),
  )
  assert.equal((await harness.run()).first.rows, 0)
})

test('append by cursor with any split of the rows over time: every row once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(20), { minLength: 1, maxLength: 40 }),
      fc.array(fc.nat(40), { maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (seconds, cuts, pageSize, filters) => {
        // Many rows of one second, in no order; each run sees those that have "happened" by then.
        const all = seconds.map((second, at) =>
          makeRow(at, { updated_at: `2024-01-01T00:00:${String(second).padStart(2, '0')}Z` }),
        )
        const byTime = all.toSorted((a, b) => (String(a['updated_at']) < String(b['updated_at']) ? -1 : 1))
        const shuffled = (rows: readonly Row[]): Row[] =>
          rows.toSorted((a, b) => ((Number(a['id']) * 7919) % 31) - ((Number(b['id']) * 7919) % 31))
        await using provider = await startProvider({ rows: [], pageSize })
        using harness = createHarness(provider.url)
        harness.connector = stream(
          `${filters ? '    params: { updated_since: "{{ cursor }}" }\n' : ''}    incremental: { cursor: updated_at }\n`,
        )
        for (const cut of [...cuts.toSorted((a, b) => a - b), all.length]) {
          provider.setRows(shuffled(byTime.slice(0, cut)))
          // Interrupted once, then to the end.
          await harness.run({ limit: pageSize })
          const record = await harness.run()
          assert.equal(record.status, 'complete', record.first.error?.message)
        }
        assert.deepEqual(
          await ids(harness),
          all.map(({ id }) => id),
        )
      },
    ),
    { numRuns: 25 },
  )
})

test('a time cursor never passes the moment at which its listing began, by the clock of the provider', async () => {
  const future = new Date(Date.now() + 3_600_000).toISOString()
  await using provider = await startProvider({
    rows: [...makeRows(3), makeRow(3, { updated_at: future })],
    pageSize: 2,
  })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }
    incremental: { cursor: updated_at }
    primary_key: [id]
`)
  const { first } = await harness.run()
  assert.ok(String(first.cursor.to) < future)
  assert.ok(Math.abs(Date.parse(String(first.cursor.to)) - Date.now()) < 60_000)
})

test('the cursor stays where it was when a page fails, and the pages before it are kept', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    incremental: { cursor: updated_at }\n    primary_key: [id]\n`)
  provider.setFault(({ page }) => (page === 3 ? ({ response }) => void response.writeHead(400).end('{}') : undefined))
  const failed = await harness.run()
  assert.equal(failed.first.status, 'failed')
  assert.equal(failed.first.error?.code, 'API_REFUSED')
  assert.deepEqual(failed.first.cursor, { from: null, to: null })
  assert.equal(failed.first.rows, 10)
  provider.setFault()
  provider.watch()
  const next = await harness.run()
  assert.equal(next.status, 'complete')
  assert.equal(provider.received[0]?.page, 3, 'it goes on where it failed')
  assert.deepEqual(
    await ids(harness),
    makeRows(20).map(({ id }) => id),
  )
})

for (const write of ['append', 'merge']) {
  test(`a saved page that has expired starts the listing again from the cursor, every row once (${write})`, async () => {
    await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(
      `    incremental: { cursor: updated_at }\n${write === 'merge' ? '    primary_key: [id]\n' : ''}`,
    )
    assert.equal((await harness.run({ limit: 10 })).status, 'handed_over')
    provider.setFault(({ page, at }) =>
      page === 3 && at === 0 ? ({ response }) => void response.writeHead(410).end('{"error":"expired"}') : undefined,
    )
    const record = await harness.run()
    assert.equal(record.status, 'complete', record.first.error?.message)
    assert.deepEqual(
      await ids(harness),
      makeRows(20).map(({ id }) => id),
    )
  })
}

test('a connector that asks for something else does not go on inside the old listing', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { a: 1 }\n`)
  await harness.run({ limit: 10 })
  harness.connector = stream(`    params: { a: 2 }\n`)
  provider.watch()
  assert.equal((await harness.run()).status, 'complete')
  assert.equal(provider.received[0]?.page, 1)
  assert.deepEqual(
    await ids(harness),
    makeRows(20).map(({ id }) => id),
  )
})

test('a full refresh replaces the table as a whole, also when it is cut short and resumed by an ordinary run', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream(
    `    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at }\n    primary_key: [id]\n`,
  )
  await harness.run()
  provider.setRows(makeRows(15))
  assert.equal((await harness.run({ full_refresh: true, limit: 5 })).status, 'handed_over')
  assert.equal((await ids(harness)).length, 20, 'nothing is seen of it before it is complete')
  const record = await harness.run()
  assert.equal(record.status, 'complete', record.first.error?.message)
  assert.deepEqual(
    await ids(harness),
    makeRows(15).map(({ id }) => id),
  )
})

test('a backfill runs beside the cursor: rows from inclusive to exclusive, the cursor where it was', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  const at = (index: number): string => String(makeRow(index)['updated_at'])
  harness.connector = stream(
    `    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at, start: "${at(10)}", order: asc }\n    primary_key: [id]\n`,
  )
  assert.equal((await harness.run()).first.rows, 10)
  provider.watch()
  const backfill = await harness.run({ from: at(2), until: at(6) })
  assert.equal(backfill.first.rows, 4)
  assert.equal(provider.received.length, 1, 'rows in order end the listing at the first beyond the range')
  assert.deepEqual(await ids(harness), [3, 4, 5, 6, ...makeRows(10, 10).map(({ id }) => id)])
  assert.equal((await harness.run()).first.cursor.from, at(19))
})

test('independent pages are fetched up to the concurrency at once and committed in order', async () => {
  await using provider = await startProvider({ rows: makeRows(100), pageSize: 5, delay: 5 })
  using harness = createHarness(provider.url)
  let inFlight = 0
  let most = 0
  provider.setFault(() => async ({ response, body, headers }) => {
    most = Math.max(most, ++inFlight)
    await new Promise((resolve) => setTimeout(resolve, 5))
    inFlight--
    response.writeHead(200, headers).end(body)
  })
  harness.connector = `rate_limit: { concurrency: 8 }\n${stream('    write: append\n').replace('{ type: page_number }', '{ type: page_number, size: 5, total: $.total }')}`
  const record = await harness.run()
  assert.equal(record.status, 'complete', record.first.error?.message)
  assert.equal(most, 8)
  assert.equal(record.first.requests, 20)
  assert.deepEqual(
    (await harness.query('SELECT id FROM api.rows')).map(({ id }) => Number(id)),
    makeRows(100).map(({ id }) => id),
  )
})

test('a clock that jumps back and forth loses and doubles nothing', async () => {
  await using provider = await startProvider({ rows: makeRows(12), pageSize: 3 })
  using harness = createHarness(provider.url)
  harness.connector = stream(`    params: { updated_since: "{{ cursor }}" }\n    incremental: { cursor: updated_at }\n`)
  let calls = 0
  const jumps = [0, 1e12, -1e12, 5e9]
  const { systemEffects } = await import('../../src/base/effects.ts')
  const effects = { ...systemEffects, now: () => Date.now() + (jumps[calls++ % jumps.length] as number) }
  for (const count of [12, 12, 17]) {
    provider.setRows(makeRows(count))
    const record = await harness.run({}, { effects })
    assert.equal(record.status, 'complete', record.first.error?.message)
  }
  assert.deepEqual(
    await ids(harness),
    makeRows(17).map(({ id }) => id),
  )
})

test('append by cursor: a row that has no cursor is appended once, however often it comes', async () => {
  const bare = { id: 100, name: 'no time' }
  await using provider = await startProvider({ rows: [...makeRows(4), bare], pageSize: 3 })
  using harness = createHarness(provider.url)
  harness.connector = stream('    incremental: { cursor: updated_at }\n')
  assert.equal((await harness.run()).first.rows, 5)
  provider.setRows([...makeRows(6), bare, { id: 101, name: 'nor this' }])
  assert.equal((await harness.run()).first.rows, 3)
  assert.equal((await harness.run()).first.rows, 0)
  assert.deepEqual(await ids(harness), [1, 2, 3, 4, 5, 6, 100, 101])
})

test('an integer cursor that could be a time is none unless the connector says so', async () => {
  const seconds = Math.floor(Date.now() / 1000) + 1_000_000
  await using provider = await startProvider({ rows: [{ id: seconds }], pageSize: 3 })
  for (const [format, to] of [
    ['', seconds],
    [', format: epoch', undefined],
  ] as const) {
    using harness = createHarness(provider.url)
    harness.connector = stream(`    incremental: { cursor: id${format} }\n`)
    const { first } = await harness.run()
    if (to === undefined) assert.ok(Number(first.cursor.to) < seconds, 'it lies in the future')
    else assert.equal(first.cursor.to, to)
  }
})
