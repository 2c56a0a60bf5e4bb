import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProvider, type Row } from '../support/provider.ts'
import { createHarness, type Harness } from './harness.ts'
import { createOrder } from './order.ts'

const stream = (incremental: string, ...rest: readonly string[]): string => `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
    primary_key: [id]
    params: { since: "{{ cursor }}" }
    incremental: { cursor: at${incremental} }
${rest.map((line) => `    ${line}\n`).join('')}`

const rowsOf = (...cursors: readonly unknown[]): Row[] => cursors.map((at, index) => ({ id: index + 1, at }))

interface Source {
  readonly harness: Harness
  readonly serve: (...cursors: readonly unknown[]) => void
  /** What the last run sent as `since`. */
  readonly since: () => string | null
}

async function withSource(use: (source: Source) => Promise<void>): Promise<void> {
  await using provider = await startProvider({ rows: [], pageSize: 100 })
  using harness = createHarness(provider.url)
  let sent: string | null = null
  provider.watch(({ url }) => void (sent = new URL(url, provider.url).searchParams.get('since')))
  await use({ harness, serve: (...cursors) => provider.setRows(rowsOf(...cursors)), since: () => sent })
}

const orders: readonly (readonly [what: string, incremental: string, cursors: readonly unknown[], highest: unknown])[] =
  [
    [
      'RFC 2822',
      '',
      ['Wed, 31 Jan 2024 10:00:00 GMT', 'Thu, 01 Feb 2024 10:00:00 GMT', 'Mon, 01 Jan 2024 10:00:00 GMT'],
      'Thu, 01 Feb 2024 10:00:00 GMT',
    ],
    [
      'RFC 2822, letters of one length',
      '',
      ['Thu, 01 Feb 2024 10:00:00 GMT', 'Wed, 31 Jan 2024 10:00:00 GMT'],
      'Thu, 01 Feb 2024 10:00:00 GMT',
    ],
    ['US dates by pattern', ', format: "%m/%d/%Y"', ['12/31/2023', '01/01/2024', '11/30/2023'], '01/01/2024'],
    ['digits by pattern', ', format: "%d%m%Y"', ['31122023', '01012024'], '01012024'],
    ['numbers as text', '', ['9', '10', '8'], '10'],
    ['numbers of either kind', '', [5, '7', 6], '7'],
    ['a name for the zone', '', ['2024-01-02 00:00:00 UTC', '2024-01-01 10:00:00 UTC'], '2024-01-02 00:00:00 UTC'],
    ['an offset of hours', '', ['2024-01-01 23:00:00+00', '2024-01-02 00:30:00+02'], '2024-01-01 23:00:00+00'],
    ['a time without seconds', '', ['2024-01-01T10:00', '2024-01-01T09:59:59'], '2024-01-01T10:00'],
    ['14 digits', '', ['20240101100000', '20240101095959'], '20240101100000'],
    ['the dates of .NET', '', ['/Date(999999999999)/', '/Date(1700000000000)/'], '/Date(1700000000000)/'],
    ['epochs as text', '', ['999999999', '1700000000'], '1700000000'],
    ['the timestamps of Slack', '', ['1700000000.000200', '1700000000.000100'], '1700000000.000200'],
    ['microseconds', '', [1700000000000001, 1700000000000000], 1700000000000001],
    [
      'nanoseconds',
      '',
      ['2024-01-01T00:00:00.000000002Z', '2024-01-01T00:00:00.000000001Z'],
      '2024-01-01T00:00:00.000000002Z',
    ],
    ['texts that are declared as such', ', format: text', ['ab', 'b', 'aa'], 'b'],
  ]

for (const [what, incremental, cursors, highest] of orders) {
  test(`the highest cursor is found: ${what}`, () =>
    withSource(async ({ harness, serve }) => {
      harness.connector = stream(incremental)
      serve(...cursors)
      const first = await harness.run()
      assert.equal(first.status, 'complete', first.first.error?.message)
      // The second time the columns are known, so that rows may pass as bytes.
      serve(...cursors.toReversed())
      const second = await harness.run()
      assert.deepEqual([first.first.cursor.to, second.first.cursor.to].map(String), [String(highest), String(highest)])
      assert.deepEqual(second.first.warnings ?? [], [])
    }))
}

const twins = orders.map(([what, incremental, cursors, highest]) => ({
  what,
  incremental,
  newer: highest,
  older: cursors.find((cursor) => cursor !== highest),
}))

