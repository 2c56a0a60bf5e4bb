import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { openBigquery } from '../../src/destinations/bigquery/index.ts'
import { boundMerge, filterPartitions } from '../../src/destinations/bigquery/bounds.ts'
import {
  describeLayout,
  type Layout,
  planLayout,
  readLayout,
  samePartition,
  spellLayout,
} from '../../src/destinations/bigquery/layout.ts'
import { tableReply } from '../../src/destinations/bigquery/replies.ts'
import type { TablePlan } from '../../src/destinations/destination.ts'
import type { Column } from '../../src/schema/types.ts'
import { skipBigquery, startEmulator } from '../support/bigquery/emulator.ts'
import { query, readTable } from '../support/bigquery/read-rows.ts'
import { appendAll, createBatch, createPlan } from './batch.ts'

const columns: readonly Column[] = [
  { name: 'id', type: 'integer' },
  { name: 'day', type: 'date' },
  { name: 'at', type: 'timestamp' },
  { name: 'score', type: 'number' },
]
const byDay = { column: 'day', by: 'day', requireFilter: false, fixed: false } as const
const sources = [{ table: '`p.s.t_5`', columns, seq: 5 }]
const bounded = (layout: Layout, keys: readonly string[] = ['id'], fixed?: string) =>
  boundMerge({ table: '`p.d.t`', columns, layout, keys, sources, fixed })

suite('a new table', () => {
  const plan = (more: Partial<TablePlan>) => createPlan({ write: 'merge', primaryKey: ['id'], ...more })

  test('lies by its keys, or by the month of the time that its rows are appended by', () => {
    assert.deepEqual(planLayout(plan({ cursor: 'at' }), columns), { partition: undefined, cluster: ['id'] })
    assert.deepEqual(planLayout(createPlan({ cursor: 'at' }), columns).partition, {
      column: 'at',
      by: 'month',
      requireFilter: false,
    })
    assert.deepEqual(planLayout(createPlan({ cursor: 'id' }), columns), { partition: undefined, cluster: [] })
    assert.deepEqual(planLayout(plan({ primaryKey: ['score', 'id'] }), columns).cluster, ['id'])
  })

  test('is laid out as the plan says, in both of the spellings that BigQuery has', () => {
    const range = { start: 0, end: 1000, interval: 10 }
    for (const [column, by, requireFilter, clause] of [
      ['day', 'day', true, 'PARTITION BY `day` CLUSTER BY `id` OPTIONS (require_partition_filter = TRUE)'],
      ['day', 'month', false, 'PARTITION BY DATE_TRUNC(`day`, MONTH) CLUSTER BY `id`'],
      ['at', 'hour', false, 'PARTITION BY TIMESTAMP_TRUNC(`at`, HOUR) CLUSTER BY `id`'],
      ['id', range, false, 'PARTITION BY RANGE_BUCKET(`id`, GENERATE_ARRAY(0, 1000, 10)) CLUSTER BY `id`'],
    ] as const) {
      const partition = { column, by, requireFilter, fixed: false }
      const layout = planLayout(plan({ layout: { partition, cluster: ['id'] } }), columns)
      assert.equal(spellLayout(layout, columns), clause)
      const live = readLayout(tableReply.parse(describeLayout(layout)))
      assert.ok(samePartition(live.partition, layout.partition))
      assert.deepEqual([live.cluster, live.partition?.requireFilter], [['id'], requireFilter])
    }
  })

  test('is refused where the column of its partitions is not there, or of another type', () => {
    for (const partition of [
      { ...byDay, column: 'gone' },
      { ...byDay, column: 'score' },
      { ...byDay, by: 'hour' as const },
    ])
      assert.throws(() => planLayout(plan({ layout: { partition } }), columns), {
        code: 'CONFIG_INVALID',
        message: /declare/,
      })
  })
})

