import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { toCell } from '../../src/destinations/bigquery/cells.ts'
import { type CommitPlan, createCommitScript, type Write } from '../../src/destinations/bigquery/commit-script.ts'
import { jobLabels, queryConfiguration } from '../../src/destinations/bigquery/jobs.ts'
import { insertOnly, upsert } from '../../src/destinations/bigquery/merge-sql.ts'
import { numberLines } from '../../src/destinations/bigquery/numbered-lines.ts'
import { fromField, toField, toSqlType } from '../../src/destinations/bigquery/types.ts'
import { createUsage } from '../../src/destinations/bigquery/usage.ts'
import type { Warehouse } from '../../src/destinations/bigquery/warehouse.ts'
import type { Ordering } from '../../src/destinations/ordering.ts'
import type { Column, ColumnType } from '../../src/schema/types.ts'

const columns: readonly Column[] = [
  { name: 'id', type: 'integer' },
  { name: 'at', type: 'timestamp' },
]
const target = { table: '`p.d.t`', columns }
const sources = [{ table: '`p.s.t_5`', columns, seq: 5 }]
const plan = (write?: Write, more: Partial<CommitPlan> = {}): CommitPlan => ({
  log: '`p.d._headrace_commits`',
  stream: 'orders',
  runId: 'run-1',
  loadedAt: '2024-05-01T12:00:00Z',
  commits: [{ seq: 5, checkpoint: '{"done":1}', rows: 2 }],
  write,
  ...more,
})
const at: Ordering = { columns: ['at'], value: (row) => `${row}\`at\`` }
const keys = { columns: ['id'], cursor: at, firstWins: false }
const statementsOf = (query: string): readonly string[] =>
  query
    .split(/;\n/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
const verbsOf = (query: string) => statementsOf(query).map((statement) => statement.split(' ', 2).join(' '))

suite('the commit script', () => {
  test('stands in one transaction that begins with the fence and ends with the log', () => {
    const script = createCommitScript(plan({ kind: 'append', target, sources }))
    assert.deepEqual(verbsOf(script.query), [
      'BEGIN TRANSACTION',
      'SELECT IF((SELECT',
      'INSERT INTO',
      'INSERT INTO',
      'COMMIT TRANSACTION',
    ])
    assert.match(script.query, /MAX\(seq\), 0\) FROM `p.d._headrace_commits` WHERE stream = @stream\) = @seq - 1/)
    assert.equal(script.parameters['seq']?.value, '5')
  })

  test('holds no value of a row, a run or a stream in its text', () => {
    const odd = `'; DROP TABLE x; --`
    const script = createCommitScript(
      plan(undefined, {
        stream: odd,
        runId: odd,
        loadedAt: odd,
        commits: [{ seq: 5, checkpoint: JSON.stringify({ done: odd }), rows: 0 }],
        retract: { table: '`p.d.t`', runs: [odd] },
      }),
    )
    assert.ok(!script.query.includes('DROP'))
    assert.deepEqual(script.parameters['retract'], { type: 'STRING', value: [odd] })
  })

  test('merges so that the higher cursor wins, and leaves what is newer in the table', () => {
    const merge = { keys, bounds: [], clauses: upsert(at) }
    const { query } = createCommitScript(plan({ kind: 'merge', target, sources, merge }))
    assert.match(
      query,
      /ROW_NUMBER\(\) OVER \(PARTITION BY `id` ORDER BY `at` DESC NULLS LAST, _headrace_seq DESC, _headrace_order DESC\) = 1/,
    )
    assert.match(query, /WHEN MATCHED AND \(T.`at` IS NULL OR S.`at` >= T.`at`\) THEN UPDATE/)
  })

  test('that only inserts lets the row of an earlier batch stay', () => {
    const merge = { keys: { ...keys, firstWins: true }, bounds: [], clauses: insertOnly() }
    const { query } = createCommitScript(plan({ kind: 'merge', target, sources, merge }))
    assert.match(query, /ORDER BY _headrace_seq ASC,/)
    assert.ok(!query.includes('WHEN MATCHED'))
  })

  test('puts further bounds beside the keys, so that a merge need not read every partition', () => {
    const merge = { keys, bounds: [`T.\`at\` >= TIMESTAMP '2024-01-01'`], clauses: upsert(at) }
    const { query } = createCommitScript(plan({ kind: 'merge', target, sources, merge }))
    assert.match(query, /ON T.`id` = S.`id` AND T.`at` >= TIMESTAMP '2024-01-01'\n/)
  })

  test('makes a table anew before its transaction, and only where types leave no other way', () => {
    const replace = { kind: 'replace', target, sources, keys: undefined } as const
    assert.ok(verbsOf(createCommitScript(plan({ ...replace, rebuild: undefined })).query).includes('TRUNCATE TABLE'))
    const rebuilt = verbsOf(createCommitScript(plan({ ...replace, rebuild: { layout: '', drops: false } })).query)
    assert.deepEqual(rebuilt.slice(0, 4), ['SELECT IF((SELECT', 'CREATE OR', 'BEGIN TRANSACTION', 'SELECT IF((SELECT'])
  })

  test('casts what is narrower than the table, and sets what a batch lacks to NULL', () => {
    const wide: readonly Column[] = [
      { name: 'id', type: 'number' },
      { name: 'note', type: 'string' },
    ]
    const { query } = createCommitScript(plan({ kind: 'append', target: { table: '`p.d.t`', columns: wide }, sources }))
    assert.match(query, /CAST\(`id` AS FLOAT64\) AS `id`, CAST\(NULL AS STRING\) AS `note`/)
  })
})

