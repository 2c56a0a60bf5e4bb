import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { makeTempDir, runCli, sendJson, startApi } from './support.ts'

const rows = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, group: id % 2, updated_at: `2024-01-01T00:00:${10 + id}Z` }))

/** Runs a command on a stream whose first page is `body`; `lines` are those of the stream. */
async function look(command: 'check' | 'preview', body: object, ...lines: readonly string[]) {
  using dir = makeTempDir()
  await using api = await startApi((_, response) => sendJson(response, 200, body))
  const file = dir.write(
    'acme.yaml',
    `name: acme
base_url: ${api.url}
retry: { attempts: 1 }
streams:
  - name: orders
    path: /orders
${lines.map((line) => `    ${line}\n`).join('')}`,
  )
  return await runCli(command === 'check' ? ['check', file] : ['preview', file, 'orders'], { cwd: dir.path })
}

suite('headrace check', () => {
  test('never proposes one page only where there may be more', async () => {
    const full = await look('check', { data: rows(100).map(({ id }) => ({ id })) })
    assert.equal(full.code, 0)
    assert.doesNotMatch(full.stdout, /type: none/)
    assert.match(full.stdout, /⚠ {2}The listing of .* looks full/)
    const proved = await look('check', { data: rows(10), total_items: 25 })
    assert.equal(proved.code, 1)
    assert.match(proved.stdout, /LISTING_INCOMPLETE\n.*paginator: \{ type: offset, param: offset/)
    assert.match((await look('check', { data: rows(3) })).stdout, /propose {2}paginator: \{ type: none \}/)
  })

  test('tries the declared cursor and key on the page that it has', async () => {
    const cursor = await look('check', { data: rows(3) }, 'incremental: { cursor: updatedAt }')
    assert.equal(cursor.code, 1)
    assert.match(cursor.stdout, /✗ orders.*\n.*\n +CURSOR_INVALID {2}No row .* has updatedAt.*id, group, updated_at/)
    const key = await look('check', { data: [...rows(2), { name: 'x' }] }, 'primary_key: [id]')
    assert.equal(key.code, 1)
    assert.match(key.stdout, /✗ orders {2}KEY_MISSING\n +Row 3 of .* has no id/)
    const repeated = await look('check', { data: rows(4) }, 'primary_key: [group]')
    assert.equal(repeated.code, 0)
    assert.match(repeated.stdout, /⚠ {2}4 rows have 2 different values of primary_key \[group\]/)
    assert.doesNotMatch((await look('check', { data: rows(4) }, 'primary_key: [id]')).stdout, /⚠|✗/)
  })

  test('names numbered pages that lose rows while rows are updated, unless they come newest first', async () => {
    const paged = ['paginator: { type: page_number }', 'incremental: { cursor: updated_at }', 'primary_key: [id]']
    const since = 'params: { since: "{{ cursor }}" }'
    const rising = await look('check', { data: rows(3) }, ...paged, since)
    assert.match(rising.stdout, /⚠ {2}numbered pages under a filter by updated_at can lose rows/)
    const falling = await look(
      'check',
      { data: rows(3) },
      ...paged,
      'params: { since: "{{ cursor }}", sort: -updated_at }',
    )
    assert.doesNotMatch(falling.stdout, /⚠/)
    assert.doesNotMatch((await look('check', { data: rows(3) }, ...paged)).stdout, /⚠/)
  })
})

test('headrace preview shows the rows, and what they lack', async () => {
  const { code, stdout, stderr } = await look('preview', { data: rows(3) }, 'incremental: { cursor: updatedAt }')
  assert.equal(code, 1)
  assert.match(stdout, /2024-01-01T00:00:10Z/)
  assert.match(stderr, /No row of the page of stream orders has updatedAt/)
})
