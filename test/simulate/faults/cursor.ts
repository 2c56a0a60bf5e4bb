import type { FaultCase } from './case.ts'
import { byPage, incremental, labels, merge, onDay, row, rows, sends, since, slice, tracked } from './rows.ts'

/** Each spells two moments, the earlier first; the columns of a table order them otherwise. */
const outOfOrder: readonly (readonly [name: string, earlier: unknown, later: unknown])[] = [
  ['RFC 2822', 'Tue, 07 May 2024 10:00:00 GMT', 'Mon, 13 May 2024 10:00:00 GMT'],
  ['a US date', '12/31/2023', '01/02/2024'],
  ['a number as text', '9', '10'],
  ['an offset of hours', '2024-05-01T12:00:00+02', '2024-05-01T11:00:00Z'],
  ['/Date()/', '/Date(999999999000)/', '/Date(1700000000000)/'],
  ['an epoch as text', '999999999', '1700000000'],
  ['the ts of Slack', '999999999.000200', '1700000000.000100'],
]

/** The checkpoint orders these otherwise. */
const overtaken: typeof outOfOrder = [
  ['RFC 2822', 'Tue, 07 May 2024 10:00:00 GMT', 'Mon, 13 May 2024 10:00:00 GMT'],
  ['a US date', '12/31/2023', '01/02/2024'],
  ['a zone in words', '2024-05-01 10:00:00 UTC', '2024-05-01T11:00:00Z'],
  ['an offset of hours', '2024-05-01T12:00:00+02', '2024-05-01T11:00:00Z'],
  ['/Date()/', '/Date(999999999000)/', '/Date(1700000000000)/'],
]

const older = outOfOrder.map(([name, earlier, later]): FaultCase => ({
  name: `an older version comes after the newer one, spelled as ${name}`,
  stream: { ...merge, paginator: { type: 'none' }, incremental },
  answer: () => ({
    data: [row(1, { updated_at: later, label: 'new' }), row(1, { updated_at: earlier, label: 'old' })],
  }),
  want: ['new'],
}))

const newer = overtaken.map(([name, earlier, later]): FaultCase => ({
  name: `a newer row comes with the next run, spelled as ${name}`,
  stream: { write: 'append', paginator: { type: 'none' }, incremental },
  runs: [{}, {}],
  answer: ({ run }) => ({
    data: [row(1, { updated_at: earlier }), ...(run === 1 ? [row(2, { updated_at: later })] : [])],
  }),
  want: ['r1', 'r2'],
}))

const garbage = ['0000-00-00 00:00:00', '', '2024-01-01T10:00', 'never'].map((value): FaultCase => ({
  name: `one row has the cursor ${JSON.stringify(value)}`,
  stream: { write: 'append', paginator: { type: 'none' }, params: sends, incremental },
  runs: [{}, {}, {}],
  answer: (ask) => ({ data: since([...rows(4 + ask.run), row(20, { updated_at: value })], ask) }),
  want: [...labels(6), 'r20'],
}))

const seconds = (text: string): number => Math.floor(Date.parse(text) / 1000)

