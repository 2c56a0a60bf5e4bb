import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRows, startProvider } from '../support/provider.ts'
import { createHarness, type Harness } from './harness.ts'

const stream = (...rest: readonly string[]): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
${rest.map((line) => `    ${line}\n`).join('')}`

const count = async (harness: Harness): Promise<number> =>
  Number((await harness.query('SELECT count(*) AS n FROM api.rows'))[0]?.['n'])

for (const [what, lines, request] of [
  ['a listing of a stream that replaces', ['write: replace'], {}],
  ['a full refresh', ['primary_key: [id]'], { full_refresh: true }],
] as const) {
  test(`${what} does not empty the table unless that is meant`, async () => {
    await using provider = await startProvider({ rows: makeRows(10), pageSize: 5 })
    using harness = createHarness(provider.url)
    harness.connector = stream(...lines)
    assert.equal((await harness.run()).status, 'complete')
    for (const left of [0, 4]) {
      provider.setRows(makeRows(left))
      const { first } = await harness.run(request)
      assert.deepEqual([first.status, first.error?.code, first.rows], ['failed', 'TABLE_SHRINKS', 0])
      assert.match(first.error?.message ?? '', /set replace: \{max_share: 1\}/)
      assert.equal(await count(harness), 10)
    }
    harness.connector = stream(...lines, 'replace: { max_share: 1 }')
    assert.equal((await harness.run(request)).status, 'complete')
    assert.equal(await count(harness), 4)
  })
}

test('a listing that was cut short and is too short by then is read again from its beginning', async () => {
  await using provider = await startProvider({ rows: makeRows(20), pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = stream('write: replace')
  assert.equal((await harness.run()).status, 'complete')
  provider.setRows(makeRows(5))
  assert.equal((await harness.run({ limit: 5 })).status, 'handed_over')
  provider.setRows(makeRows(20))
  provider.setFault(({ page, at }) =>
    page === 2 && at === 0 ? ({ response }) => void response.writeHead(200).end('{"data": []}') : undefined,
  )
  const { first } = await harness.run()
  assert.equal(first.status, 'complete', first.error?.message)
  assert.equal(await count(harness), 20)
})
