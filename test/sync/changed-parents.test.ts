import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type SlicedProvider, slicedRows, startSlicedProvider, timeOf } from '../support/sliced-provider.ts'
import { createHarness, type Harness } from './harness.ts'

const parentAt = (id: string, at: number) => ({ id, at: timeOf(at) })

const connector = ({ parent = '', child = '', write = 'primary_key: [id]' } = {}): string => `streams:
  - name: parents
    path: /parents
    rows: $.data[*]
    paginator: { type: page_number }
    selected: false
    primary_key: [id]
    incremental: { cursor: at }
${parent}  - name: rows
    path: /rows/{{ parent.p }}
    parent: { stream: parents, include: { p: id }, changed_only: true }
    rows: $.data[*]
    paginator: { type: page_number }
    ${write}
${child}`

const since = '    params: { since: "{{ cursor }}" }\n'
const sliced = `${since}    incremental: { cursor: at }\n`

/** Three parents, changed at 1, 2 and 3, with three rows each. */
async function startThree() {
  const provider = await startSlicedProvider(2)
  provider.parents = ['a', 'b', 'c'].map((id, at) => parentAt(id, at + 1))
  for (const id of ['a', 'b', 'c']) provider.rows.set(id, slicedRows(id, 0, 3))
  return provider
}

const idsOf = async (harness: Harness): Promise<string[]> =>
  (await harness.query('SELECT id FROM api.rows ORDER BY id')).map(({ id }) => String(id))

const allOf = (...ids: string[]): string[] => ids.flatMap((id) => slicedRows(id, 0, 3).map((row) => row.id))

/** The parents whose children were asked for since the last time. */
function askedOf(provider: SlicedProvider): string[] {
  const found = provider.asked.filter(({ page }) => page === 1).map(({ slice }) => slice)
  provider.asked = []
  return found
}

const cursorOf = async (harness: Harness): Promise<unknown> => {
  const [row] = await harness.query(
    "SELECT checkpoint->'parents'->>'done' AS at FROM api._headrace_commits WHERE stream = 'rows' ORDER BY seq DESC LIMIT 1",
  )
  return row?.['at']
}

for (const [what, options] of [
  ['filtered by the provider', { parent: since }],
  ['sent whole by the provider', {}],
  ['children with cursors of their own', { parent: since, child: sliced }],
  ['appended children', { parent: since, child: sliced, write: 'write: append' }],
] as const) {
  test(`only the children of parents that were added or changed are read (${what})`, async () => {
    await using provider = await startThree()
    using harness = createHarness(provider.url)
    harness.connector = connector(options)
    assert.equal((await harness.run()).status, 'complete')
    assert.deepEqual(askedOf(provider), ['a', 'b', 'c'])
    assert.equal(await cursorOf(harness), timeOf(3))

    provider.parents = [parentAt('a', 1), parentAt('b', 5), parentAt('c', 3), parentAt('d', 4)]
    provider.rows.set('b', [...slicedRows('b', 0, 3), ...slicedRows('b', 5, 6)])
    provider.rows.set('d', slicedRows('d', 0, 3))
    assert.equal((await harness.run()).status, 'complete')
    // The parent at the cursor comes again, as another may have been changed at the same time.
    assert.deepEqual(askedOf(provider), ['b', 'c', 'd'])
    assert.deepEqual(await idsOf(harness), [...allOf('a', 'b'), 'b-5', ...allOf('c', 'd')])
    assert.equal(await cursorOf(harness), timeOf(5))
    await harness.run()
    assert.deepEqual(askedOf(provider), ['b'])
  })
}

test('newest first, the listing of parents ends where nothing has changed', async () => {
  await using provider = await startThree()
  using harness = createHarness(provider.url)
  const parents = Array.from({ length: 10 }, (_, at) => ({ id: `p${at}`, at: timeOf(20 - at) }))
  provider.parents = parents
  for (const { id } of parents) provider.rows.set(id, [])
  harness.connector = connector().replace('{ cursor: at }', '{ cursor: at, order: desc }')
  await harness.run()
  provider.parentsAsked = []
  askedOf(provider)
  await harness.run()
  assert.deepEqual(askedOf(provider), ['p0'])
  assert.ok(provider.parentsAsked.length <= 3)
})

