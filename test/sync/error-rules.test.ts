import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fault, makeRows, startProvider } from '../support/provider.ts'
import { createHarness } from './harness.ts'

const answer =
  (body: object): Fault =>
  ({ response }) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))

test('a rule for a 200 that carries an error goes before the search for rows, and the words of the provider are told', async () => {
  await using provider = await startProvider({ rows: makeRows(4), pageSize: 2 })
  provider.setFault(() => answer({ error: { text: 'no such region' } }))
  for (const rows of ['', '    rows: $.data[*]\n', '    rows: $[*]\n']) {
    using harness = createHarness(provider.url)
    harness.connector = `streams:
  - name: rows
    path: /rows
${rows}    errors: [{ body: $.error, then: fail, message: $.error.text }]
`
    const { first } = await harness.run()
    assert.equal(first.error?.code, 'API_REFUSED')
    assert.match(first.error?.message ?? '', /no such region/)
  }
})

for (const key of ['', '    primary_key: [id]\n']) {
  test(`a rule that wants the listing to start again is followed at once, every row once (${key === '' ? 'append' : 'merge'})`, async () => {
    await using provider = await startProvider({ rows: makeRows(9), pageSize: 2 })
    using harness = createHarness(provider.url)
    harness.connector = `streams:
  - name: rows
    path: /rows
    paginator: { type: page_number }
${key}    errors: [{ body: $.expired, then: restart_listing }]
`
    provider.setFault(({ page, at }) => (page === 3 && at === 2 ? answer({ expired: true }) : undefined))
    const record = await harness.run()
    assert.equal(record.status, 'complete', record.first.error?.message)
    assert.equal(record.first.rows, 9)
    const found = await harness.query('SELECT id FROM api.rows ORDER BY id')
    assert.deepEqual(
      found.map(({ id }) => Number(id)),
      makeRows(9).map(({ id }) => id),
    )
  })
}