suite('numbered lines', () => {
  test('are the same rows with their place, however the bytes are split', async () => {
    const row = fc.record({ a: fc.string(), b: fc.integer() }, { requiredKeys: [] })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), fc.integer({ min: 1, max: 50 }), async (rows, size) => {
        const bytes = Buffer.from(rows.map((one) => `${JSON.stringify(one)}\n`).join(''))
        const text = await numbered(bytes, size)
        const read = text.split('\n').filter((line) => line !== '')
        assert.deepEqual(
          read.map((line) => JSON.parse(line) as object),
          rows.map((one, at) => ({ _headrace_order: at, ...one })),
        )
      }),
    )
  })

  test('may be longer than a block, and hold space where JSON lets them', async () => {
    const long = 'x'.repeat(600_000)
    const text = await numbered(Buffer.from(`{ }\n { "a": "${long}" }\n{}\n`), 70_000)
    assert.deepEqual(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object),
      [{ _headrace_order: 0 }, { _headrace_order: 1, a: long }, { _headrace_order: 2 }],
    )
  })
})

suite('columns', () => {
  test('of a narrower type become the wider one, records field by field, so that NULL stays NULL', () => {
    assert.equal(toCell('a', 'integer', 'decimal(25,2)'), 'CAST(`a` AS NUMERIC)')
    assert.equal(toCell('a', 'array<string>', 'array<string>'), 'IFNULL(`a`, [])')
    assert.equal(toCell('a', undefined, 'array<string>'), 'ARRAY<STRING>[]')
    assert.equal(
      toCell('r', 'record<a integer>', 'record<a numeric, b array<string>>'),
      'IF(`r` IS NULL, NULL, STRUCT(CAST(`r`.`a` AS NUMERIC) AS `a`, ARRAY<STRING>[] AS `b`))',
    )
    assert.equal(
      toCell('s', 'array<record<a integer>>', 'array<record<a integer, b string>>'),
      'IFNULL(ARRAY(SELECT IF(item0 IS NULL, NULL, STRUCT(item0.`a` AS `a`, CAST(NULL AS STRING) AS `b`)) FROM UNNEST(`s`) AS item0 WITH OFFSET AS place0 ORDER BY place0), [])',
    )
  })

  test('of every type come back from the service as what they are', () => {
    const types: readonly ColumnType[] = [
      'integer',
      'numeric',
      'bignumeric',
      'number',
      'boolean',
      'string',
      'timestamp',
      'datetime',
      'date',
      'time',
      'json',
      'bytes',
      'decimal(10,2)',
      'decimal(38,20)',
      'array<integer>',
      'record<a integer, b array<string>>',
    ]
    for (const type of types) assert.equal(fromField(toField({ name: 'c', type })), type)
    assert.equal(fromField({ name: 'c', type: 'INTEGER', mode: 'NULLABLE' }), 'integer')
    assert.equal(fromField({ name: 'c', type: 'GEOGRAPHY', mode: 'NULLABLE' }), 'string')
    assert.equal(toSqlType('decimal(38,20)'), 'BIGNUMERIC(38, 20)')
  })
})

suite('jobs', () => {
  test('bear labels that BigQuery takes', () => {
    for (const label of Object.values(jobLabels('acme', 'Orders[2024-01-01,2024-02-01)', 'R'.repeat(80)))) {
      assert.match(label, /^[a-z0-9_-]{1,63}$/)
    }
  })

  test('are limited in what they may be billed for, where the destination says so', () => {
    const warehouse = { maximumBytesBilled: '1000' } as Warehouse
    const { query } = queryConfiguration(warehouse, { query: 'SELECT 1', parameters: {} }) as { query: object }
    assert.deepEqual(query, { query: 'SELECT 1', useLegacySql: false, maximumBytesBilled: '1000' })
  })

  test('are priced by what they are billed for', () => {
    const usage = createUsage(6.25)
    assert.equal(usage.total(), undefined)
    usage.add({ bytesProcessed: 5, bytesBilled: 2 ** 39, slotMs: 100 })
    usage.add({ bytesProcessed: 6, bytesBilled: 0, slotMs: 50 })
    assert.deepEqual(usage.total(), {
      jobs: 2,
      bytes_processed: 11,
      bytes_billed: 2 ** 39,
      slot_ms: 150,
      estimated_usd: 3.125,
      usd_per_tib: 6.25,
    })
  })
})

async function numbered(bytes: Buffer, size: number): Promise<string> {
  const chunks = (function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  })()
  const read = (async function* () {
    for (const chunk of chunks) yield await Promise.resolve(chunk)
  })()
  return Buffer.concat(await Array.fromAsync(numberLines(read))).toString()
}
