import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsOf, startAnswering } from './answers.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (...rest: readonly string[]): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number, size: 5 }
    max_pages: 2
    params: { since: "{{ cursor }}" }
${rest.map((line) => `    ${line}\n`).join('')}`

/** 30 rows, in the order asked for, from a cursor on. */
const startSorted = (order: 'asc' | 'desc') =>
  startAnswering((query) => {
    const since = query.get('since') ?? ''
    const rows = rowsOf(1, 30).filter(({ at }) => at >= since)
    const page = Number(query.get('page'))
    return { body: { data: (order === 'asc' ? rows : rows.toReversed()).slice(page * 5 - 5, page * 5) } }
  })

const counted = async (harness: Harness): Promise<number[]> => {
  const [one] = await harness.query('SELECT count(*) AS n, count(DISTINCT id) AS d FROM api.rows')
  return [Number(one?.['n']), Number(one?.['d'])]
}

for (const write of ['write: append', 'primary_key: [id]'])
  test(`sorted oldest first each run goes on where max_pages has ended the one before: ${write}`, async () => {
    await using provider = await startSorted('asc')
    using harness = createHarness(provider.url)
    harness.connector = stream(write, 'incremental: { cursor: at, order: asc }')
    for (const rows of [10, 19, 28, 30, 30]) {
      const { status, first } = await harness.run()
      assert.deepEqual([status, first.warnings], ['complete', []], first.error?.message)
      assert.deepEqual(await counted(harness), [rows, rows])
    }
  })

for (const order of ['', ', order: desc'])
  test(`the cursor does not pass the pages that max_pages leaves unread${order}`, async () => {
    await using provider = await startSorted('desc')
    using harness = createHarness(provider.url)
    harness.connector = stream('primary_key: [id]', `incremental: { cursor: at${order} }`)
    const { status, first } = await harness.run()
    assert.deepEqual([status, first.cursor.to], ['complete', null])
    assert.match(first.warnings[0]?.message ?? '', /max_pages.*order: asc/)
    harness.connector = harness.connector.replace('max_pages: 2', '')
    await harness.run()
    assert.deepEqual(await counted(harness), [30, 30])
  })

test('an append stream that cannot go on behind max_pages fails rather than bring its rows twice', async () => {
  await using provider = await startSorted('desc')
  using harness = createHarness(provider.url)
  harness.connector = stream('write: append', 'incremental: { cursor: at }')
  assert.equal((await harness.run()).first.error?.code, 'LISTING_INCOMPLETE')
  assert.equal((await harness.run()).first.error?.code, 'LISTING_INCOMPLETE')
  assert.equal((await counted(harness))[0], (await counted(harness))[1])
})

test('what max_pages has cut off replaces no table', async () => {
  await using provider = await startSorted('asc')
  using harness = createHarness(provider.url)
  const cut = stream('write: replace').replace(/ +params: .*\n/, '')
  harness.connector = cut.replace('max_pages: 2', '')
  assert.equal((await harness.run()).status, 'complete')
  harness.connector = cut
  assert.equal((await harness.run()).first.error?.code, 'LISTING_INCOMPLETE')
  assert.deepEqual(await counted(harness), [30, 30])
})

test('pages that all lie at one cursor let no run get any further, which is a fault', async () => {
  await using provider = await startAnswering((query) => ({
    body: {
      data: rowsOf(1, 30)
        .slice(Number(query.get('page')) * 5 - 5, Number(query.get('page')) * 5)
        .map((row) => ({ ...row, at: '2024-01-01' })),
    },
  }))
  using harness = createHarness(provider.url)
  harness.connector = stream('primary_key: [id]', 'incremental: { cursor: at, order: asc }')
  await harness.run()
  assert.equal((await harness.run()).first.error?.code, 'LISTING_INCOMPLETE')
})