for (const { what, incremental, newer, older } of twins) {
  for (const field of ['at', 'fields.at']) {
    test(`the newest version of a row stays, inside a batch and across runs: ${what}, ${field}`, async () => {
      await using provider = await startProvider({ rows: [], pageSize: 100 })
      using harness = createHarness(provider.url)
      harness.connector = stream(incremental).replace('cursor: at', `cursor: ${field}`)
      const read = async (
        ...versions: readonly (readonly [id: number, at: unknown, v: string])[]
      ): Promise<unknown[]> => {
        provider.setRows(versions.map(([id, at, v]) => (field === 'at' ? { id, at, v } : { id, fields: { at }, v })))
        const { first } = await harness.run()
        assert.equal(first.status, 'complete', first.error?.message)
        return (await harness.query('SELECT v FROM api.rows ORDER BY id')).map(({ v }) => v)
      }
      assert.deepEqual(await read([1, newer, 'new'], [1, older, 'old'], [2, older, 'old']), ['new', 'old'])
      assert.deepEqual(await read([1, older, 'late'], [2, newer, 'new']), ['new', 'new'])
      assert.deepEqual(await read([1, newer, 'again'], [2, older, 'late']), ['again', 'new'])
    })
  }
}

test('a cursor of another spelling than its column orders it all the same, and is kept as it is', () =>
  withSource(async ({ harness, serve }) => {
    harness.connector = stream('')
    serve('2024-01-01T10:00:00Z', 5)
    await harness.run()
    serve('2024-01-01T11:00', '2024-01-01T10:00:00Z')
    await harness.run()
    serve('2024-01-01T10:30:00Z', '2024-01-01T10:00:00Z')
    await harness.run()
    const [row] = await harness.query('SELECT CAST("at" AS VARCHAR) AS moment, at__string FROM api.rows WHERE id = 1')
    assert.match(String(row?.['moment']), /11:00:00/)
    assert.equal(row?.['at__string'], '2024-01-01T11:00')
  }))

test('a spelling that is not known is refused at the first row, by its shape and with the line to add', () =>
  withSource(async ({ harness, serve }) => {
    harness.connector = stream('')
    serve('12/31/2023')
    const { first } = await harness.run()
    assert.equal(first.error?.code, 'CURSOR_INVALID')
    assert.match(first.error.message, /at of stream rows of api is spelled 99\/99\/9999/)
    assert.match(first.error.message, /format: "%m\/%d\/%Y" or format: "%d\/%m\/%Y"/)
    assert.doesNotMatch(first.error.message, /2023/)
    harness.connector = stream(', format: "%Y-%m-%d"')
    assert.equal((await harness.run()).first.error?.code, 'CURSOR_INVALID')
  }))

for (const odd of ['0000-00-00 00:00:00', '', 'never', '9999-99-99', false]) {
  test(`a value that is no time never becomes the cursor, and its row is stored: ${JSON.stringify(odd)}`, () =>
    withSource(async ({ harness, serve }) => {
      harness.connector = stream('')
      serve('2024-01-01T10:00:00Z', '2024-01-01T11:00:00Z')
      await harness.run()
      serve('2024-01-01T11:00:00Z', '2024-01-01T12:00:00Z', odd)
      const { first, status } = await harness.run()
      assert.equal(status, 'complete')
      assert.equal(first.cursor.to, '2024-01-01T12:00:00Z')
      assert.equal((await harness.query('SELECT * FROM api.rows')).length, 3)
      if (typeof odd === 'string') assert.equal(first.warnings?.[0]?.code, 'CURSOR_UNREADABLE')
    }))
}

test('zeros and empty texts before the first cursor are passed over', () =>
  withSource(async ({ harness, serve }) => {
    harness.connector = stream('')
    serve('', '0000-00-00', '2024-01-01T10:00:00Z')
    const { first } = await harness.run()
    assert.equal(first.cursor.to, '2024-01-01T10:00:00Z')
  }))

test('a page on which no row has the cursor leaves a warning', () =>
  withSource(async ({ harness, serve }) => {
    harness.connector = stream('').replace('cursor: at', 'cursor: updated')
    serve('2024-01-01T10:00:00Z')
    const { first } = await harness.run()
    assert.equal(first.warnings?.[0]?.code, 'CURSOR_UNREADABLE')
    assert.match(first.warnings[0].message, /has the cursor updated/)
  }))

for (const future of [9_999_999_999, '9999999999', '9999-12-31T00:00:00Z', 'Fri, 31 Dec 9999 00:00:00 GMT']) {
  for (const isFirst of [false, true]) {
    test(`a time far in the future moves no cursor, and leaves a warning: ${future}${isFirst ? ', first' : ''}`, () =>
      withSource(async ({ harness, serve }) => {
        const counted = [1_700_000_000, 1_700_000_060].map((at) => (typeof future === 'number' ? at : String(at)))
        const spelled = ['2024-01-01T00:00:00Z', '2024-01-01T00:01:00Z']
        const usual = typeof future === 'number' || /^\d+$/.test(future) ? counted : spelled
        harness.connector = stream('')
        serve(...(isFirst ? [future, ...usual] : [...usual, future]))
        const { first } = await harness.run()
        assert.equal(first.cursor.to, usual[1])
        assert.deepEqual(
          first.warnings?.map(({ code }) => code),
          ['CURSOR_AHEAD'],
        )
        assert.equal((await harness.query('SELECT * FROM api.rows')).length, 3)
      }))
  }
}

