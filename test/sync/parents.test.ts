import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slicedRows, startSlicedProvider } from '../support/sliced-provider.ts'
import { createHarness, type Harness } from './harness.ts'

const below = (name: string, more = ''): string => `  - name: ${name}
    path: /rows/{{ parent.p }}
    parent: { stream: parents, include: { p: id } }
    rows: $.data[*]
    paginator: { type: page_number }
    write: append
${more}`

const parents = (more = ''): string => `  - name: parents
    path: /parents
    rows: $.data[*]
    paginator: { type: page_number }
${more}`

const ids = async (harness: Harness, table = 'rows'): Promise<string[]> =>
  (await harness.query(`SELECT id FROM api.${table} ORDER BY id`)).map(({ id }) => String(id))

async function startThree() {
  const provider = await startSlicedProvider(2)
  provider.parents = ['a', 'b', 'c'].map((id) => ({ id }))
  for (const { id } of provider.parents as { id: string }[]) provider.rows.set(id, slicedRows(id, 0, 3))
  return provider
}

for (const [what, streams] of [
  ['stored', `${below('rows')}${parents()}${below('others')}`],
  ['not stored', `${below('rows')}${parents('    selected: false\n')}${below('others')}`],
] as const) {
  test(`a parent that is ${what} is read once a run for all its children`, async () => {
    await using provider = await startThree()
    using harness = createHarness(provider.url)
    harness.connector = `streams:\n${streams}`
    const record = await harness.run()
    assert.equal(record.status, 'complete')
    assert.deepEqual(provider.parentsAsked, ['/parents?page=1', '/parents?page=2', '/parents?page=3'])
    const expected = ['a', 'b', 'c'].flatMap((id) => slicedRows(id, 0, 3).map((row) => row.id))
    assert.deepEqual(await ids(harness), expected)
    assert.deepEqual(await ids(harness, 'others'), expected)
    assert.deepEqual(
      record.streams.map(({ stream }) => stream),
      what === 'stored' ? ['rows', 'parents', 'others'] : ['rows', 'others'],
    )
    const tables = await harness.query("SELECT table_name AS name FROM duckdb_tables() WHERE table_name = 'parents'")
    assert.equal(tables.length, what === 'stored' ? 1 : 0)
  })
}

