import type { FaultCase } from './case.ts'
import { incremental, merge, row, rows, sends, since } from './rows.ts'

const all = { type: 'none' }
const parents = { name: 'groups', path: '/groups', rows: '$.data[*]', primary_key: ['id'], paginator: all }
const child = {
  ...merge,
  path: '/groups/{{ parent.id }}/rows',
  paginator: all,
  params: sends,
  incremental,
  parent: { stream: 'groups', include: { id: 'id' } },
}
const parted = { ...merge, path: '/groups/{{ partition.id }}/rows', paginator: all, params: sends, incremental }

const groupOf = (url: URL): string | undefined => /^\/groups\/(\w+)\/rows$/.exec(url.pathname)?.[1]

export const sliceFaults: readonly FaultCase[] = [
  {
    name: 'a partition is added',
    stream: { ...parted, partitions: [{ id: 'a' }] },
    runs: [{}, { stream: { partitions: [{ id: 'a' }, { id: 'b' }] } }, {}],
    answer: (ask) => ({ data: since(groupOf(ask.url) === 'a' ? [row(9)] : [row(2), row(3)], ask) }),
    want: ['r9', 'r2', 'r3'],
  },
  ...['merge', 'append'].map((write): FaultCase => ({
    name: `a partition is added where one cursor is kept for all, in ${write}`,
    stream: {
      ...parted,
      ...(write === 'append' && { write, primary_key: undefined }),
      incremental: { ...incremental, per: 'stream' },
      partitions: [{ id: 'a' }],
    },
    runs: [{}, { stream: { partitions: [{ id: 'a' }, { id: 'b' }] } }, {}],
    answer: (ask) => ({ data: since(groupOf(ask.url) === 'a' ? [row(9)] : [row(2), row(3)], ask) }),
    want: ['r9'],
    must: 'warned',
  })),
  {
    name: 'a partition is added to what is appended without asking by the cursor',
    stream: { ...parted, write: 'append', primary_key: undefined, params: {}, partitions: [{ id: 'a' }] },
    runs: [{}, { stream: { partitions: [{ id: 'a' }, { id: 'b' }] } }, {}],
    answer: ({ url }) => ({ data: groupOf(url) === 'a' ? [row(9)] : [row(2), row(3)] }),
    want: ['r9', 'r2', 'r3'],
  },
  {
    name: 'a parent is added',
    before: [parents],
    stream: child,
    runs: [{}, {}, {}],
    answer: (ask) => {
      const group = groupOf(ask.url)
      if (group === undefined) return { data: ask.run === 0 ? [{ id: 'a' }] : [{ id: 'a' }, { id: 'b' }] }
      return { data: since(group === 'a' ? [row(9)] : [row(2), row(3)], ask) }
    },
    want: ['r9', 'r2', 'r3'],
  },
  {
    name: 'one partition is slower than the other',
    stream: { ...parted, partitions: [{ id: 'a' }, { id: 'b' }] },
    runs: [{}, {}, {}],
    answer: (ask) => ({
      data: since(groupOf(ask.url) === 'a' ? [row(9)] : [row(2), ...(ask.run > 0 ? [row(4)] : [])], ask),
    }),
    want: ['r9', 'r2', 'r4'],
  },
  {
    name: 'one parent is slower than the other, in append',
    before: [parents],
    stream: { ...child, write: 'append', primary_key: undefined },
    runs: [{}, {}, {}],
    answer: (ask) => {
      const group = groupOf(ask.url)
      if (group === undefined) return { data: [{ id: 'a' }, { id: 'b' }] }
      return { data: since(group === 'a' ? [row(9)] : [row(2), ...(ask.run > 0 ? [row(4)] : [])], ask) }
    },
    want: ['r9', 'r2', 'r4'],
  },
  {
    name: 'a parent comes twice',
    before: [parents],
    stream: { ...child, write: 'append', primary_key: undefined, params: {}, incremental: undefined },
    answer: ({ url }) => ({ data: groupOf(url) === undefined ? [{ id: 'a' }, { id: 'a' }] : rows(2) }),
    want: ['r1', 'r2'],
  },
  {
    name: 'a child never uses its parent',
    before: [parents],
    stream: { ...child, path: '/rows' },
    answer: ({ url }) => ({ data: url.pathname === '/groups' ? [{ id: 'a' }, { id: 'b' }] : rows(2) }),
    want: [],
    must: 'refused',
  },
]