test('start is compared and sent as the provider spells its times', () =>
  withSource(async ({ harness, serve, since }) => {
    harness.connector = stream(', start: 2024-01-01, format: epoch', 'write: append').replace(
      'primary_key: [id]',
      'schema: evolve',
    )
    serve(1704067199, 1704067200, 1704067201)
    const { first } = await harness.run()
    assert.equal(since(), '1704067200')
    assert.equal(first.rows, 2)
  }))

test('end and the ends of a backfill are compared with epochs by their moment', () =>
  withSource(async ({ harness, serve, since }) => {
    harness.connector = stream(', end: 2024-01-02')
    serve(1704067200, 1704153599, 1704153600)
    assert.equal((await harness.run()).first.rows, 2)
    harness.connector = stream('')
    const backfill = await harness.run({ from: '2024-01-01', until: '2024-01-02T00:00:00Z' })
    assert.equal(backfill.first.error, undefined)
    assert.equal(backfill.first.rows, 2)
    assert.equal(since(), '1704067200')
  }))

test('a lookback counts down numbers, and times in their spelling', () =>
  withSource(async ({ harness, serve, since }) => {
    harness.connector = stream(', lookback: 10')
    serve('95', '105')
    await harness.run()
    await harness.run()
    assert.equal(since(), '95')
    harness.connector = stream(', lookback: PT10S').replace('name: rows', 'name: mails')
    serve('Wed, 31 Jan 2024 10:00:05 GMT')
    await harness.run()
    await harness.run()
    assert.equal(since(), 'Wed, 31 Jan 2024 09:59:55 GMT')
  }))

test('a lookback or start that cannot be that of the cursor is refused', () =>
  withSource(async ({ harness, serve }) => {
    serve('5', '6')
    for (const wrong of [', lookback: PT10S', ', start: 2024-01-01']) {
      harness.connector = stream(wrong)
      assert.equal((await harness.run()).first.error?.code, 'CURSOR_INVALID')
    }
    serve('2024-01-01T00:00:00Z')
    harness.connector = stream(', lookback: 10')
    assert.equal((await harness.run()).first.error?.code, 'CURSOR_INVALID')
  }))

test('times without a zone are exact where the connector names one', () => {
  const began = Date.parse('2024-07-01T12:00:00Z')
  const here = createOrder('at', { done: '2024-07-01T13:59:00', timeZone: 'Europe/Berlin' })
  assert.equal(here.capAtBegin('2024-07-01T13:59:00', began), '2024-07-01T13:59:00')
  assert.equal(here.capAtBegin('2024-07-01T14:01:00', began), '2024-07-01T14:00:00')
  const anywhere = createOrder('at', { done: '2024-07-01T13:59:00' })
  assert.equal(anywhere.capAtBegin('2024-07-01T13:59:00', began), '2024-07-01T00:00:00')
})

test('a checkpoint says how the cursor is spelled, and an older one is read by its value', () =>
  withSource(async ({ harness, serve }) => {
    harness.connector = stream('')
    serve('31 Jan 2024 10:00:00 GMT')
    await harness.run()
    const [saved] = await harness.query('SELECT checkpoint FROM api._headrace_commits ORDER BY seq DESC LIMIT 1')
    assert.deepEqual(JSON.parse(String(saved?.['checkpoint'])).cursor, {
      format: 'rfc2822',
      like: '31 Jan 2024 10:00:00 GMT',
    })
    const legacy = createOrder('at', { done: '31 Jan 2024 10:00:00 GMT' })
    assert.ok(legacy.compare('1 Feb 2024 10:00:00 GMT', '31 Jan 2024 10:00:00 GMT') > 0)
    const stuck = createOrder('at', { done: '0000-00-00' })
    stuck.learn(['2024-01-01'])
    assert.equal(stuck.higher('0000-00-00', '2024-01-01'), '2024-01-01')
  }))

test('rows that were merged before the cursor had a key leave a warning, once', () =>
  withSource(async ({ harness, serve }) => {
    const times = ['Wed, 31 Jan 2024 10:00:00 GMT', 'Thu, 01 Feb 2024 10:00:00 GMT'] as const
    harness.connector = stream('')
      .replace('    incremental: { cursor: at }\n', '')
      .replace(/ {4}params.*\n/, '')
    serve(...times)
    await harness.run()
    harness.connector = stream('')
    const codes = async (): Promise<readonly string[]> => (await harness.run()).first.warnings.map(({ code }) => code)
    assert.deepEqual(await codes(), ['STATE_CHANGED'])
    assert.deepEqual(await codes(), [])
  }))