suite('the bounds of a merge', () => {
  test('are the partitions of the rows that come where the key, or a promise, tells them', () => {
    const layout = { partition: byDay, cluster: [] }
    const byKey = bounded(layout, ['id', 'day'])
    assert.deepEqual(byKey.conditions, ['(DATE_TRUNC(T.`day`, DAY) IN UNNEST(_headrace_partitions))'])
    assert.ok(!byKey.preparations.join().includes('p.d.t'))
    const promised = bounded(layout, ['id'], 'day')
    assert.deepEqual(promised.conditions, [
      '(DATE_TRUNC(T.`day`, DAY) IN UNNEST(_headrace_partitions) OR T.`day` IS NULL)',
    ])
    assert.ok(!promised.preparations.join().includes('p.d.t'))
  })

  test('are else the partitions that hold the keys, found by reading two columns', () => {
    const { preparations, conditions } = bounded({ partition: { ...byDay, requireFilter: true }, cluster: [] })
    assert.equal(
      preparations.join(),
      "SET _headrace_partitions = IFNULL((SELECT ARRAY_AGG(DISTINCT DATE_TRUNC(T.`day`, DAY) IGNORE NULLS) FROM `p.d.t` AS T WHERE (T.`day` >= DATE '0001-01-01' OR T.`day` IS NULL) AND EXISTS (SELECT 1 FROM (SELECT `id` AS `id` FROM `p.s.t_5`) AS S WHERE T.`id` = S.`id`)), [])",
    )
    assert.deepEqual(conditions, ['(DATE_TRUNC(T.`day`, DAY) IN UNNEST(_headrace_partitions) OR T.`day` IS NULL)'])
  })

  test('hold the range of the first key that the table lies by, where it is small and ordered', () => {
    const { declarations, conditions } = bounded({ cluster: ['id', 'day'] })
    assert.deepEqual(declarations, ['DECLARE _headrace_keys STRUCT<low INT64, high INT64>'])
    assert.deepEqual(conditions, ['T.`id` >= _headrace_keys.low', 'T.`id` <= _headrace_keys.high'])
    assert.deepEqual(bounded({ cluster: ['score'] }, ['score']).conditions, [])
    assert.deepEqual(bounded({ cluster: ['day'] }).conditions, [])
  })

  test('say all partitions to a table that wants to hear some, and nothing to another', () => {
    const partition = { column: 'at', by: 'hour', requireFilter: true } as const
    assert.deepEqual(filterPartitions({ partition, cluster: [] }, columns), [
      "(T.`at` >= TIMESTAMP '0001-01-01 00:00:00+00' OR T.`at` IS NULL)",
    ])
    assert.deepEqual(filterPartitions({ partition: byDay, cluster: [] }, columns), [])
  })
})