suite('a listing of children that does not reach its end', () => {
  test('keeps the cursor of the parents where it was, and goes on in it', async () => {
    await using provider = await startThree()
    using harness = createHarness(provider.url)
    harness.connector = connector({ parent: since })
    await harness.run()
    provider.parents = ['a', 'b', 'c'].map((id, at) => parentAt(id, at + 11))
    askedOf(provider)
    assert.equal((await harness.run({ limit: 1 })).status, 'handed_over')
    assert.equal(await cursorOf(harness), timeOf(3))
    assert.equal((await harness.run()).status, 'complete')
    assert.deepEqual(askedOf(provider), ['a', 'b', 'c'])
    assert.equal(await cursorOf(harness), timeOf(13))
  })

  test('tries a parent again whose children failed', async () => {
    await using provider = await startThree()
    using harness = createHarness(provider.url)
    harness.connector = connector({ parent: since })
    await harness.run()
    provider.parents = ['a', 'b', 'c'].map((id, at) => parentAt(id, at + 11))
    provider.rows.set('b', slicedRows('b', 0, 5))
    provider.fault = ({ slice }, response) => {
      if (slice === 'b') response.writeHead(400).end()
      return slice === 'b'
    }
    const failed = await harness.run()
    assert.equal(failed.first.error?.code, 'API_REFUSED')
    assert.equal(await cursorOf(harness), timeOf(3))
    provider.fault = () => false
    askedOf(provider)
    assert.equal((await harness.run()).status, 'complete')
    assert.deepEqual(askedOf(provider), ['b', 'c'])
    assert.ok((await idsOf(harness)).includes('b-4'))
    assert.equal(await cursorOf(harness), timeOf(13))
  })

  test('kills between a parent and its child leave nothing out', async () => {
    await using provider = await startThree()
    using harness = createHarness(provider.url)
    harness.connector = connector({ parent: since, child: sliced, write: 'write: append' })
    const stop = new AbortController()
    provider.fault = ({ slice }) => {
      // The answer never comes: the process dies with the parent read and its child unread.
      if (slice === 'b') stop.abort()
      return slice === 'b'
    }
    const dead = await harness.run({}, {}, { stop: { soft: new AbortController().signal, hard: stop.signal } })
    assert.notEqual(dead.status, 'complete')
    provider.fault = () => false
    assert.equal((await harness.run()).status, 'complete')
    assert.deepEqual(await idsOf(harness), allOf('a', 'b', 'c'))
    assert.equal(await cursorOf(harness), timeOf(3))
  })

  test('reads a parent again whose children max_pages has cut off', async () => {
    await using provider = await startThree()
    using harness = createHarness(provider.url)
    provider.rows.set('a', slicedRows('a', 0, 5))
    harness.connector = connector({
      parent: since,
      child: `${since}    incremental: { cursor: at, order: asc }\n    max_pages: 2\n`,
    })
    await harness.run()
    assert.equal((await idsOf(harness)).length, 10)
    assert.equal(await cursorOf(harness), null)
    await harness.run()
    assert.equal((await idsOf(harness)).length, 11)
    assert.equal(await cursorOf(harness), timeOf(3))
  })
})

test('a full refresh reads the children of all parents, and so does a run after any change that needs it', async () => {
  await using provider = await startThree()
  using harness = createHarness(provider.url)
  const text = connector({ parent: since })
  harness.connector = text
  await harness.run()
  await harness.run()
  askedOf(provider)
  await harness.run({ full_refresh: true })
  assert.deepEqual(askedOf(provider), ['a', 'b', 'c'])
  await harness.run()
  assert.deepEqual(askedOf(provider), ['c'])

  harness.connector = text.replace(', changed_only: true', '')
  await harness.run()
  assert.deepEqual(askedOf(provider), ['a', 'b', 'c'])
  harness.connector = text
  await harness.run()
  assert.deepEqual(askedOf(provider), ['a', 'b', 'c'])
  await harness.run()
  assert.deepEqual(askedOf(provider), ['c'])

  harness.connector = text.replace('{{ cursor }}"', '{{ cursor }}", kind: all')
  const { first } = await harness.run()
  assert.deepEqual(askedOf(provider), ['a', 'b', 'c'])
  assert.deepEqual(
    first.warnings.map(({ code }) => code),
    ['STATE_CHANGED'],
  )
})

test('a table that is gone is not filled with the children of changed parents alone', async () => {
  await using provider = await startThree()
  using harness = createHarness(provider.url)
  harness.connector = connector({ parent: since })
  await harness.run()
  await harness.query('DROP TABLE api.rows')
  assert.equal((await harness.run()).first.error?.code, 'STATE_MISMATCH')
})

test('children that read changed parents share one listing, and those that read all of them another', async () => {
  await using provider = await startThree()
  using harness = createHarness(provider.url)
  const [, child = ''] = connector({ parent: since }).split(/(?= {2}- name: rows)/)
  const others = child.replace('name: rows', 'name: others')
  const all = child.replace('name: rows', 'name: everything').replace(', changed_only: true', '')
  harness.connector = connector({ parent: since, child: `${others}${all}` })
  await harness.run()
  provider.parentsAsked = []
  await harness.run()
  const first = provider.parentsAsked.filter((url) => url.includes('page=1'))
  assert.equal(first.filter((url) => url.includes(encodeURIComponent(timeOf(3)))).length, 1)
  assert.equal(first.length, 2)
})