test('children read every parent, although the parent itself is read from its cursor on', async () => {
  await using provider = await startThree()
  using harness = createHarness(provider.url)
  harness.connector = `streams:\n${parents('    params: { since: "{{ cursor }}" }\n    incremental: { cursor: id, format: text }\n    primary_key: [id]\n')}${below('rows').replace('write: append', 'primary_key: [id]')}`
  await harness.run()
  provider.parentsAsked = []
  provider.asked = []
  await harness.run()
  assert.deepEqual(
    provider.asked.filter(({ page }) => page === 1).map(({ slice }) => slice),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(
    provider.parentsAsked.filter((url) => !url.includes('since')),
    ['/parents?page=1', '/parents?page=2', '/parents?page=3'],
  )
})

test('a parent that comes twice is read once, and one without its field is left out with a warning', async () => {
  await using provider = await startThree()
  using harness = createHarness(provider.url)
  provider.parents = [...provider.parents, { id: null }, { id: 'a' }, { id: '' }, { name: 'none' }, { id: 'b' }]
  harness.connector = `streams:\n${parents('    selected: false\n')}${below('rows')}`
  const { first, status } = await harness.run()
  assert.equal(status, 'complete')
  assert.deepEqual(
    provider.asked.filter(({ page }) => page === 1).map(({ slice }) => slice),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(
    first.warnings.map(({ code }) => code),
    ['SLICE_SKIPPED'],
  )
  assert.equal((await ids(harness)).length, 9)
})

test('places stay small, however many parents a page has or partitions there are, and a run that is cut short goes on there', async () => {
  await using provider = await startSlicedProvider(5_000)
  using harness = createHarness(provider.url)
  const names = Array.from({ length: 2_000 }, (_, at) => `p${at}`)
  provider.parents = names.map((id) => ({ id }))
  for (const name of names) provider.rows.set(name, slicedRows(name, 0, 1))
  const partitioned = `  - name: parts\n    path: /rows/{{ partition.p }}\n    partitions: { p: [${names.join(', ')}] }\n    rows: $.data[*]\n    paginator: { type: page_number }\n    write: append\n`
  harness.connector = `streams:\n${parents('    selected: false\n')}${below('rows')}${partitioned}`
  for (const limit of [700, 900]) assert.equal((await harness.run({ limit })).status, 'handed_over')
  provider.asked = []
  assert.equal((await harness.run()).status, 'complete')
  assert.equal(provider.asked[0]?.slice, 'p1599')
  const expected = names.map((name) => `${name}-0`).toSorted()
  assert.deepEqual((await ids(harness)).toSorted(), expected)
  assert.deepEqual((await ids(harness, 'parts')).toSorted(), expected)
  const [size] = await harness.query('SELECT max(length(checkpoint::VARCHAR)) AS n FROM api._headrace_commits')
  assert.ok(Number(size?.['n']) < 3_000)
})

for (const [what, more] of [
  ['appended', ''],
  ['replaced', ''],
  ['with a cursor for each slice', '    params: { since: "{{ cursor }}" }\n    incremental: { cursor: at }\n'],
] as const) {
  test(`a parent that comes again behind the cut of a listing is read once (${what})`, async () => {
    await using provider = await startThree()
    using harness = createHarness(provider.url)
    provider.parents = ['a', 'b', 'c', 'a', 'b', 'd'].map((id) => ({ id }))
    provider.rows.set('d', slicedRows('d', 0, 3))
    const child = below('rows', more)
    harness.connector = `streams:\n${parents('    selected: false\n')}${what === 'replaced' ? child.replace('append', 'replace') : child}`
    let runs = 1
    for (; (await harness.run({ limit: 1 })).status === 'handed_over'; runs++);
    assert.ok(runs > 3)
    const expected = ['a', 'b', 'c', 'd'].flatMap((id) => slicedRows(id, 0, 3).map((row) => row.id))
    assert.deepEqual(await ids(harness), expected)
  })
}

for (const [write, codes] of [
  ['append', ['ROWS_MAY_REPEAT']],
  ['merge\n    primary_key: [id]', []],
] as const)
  test(`a listing that is cut behind more slices than a checkpoint remembers says that rows may repeat, if they can (${write.slice(0, 6).trim()})`, async () => {
    await using provider = await startSlicedProvider(50)
    using harness = createHarness(provider.url)
    const names = Array.from({ length: 150 }, (_, at) => `p${at}`)
    provider.parents = names.map((id) => ({ id }))
    for (const name of names) provider.rows.set(name, slicedRows(name, 0, 1))
    harness.connector = `streams:\n${parents('    selected: false\n')}${below('rows').replace('append', write)}`
    assert.deepEqual((await harness.run({ limit: 120 })).first.warnings, [])
    const { first, status } = await harness.run()
    assert.equal(status, 'complete')
    assert.deepEqual(
      first.warnings.map(({ code }) => code),
      codes,
    )
  })

test('grandchildren read their parents once, and those read their own once', async () => {
  await using provider = await startThree()
  using harness = createHarness(provider.url)
  for (const id of ['a', 'b', 'c'])
    for (const { id: row } of slicedRows(id, 0, 3)) provider.rows.set(row, slicedRows(row, 0, 1))
  const grand = (name: string) => below(name).replace('stream: parents', 'stream: rows')
  harness.connector = `streams:\n${grand('one')}${grand('two')}${below('rows')}${parents('    selected: false\n')}`
  assert.equal((await harness.run()).status, 'complete')
  assert.deepEqual(provider.parentsAsked, ['/parents?page=1', '/parents?page=2', '/parents?page=3'])
  const middle = provider.asked.filter(({ slice }) => ['a', 'b', 'c'].includes(slice))
  assert.equal(new Set(middle.map(({ slice, page }) => `${slice} ${page}`)).size, middle.length)
  const expected = ['a', 'b', 'c'].flatMap((id) => slicedRows(id, 0, 3).map((row) => `${row.id}-0`))
  for (const table of ['one', 'two']) assert.deepEqual(await ids(harness, table), expected)
})

test('children of parents that max_pages leaves unread are in doubt, and nothing is taken for gone', async () => {
  await using provider = await startThree()
  using harness = createHarness(provider.url)
  const connector = (children: string, maxPages = ''): string =>
    `streams:\n${parents(`    selected: false\n${maxPages}`)}${children}`
  harness.connector = connector(below('rows'), '    max_pages: 1\n')
  const { status, first } = await harness.run()
  assert.equal(status, 'complete')
  assert.match(first.warnings.map(({ message }) => message).join('\n'), /max_pages of parents leaves parents unread/)

  const replaced = below('others').replace('write: append', 'write: replace')
  harness.connector = connector(replaced)
  assert.equal((await harness.run()).status, 'complete')
  const whole = await ids(harness, 'others')
  harness.connector = connector(replaced, '    max_pages: 1\n')
  assert.equal((await harness.run()).first.error?.code, 'LISTING_INCOMPLETE')
  assert.deepEqual(await ids(harness, 'others'), whole)
})
