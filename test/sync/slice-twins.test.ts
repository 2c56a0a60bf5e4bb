import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Answer, rowsOf, startAnswering } from './answers.ts'
import { createHarness } from './harness.ts'

interface Case {
  readonly name: string
  /** The rows of a slice, when `asked` has been asked for them before so many times. */
  readonly rows: (slice: string, asked: number) => readonly object[]
  readonly slices?: readonly string[]
  readonly rest?: string
  readonly requests: number
  readonly stored: number
  readonly warnings?: readonly string[]
}

const keyed = 'primary_key: [id]'

const cases: readonly Case[] = [
  {
    name: 'a slice that is answered with the page of the one before it is asked for again',
    rows: (slice, asked) => (slice === 'a' || asked === 0 ? rowsOf(1, 3) : rowsOf(4, 5)),
    rest: keyed,
    requests: 3,
    stored: 5,
  },
  {
    name: 'slices may share a row',
    rows: () => rowsOf(1, 1),
    rest: keyed,
    requests: 3,
    stored: 1,
  },
  {
    name: 'slices may share all of their rows, as long as not all slices do',
    rows: (slice) => (slice === 'c' ? rowsOf(3, 4) : rowsOf(1, 2)),
    slices: ['a', 'b', 'c'],
    rest: keyed,
    requests: 4,
    stored: 4,
  },
  {
    name: 'slices that are all alike leave a warning that rows may be missing',
    rows: () => rowsOf(1, 3),
    slices: ['a', 'b', 'c'],
    rest: keyed,
    requests: 5,
    stored: 3,
    warnings: ['LISTING_IN_DOUBT'],
  },
  {
    name: 'slices that are all alike leave a warning that rows may be doubled, where they have no key',
    rows: () => rowsOf(1, 3),
    requests: 3,
    stored: 6,
    warnings: ['ROWS_MAY_REPEAT'],
  },
]

suite('a slice that brings what another has brought', () => {
  for (const { name, rows, slices = ['a', 'b'], rest = '', requests, stored, warnings } of cases)
    test(name, async () => {
      const asked = new Map<string, number>()
      const answer = (query: URLSearchParams): Answer => {
        const slice = query.get('slice') ?? ''
        const before = asked.get(slice) ?? 0
        asked.set(slice, before + 1)
        return { body: { data: rows(slice, before) } }
      }
      await using provider = await startAnswering(answer)
      using harness = createHarness(provider.url)
      harness.connector = `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: none }
    params: { slice: "{{ partition.slice }}" }
    partitions: [${slices.map((slice) => `{ slice: ${slice} }`).join(', ')}]
    ${rest}
`
      const { status, first } = await harness.run()
      assert.equal(status, 'complete', first.error?.message)
      assert.deepEqual(
        first.warnings?.map(({ code }) => code),
        warnings ?? [],
      )
      assert.equal(provider.asked.length, requests)
      const [counted] = await harness.query('SELECT count(*) AS n FROM api.rows')
      assert.equal(Number(counted?.['n']), stored)
    })
})
