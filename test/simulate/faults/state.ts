import type { FaultCase } from './case.ts'
import { byPage, incremental, labels, merge, onDay, row, rows, sends, since, slice, tracked } from './rows.ts'

const created = (id: number, day: number): object => row(id, { created_at: onDay(day) })

export const stateFaults: readonly FaultCase[] = [
  {
    name: 'the cursor is another field now',
    stream: { ...tracked, paginator: { type: 'none' } },
    runs: [{}, { stream: { incremental: { cursor: 'created_at' } } }],
    answer: ({ run, param }) => {
      const all = [created(8, 2), created(9, 3), ...(run === 1 ? [created(10, 5)] : [])]
      const field = run === 0 ? 'updated_at' : 'created_at'
      return { data: all.filter((one) => String((one as Record<string, unknown>)[field]) >= param('since')) }
    },
    want: ['r8', 'r9', 'r10'],
  },
  {
    name: 'the API is another one now',
    stream: { ...tracked, paginator: { type: 'none' } },
    runs: [{}, { connector: { base_url: 'http://other.invalid' } }],
    answer: (ask) => ({ data: since(ask.url.hostname.startsWith('other') ? [row(1), row(2)] : [row(8)], ask) }),
    want: ['r1', 'r2'],
  },
  {
    name: 'the path is another one now',
    stream: { ...tracked, paginator: { type: 'none' } },
    runs: [{}, { stream: { path: '/v2/rows' } }],
    answer: (ask) => ({ data: since(ask.url.pathname.startsWith('/v2') ? [row(1), row(8)] : [row(8)], ask) }),
    want: ['r1', 'r8'],
  },
  {
    name: 'the primary key is put right in the middle of a full refresh',
    stream: { ...merge, primary_key: ['shop'], paginator: byPage },
    runs: [{}, { request: { full_refresh: true, limit: 2 } }, { stream: { primary_key: ['id'] } }],
    answer: ({ page }) => ({
      data: slice(
        rows(6).map((one) => ({ ...one, shop: 1 })),
        page,
      ),
    }),
    want: labels(6),
  },
  {
    name: 'somebody has dropped the table',
    stream: { ...tracked, paginator: { type: 'none' } },
    runs: [{}, { sql: 'DROP TABLE $SCHEMA.rows' }],
    answer: (ask) => ({ data: since(rows(6 + ask.run), ask) }),
    want: labels(7),
  },
  {
    name: 'two streams write to one schema under one name',
    stream: { write: 'append', paginator: { type: 'none' }, params: sends, incremental },
    runs: [{}, { renamed: true }],
    answer: (ask) => ({ data: since(ask.run === 0 ? [row(8)] : [row(3), row(9)], ask) }),
    want: ['r8', 'r3', 'r9'],
  },
  {
    name: 'merge becomes append',
    stream: { ...tracked, paginator: { type: 'none' } },
    runs: [{}, { stream: { write: 'append' } }, {}],
    answer: (ask) => ({ data: since(rows(4), ask) }),
    want: labels(4),
  },
  {
    name: 'a column has another name now',
    stream: { ...merge, paginator: { type: 'none' } },
    runs: [{}, { stream: { columns: { note: { rename: 'remark' } } } }],
    answer: () => ({ data: rows(2).map((one) => ({ ...one, note: `note ${one.id}` })) }),
    sql: 'SELECT remark FROM $SCHEMA.rows',
    want: ['note 1', 'note 2'],
    must: 'table',
  },
  {
    name: 'a column has its own name again',
    stream: { ...merge, paginator: { type: 'none' }, columns: { note: { rename: 'remark' } } },
    runs: [{}, { stream: { columns: {} } }],
    answer: () => ({ data: rows(2).map((one) => ({ ...one, note: `note ${one.id}` })) }),
    sql: 'SELECT note FROM $SCHEMA.rows',
    want: ['note 1', 'note 2'],
    must: 'table',
  },
  {
    name: 'the column of the key has another name now',
    stream: { ...merge, paginator: { type: 'none' } },
    runs: [{}, { stream: { columns: { id: { rename: 'number' } } } }, {}],
    answer: () => ({ data: rows(2) }),
    want: labels(2),
    must: 'table',
  },
  {
    name: 'the key of a history is put right',
    stream: { write: 'scd2', primary_key: ['shop'], paginator: { type: 'none' }, incremental },
    runs: [{}, { stream: { primary_key: ['id'] }, request: { full_refresh: true } }],
    answer: () => ({ data: rows(3).map((one) => ({ ...one, shop: one.id % 2 })) }),
    want: labels(3),
  },
  {
    name: 'a history comes from another API now',
    stream: { write: 'scd2', primary_key: ['id'], paginator: { type: 'none' }, incremental },
    runs: [{}, { connector: { base_url: 'http://other.invalid' }, request: { full_refresh: true } }],
    answer: ({ url }) => ({
      data: url.hostname.startsWith('other') ? [row(1, { label: 'other' })] : [row(1, { updated_at: onDay(9) })],
    }),
    want: ['other'],
  },
  {
    name: 'a stream that has found nothing so far begins to append what a backfill has brought',
    stream: { ...tracked, paginator: { type: 'none' } },
    runs: [{}, { request: { from: onDay(1), until: onDay(9) } }, { stream: { write: 'append' } }],
    answer: ({ run }) => ({ data: run === 0 ? [] : rows(2) }),
    want: labels(2),
  },
  {
    name: 'a longer lookback, in append',
    stream: { write: 'append', paginator: { type: 'none' }, params: sends, incremental },
    runs: [{}, { stream: { incremental: { ...incremental, lookback: 'P3D' } } }, {}],
    answer: (ask) => ({ data: since(rows(6), ask) }),
    want: labels(6),
  },
]