const rest: readonly FaultCase[] = [
  ...['epoch', undefined].map((format): FaultCase => ({
    name: `start is a date beside a cursor that counts seconds${format ? ', as declared' : ''}`,
    stream: {
      write: 'append',
      paginator: { type: 'none' },
      incremental: { ...incremental, start: '2024-05-03', ...(format && { format }) },
    },
    answer: () => ({ data: rows(5).map((one) => ({ ...one, updated_at: seconds(String(one.updated_at)) })) }),
    want: ['r3', 'r4', 'r5'],
  })),
  {
    name: 'a backfill by dates beside a cursor that counts seconds',
    stream: { write: 'append', paginator: { type: 'none' }, incremental: { ...incremental, format: 'epoch' } },
    runs: [{ request: { from: '2024-05-02', until: '2024-05-04' } }],
    answer: () => ({ data: rows(5).map((one) => ({ ...one, updated_at: seconds(String(one.updated_at)) })) }),
    want: ['r2', 'r3'],
  },
  {
    name: 'an epoch far in the future',
    stream: { ...tracked, paginator: { type: 'none' } },
    runs: [{}, {}],
    answer: ({ run, param }) => ({
      data: [...rows(4 + run), row(20, { updated_at: '2999-01-01T00:00:00Z' })]
        .map((one) => ({ ...one, updated_at: seconds(String(one.updated_at)) }))
        .filter(({ updated_at: at }) => at >= Number(param('since') || 0)),
    }),
    want: [...labels(5), 'r20'],
  },
  ...['merge', 'scd2'].map((write): FaultCase => ({
    name: `a row that was ahead of its time is put right, in ${write}`,
    stream: { ...merge, write, paginator: { type: 'none' }, params: sends, incremental },
    runs: [{}, {}],
    answer: ({ run }) => ({
      data: [
        row(
          1,
          run === 0 ? { updated_at: '2999-01-01T00:00:00Z', label: 'ahead' } : { updated_at: onDay(9), label: 'right' },
        ),
      ],
    }),
    want: ['right'],
    must: 'table',
  })),
  {
    name: 'an older version comes after the newer one, by a dotted cursor',
    stream: { ...merge, paginator: { type: 'none' }, incremental: { cursor: 'fields.updated' } },
    answer: () => ({
      data: [
        { id: 1, label: 'new', fields: { updated: onDay(9) } },
        { id: 1, label: 'old', fields: { updated: onDay(2) } },
      ],
    }),
    want: ['new'],
  },
  {
    name: 'an older version comes once the cursor has a column for text too',
    stream: { ...merge, paginator: { type: 'none' }, incremental },
    runs: [{}, {}, {}],
    answer: ({ run }) => ({
      data: [
        [row(1, { updated_at: 5 })],
        [row(2, { updated_at: '9', label: 'new' })],
        [row(2, { updated_at: 7, label: 'old' })],
      ][run],
    }),
    want: ['r1', 'new'],
  },
  {
    name: 'start is no date',
    stream: { ...tracked, incremental: { ...incremental, start: '2024-13-45' } },
    answer: ({ page }) => ({ data: slice(rows(4), page) }),
    want: [],
    must: 'refused',
  },
  {
    name: 'a stream has no path',
    stream: { ...merge, path: undefined, paginator: byPage },
    answer: ({ url, page }) => ({ data: url.pathname === '/rows' ? slice(rows(4), page) : [] }),
    want: labels(4),
  },
  {
    name: 'no row has the cursor',
    stream: { ...tracked, incremental: { cursor: 'updated' } },
    runs: [{}],
    answer: (ask) => ({ data: slice(rows(4), ask.page) }),
    want: labels(4),
    must: 'warned',
  },
  {
    name: 'lookback beside an epoch as text',
    stream: { ...merge, paginator: { type: 'none' }, params: sends, incremental: { ...incremental, lookback: 'P3D' } },
    runs: [{}, {}],
    answer: ({ run, param }) => ({
      data: rows(6)
        .filter(({ id }) => run === 1 || id !== 5)
        .map((one) => ({ ...one, updated_at: String(seconds(String(one.updated_at))) }))
        .filter(({ updated_at: at }) => Number(at) >= Number(param('since') || 0)),
    }),
    want: labels(6),
  },
  {
    name: 'most values do not fit the declared type',
    stream: { ...merge, paginator: { type: 'none' }, columns: { updated_at: { type: 'timestamp' } } },
    answer: () => ({ data: rows(3).map((one) => ({ ...one, updated_at: '31.12.2023 kl. 10' })) }),
    want: labels(3),
    must: 'warned',
  },
]

export const cursorFaults: readonly FaultCase[] = [...older, ...newer, ...garbage, ...rest]
