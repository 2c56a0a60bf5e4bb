import { type FaultCase, reply } from './case.ts'
import { byPage, incremental, labels, merge, row, rows, sends, since, slice, tracked } from './rows.ts'

const all = { type: 'none' }
const list = (...items: readonly string[]): unknown => reply(`{"data":[${items.join(',')}]}`)
const append = { write: 'append', paginator: all, params: sends, incremental }

export const keyFaults: readonly FaultCase[] = [
  {
    name: 'a fraction comes into the column of large keys',
    stream: { ...merge, paginator: all },
    runs: [{}, {}],
    answer: ({ run }) =>
      run === 0
        ? list('{"id":9007199254740992,"label":"a"}', '{"id":9007199254740993,"label":"b"}')
        : list('{"id":1.5,"label":"c"}', '{"id":9007199254740993,"label":"d"}'),
    want: ['a', 'c', 'd'],
  },
  {
    name: 'a fraction comes into a column of large integers',
    stream: { ...merge, paginator: all },
    answer: () => list('{"id":1,"label":"a","n":9007199254740993}', '{"id":2,"label":"b","n":1.5}'),
    sql: 'SELECT n::DECIMAL(30,0)::VARCHAR FROM $SCHEMA.rows WHERE id = 1',
    want: ['9007199254740993'],
    must: 'table',
  },
  {
    name: 'keys are times that differ by nanoseconds',
    stream: { ...merge, paginator: all },
    answer: () =>
      list(
        '{"id":"2024-05-01T10:00:00.000000001Z","label":"a"}',
        '{"id":"2024-05-01T10:00:00.000000002Z","label":"b"}',
      ),
    want: ['a', 'b'],
  },
  {
    name: 'the key is nested',
    stream: { ...merge, primary_key: ['info.run_id'], paginator: all },
    runs: [{}, {}],
    answer: () => ({
      data: [
        { info: { run_id: 1 }, label: 'a' },
        { info: { run_id: 2 }, label: 'b' },
      ],
    }),
    want: ['a', 'b'],
    must: 'complete',
  },
  {
    name: 'a twin of an event arrives later',
    stream: append,
    runs: [{}, {}, {}],
    answer: (ask) => ({ data: since(ask.run === 0 ? [row(5)] : [row(5), row(5)], ask) }),
    want: ['r5', 'r5'],
  },
  {
    name: 'a member of a known row changes by itself',
    stream: { ...append, primary_key: ['id'] },
    runs: [{}, {}, {}],
    answer: (ask) => ({
      data: since(
        rows(4).map((one) => ({ ...one, age: ask.run })),
        ask,
      ),
    }),
    want: labels(4),
  },
  {
    name: 'the members of a known row come in another order',
    stream: append,
    runs: [{}, {}],
    answer: (ask) => ({
      data: since(rows(4), ask).map(({ id, label, updated_at }) =>
        ask.run === 0 ? { id, label, updated_at } : { updated_at, label, id },
      ),
    }),
    want: labels(4),
  },
  {
    name: 'a backfill is run twice',
    stream: { ...append, incremental: { ...incremental, start: '2024-05-04T12:00:00Z' } },
    runs: [{}, ...[1, 2].map(() => ({ request: { from: '2024-05-01T12:00:00Z', until: '2024-05-04T12:00:00Z' } }))],
    answer: (ask) => ({ data: since(rows(6), ask) }),
    want: labels(6),
  },
  {
    name: 'the rest of a run is asked for twice',
    stream: { write: 'append', paginator: byPage },
    runs: [{ cut: { by: 'budget', nth: 1 } }, { rest: true }, { rest: true }],
    answer: ({ page }) => ({ data: slice(rows(6), page) }),
    want: labels(6),
  },
  {
    name: 'a message comes again as another stream has failed',
    before: [{ name: 'broken', path: '/broken', rows: '$.data[*]', paginator: all }],
    stream: { write: 'append', paginator: byPage },
    runs: [{}, { again: true }],
    answer: ({ url, page }) =>
      url.pathname === '/broken' ? reply('{"error":"no"}', 400) : { data: slice(rows(6), page) },
    want: labels(6),
    must: 'table',
  },
  {
    name: 'a run is killed between its last commit and its record',
    stream: { write: 'append', paginator: byPage },
    runs: [{ cut: { by: 'kill', at: 'record', nth: 1, after: false } }, { again: true }],
    answer: ({ page }) => ({ data: slice(rows(6), page) }),
    want: labels(6),
  },
  {
    name: 'a backfill into files',
    tier: 'files',
    stream: { ...append, incremental: { ...incremental, start: '2024-05-04T12:00:00Z' } },
    runs: [{}, { request: { from: '2024-05-01T12:00:00Z', until: '2024-05-04T12:00:00Z' } }],
    answer: (ask) => ({ data: since(rows(6), ask) }),
    want: labels(6),
  },
  {
    name: 'a stream with another name writes on into its files',
    tier: 'files',
    stream: { name: 'first', table: 'rows', write: 'append', path: '/rows', paginator: all },
    runs: [{}, { stream: { name: 'second' } }],
    answer: ({ run }) => ({ data: run === 0 ? rows(6) : rows(8).slice(6) }),
    want: labels(8),
  },
  {
    name: 'a history gets a second version under one cursor',
    stream: { ...tracked, paginator: all, write: 'scd2' },
    runs: [{}, {}],
    answer: ({ run }) => ({ data: [row(1, { label: run === 0 ? 'a' : 'b' })] }),
    sql: 'SELECT label FROM $SCHEMA.rows',
    want: ['a', 'b'],
  },
  {
    name: 'a history gets two versions within one microsecond',
    stream: { ...tracked, paginator: all, write: 'scd2' },
    runs: [{}, {}],
    answer: ({ run }) => ({
      data: [row(1, { label: run === 0 ? 'a' : 'b', updated_at: `2024-05-01T10:00:00.00000000${run + 1}Z` })],
    }),
    sql: 'SELECT label FROM $SCHEMA.rows',
    want: ['a', 'b'],
  },
]
