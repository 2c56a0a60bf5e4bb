import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf, startAnswering } from './answers.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (...rest: readonly string[]): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    primary_key: [id]
    paginator: { type: offset, limit: 5, total: $.total }
${rest.map((line) => `    ${line}\n`).join('')}`

const idsOf = async (harness: Harness): Promise<number[]> =>
  (await harness.query('SELECT id FROM api.rows ORDER BY id')).map(({ id }) => Number(id))

const ids = (from: number, to: number): number[] => rowsOf(from, to).map(({ id }) => id)

/** A provider of rows, the first of which is deleted after each of these requests; `name` is that of what it counts. */
function startShrinking(after: readonly number[] | 'always', name = 'total') {
  let rows = rowsOf(1, 20)
  return startAnswering((query, at) => {
    const offset = Number(query.get('offset'))
    const answer = { body: { data: rows.slice(offset, offset + 5), [name]: rows.length } }
    if (after === 'always' ? offset === 0 : after.includes(at)) rows = rows.slice(1)
    return answer
  })
}

test('a total that falls between two pages starts the listing again, so that no row is skipped', async () => {
  await using provider = await startShrinking([0, 6])
  using harness = createHarness(provider.url)
  harness.connector = stream()
  const { status, first } = await harness.run()
  assert.equal(status, 'complete', first.error?.message)
  assert.deepEqual(first.warnings, [])
  assert.deepEqual((await idsOf(harness)).slice(-18), ids(3, 20))
})

test('a total that nobody declares is followed from page to page, whatever its name is spelled with', async () => {
  await using provider = await startShrinking([0], "total'count")
  using harness = createHarness(provider.url)
  harness.connector = stream().replace(', total: $.total', '')
  const { status, first } = await harness.run()
  assert.equal(status, 'complete', first.error?.message)
  assert.equal(first.requests, 2 + 5)
})

test('a source that moves under each try is read with a warning, and nothing is deleted for being absent', async () => {
  await using provider = await startShrinking('always')
  using harness = createHarness(provider.url)
  harness.connector = stream('deletes: { absent: true, mode: hard, max_share: 1 }')
  const { status, first } = await harness.run()
  assert.equal(status, 'complete', first.error?.message)
  assert.deepEqual(
    first.warnings.map(({ code }) => code),
    ['SOURCE_MOVED'],
  )
  assert.equal(first.requests, 2 + 2 + 4)
})

test('a listing that was read in two parts deletes nothing, and the next whole one does', async () => {
  let rows = rowsOf(1, 20)
  await using provider = await startAnswering((query) => {
    const offset = Number(query.get('offset'))
    return { body: { data: rows.slice(offset, offset + 5), total: rows.length } }
  })
  using harness = createHarness(provider.url)
  harness.connector = stream('deletes: { absent: true, mode: hard }')
  assert.equal((await harness.run()).status, 'complete')
  rows = rows.slice(0, -1)
  assert.equal((await harness.run({ limit: 5 })).status, 'handed_over')
  const { status, first } = await harness.run()
  assert.equal(status, 'complete', first.error?.message)
  assert.deepEqual(await idsOf(harness), ids(1, 20))
  assert.match(first.warnings[0]?.message ?? '', /deletes nothing/)
  assert.equal((await harness.run()).status, 'complete')
  assert.deepEqual(await idsOf(harness), ids(1, 19))
})

test('rows that are added while an append stream is paged may come twice, which is a warning', async () => {
  let rows = rowsOf(1, 12).toReversed()
  await using provider = await startAnswering((query, at) => {
    const offset = Number(query.get('offset'))
    const answer = { body: { data: rows.slice(offset, offset + 5), total: rows.length } }
    if (at === 0) rows = [...rowsOf(13, 13), ...rows]
    return answer
  })
  using harness = createHarness(provider.url)
  harness.connector = stream('write: append')
  const { status, first } = await harness.run()
  assert.deepEqual([status, first.warnings.map(({ code }) => code)], ['complete', ['ROWS_MAY_REPEAT']])
})