suite('a partitioned table', { skip: skipBigquery }, async () => {
  if (skipBigquery) return
  const emulator = await startEmulator()
  after(() => emulator[Symbol.asyncDispose]())
  const { endpoint } = emulator
  const project = 'layout'
  const said: string[] = []
  const log = { warn: (_fields: object, message: string) => void said.push(message) }
  const write = async (dataset: string, more: Partial<TablePlan>, rows: readonly object[]) => {
    await using destination = openBigquery({ type: 'bigquery', project, dataset }, 'acme', { endpoint, log })
    const complete = more.staged === true
    const batch = (seq: number) => createBatch(seq, rows, { columns, complete, whole: complete })
    await appendAll(destination, { write: 'merge', primaryKey: ['id'], ...more }, [batch])
  }
  const read = async (dataset: string) => {
    const rows = await readTable(endpoint, { project, dataset, table: 'orders' }, columns)
    return rows.map((row) => `${row['id']} ${row['day'] ?? '-'} ${row['score']}`).toSorted()
  }
  const layoutOf = async (dataset: string) => {
    const answer = await fetch(`${endpoint}/bigquery/v2/projects/${project}/datasets/${dataset}/tables/orders`)
    return readLayout(tableReply.parse(await answer.json()))
  }

  test('is merged into without a row twice, also where a row moves, comes from no partition, or goes to none', async () => {
    const layout = { partition: byDay, cluster: ['id'] }
    await write('moved', { layout }, [
      { id: 1, day: '2024-01-01', score: 1 },
      { id: 2, score: 1 },
      { id: 3, day: '2024-03-03', score: 1 },
      { id: 4, day: '2024-04-04', score: 1 },
    ])
    assert.deepEqual(await layoutOf('moved'), {
      partition: { column: 'day', by: 'day', requireFilter: false },
      cluster: ['id'],
    })
    await write('moved', { layout }, [
      { id: 1, day: '2024-05-05', score: 2 },
      { id: 2, day: '2024-01-01', score: 2 },
      { id: 3, score: 2 },
      { id: 5, day: '2024-05-05', score: 2 },
    ])
    const expected = ['1 2024-05-05 2', '2 2024-01-01 2', '3 - 2', '4 2024-04-04 1', '5 2024-05-05 2']
    assert.deepEqual(await read('moved'), expected)
    assert.deepEqual(said, [])
    // What the next merge of these keys would look into.
    const { declarations, preparations } = boundMerge({
      table: '`layout.moved.orders`',
      columns,
      layout,
      keys: ['id'],
      sources: [{ table: '(SELECT id FROM UNNEST([1, 2, 3, 9]) AS id)', columns: columns.slice(0, 1), seq: 3 }],
      fixed: undefined,
    })
    const script = [
      ...declarations,
      ...preparations,
      'SELECT ARRAY_TO_STRING(ARRAY(SELECT CAST(d AS STRING) FROM UNNEST(_headrace_partitions) AS d ORDER BY d), ",")',
    ]
    assert.deepEqual(await query(endpoint, project, `${script.join(';\n')};`), [['2024-01-01,2024-05-05']])
  })

  test('of a hundred times the rows is read no further by the same merge', async () => {
    await write('large', { layout: { partition: byDay, cluster: [] } }, [{ id: 0, day: '2024-01-01', score: 1 }])
    const table = '`layout.large.orders`'
    const batch = `(SELECT id, DATE '2024-01-01' AS day FROM UNNEST([1, 2, 3]) AS id)`
    const { declarations, preparations, conditions } = boundMerge({
      table,
      columns,
      layout: { partition: byDay, cluster: [] },
      keys: ['id'],
      sources: [{ table: batch, columns: columns.slice(0, 2), seq: 3 }],
      fixed: 'day',
    })
    const count = `SELECT COUNT(*), COUNTIF(${conditions.join(' AND ')}) FROM ${table} AS T`
    const seen: (readonly number[])[] = []
    for (const [from, until] of [
      [0, 1],
      [1, 10],
      [10, 100],
    ] as const) {
      await query(
        endpoint,
        project,
        `INSERT INTO ${table} (id, day, score) SELECT d * 20 + n, DATE_ADD(DATE '2024-01-01', INTERVAL d DAY), 1
         FROM UNNEST(GENERATE_ARRAY(${from}, ${until - 1})) AS d, UNNEST(GENERATE_ARRAY(1, 20)) AS n`,
      )
      const [counts = []] = await query(endpoint, project, `${[...declarations, ...preparations, count].join(';\n')};`)
      seen.push(counts.map(Number))
    }
    assert.deepEqual(seen, [
      [21, 21],
      [201, 21],
      [2001, 21],
    ])
  })

  test('that is there already stays as it is, which is said once, until a full refresh makes it anew', async () => {
    await write('late', {}, [{ id: 1, day: '2024-01-01', score: 1 }])
    const layout = { partition: byDay, cluster: ['day', 'id'] }
    await write('late', { layout }, [{ id: 2, day: '2024-01-02', score: 1 }])
    assert.deepEqual(await layoutOf('late'), { cluster: ['day', 'id'] })
    assert.equal(said.length, 1)
    assert.match(said[0] ?? '', /Table orders is not partitioned, .* the day of day; .*--full-refresh/)
    await write('late', { layout, staged: true }, [{ id: 3, day: '2024-01-03', score: 1 }])
    assert.deepEqual(await layoutOf('late'), {
      partition: { column: 'day', by: 'day', requireFilter: false },
      cluster: ['day', 'id'],
    })
    assert.deepEqual(await read('late'), ['3 2024-01-03 1'])
  })
})
