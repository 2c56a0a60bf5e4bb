import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DuckDBInstance } from '@duckdb/node-api'
import { flagDialect as bigquery } from '../../src/destinations/bigquery/sql.ts'
import type { DeletePlan } from '../../src/destinations/destination.ts'
import { flagDialect as duckdb } from '../../src/destinations/duckdb/sql.ts'
import { deletionTime, type FlagDialect } from '../../src/destinations/flag-sql.ts'
import type { Column, ColumnType } from '../../src/schema/types.ts'

const dialects: readonly (readonly [name: string, dialect: FlagDialect])[] = [
  ['duckdb', duckdb],
  ['bigquery', bigquery],
]
const expressionOf = (column: Column, plan: Partial<DeletePlan>, dialect: FlagDialect): string =>
  deletionTime(plan, [column], dialect)

suite('the flag of a deleted row', () => {
  for (const [name, dialect] of dialects) {
    test(`is found whatever the case of its name, and that of the column beside it (${name})`, () => {
      const flag = 'isGone'
      for (const column of ['isGone', 'ISGONE', 'isgone', 'IsGone__string']) {
        const found = expressionOf({ name: column, type: 'boolean' }, { flag }, dialect)
        assert.match(found, /^CASE WHEN .isgone/i, column)
      }
      const none = `CAST(NULL AS ${dialect.timestamp})`
      assert.equal(expressionOf({ name: 'gone', type: 'boolean' }, { flag }, dialect), none)
      assert.equal(expressionOf({ name: 'gone', type: 'boolean' }, {}, dialect), none)
    })

    test(`is no list and no record where it is to have a value (${name})`, () => {
      for (const type of ['array<string>', 'array<integer>', 'record<a string>'] as ColumnType[])
        assert.match(expressionOf({ name: 'gone', type }, { flag: 'gone', value: '[1]' }, dialect), /WHEN FALSE THEN/)
    })
  }

  const cases: readonly (readonly [
    type: ColumnType,
    sql: string,
    gone: readonly string[],
    there: readonly string[],
    value?: string | number,
  ])[] = [
    ['boolean', 'BOOLEAN', ['true'], ['false', 'NULL']],
    ['integer', 'BIGINT', ['1', '-1'], ['0', 'NULL']],
    ['string', 'VARCHAR', ["'yes'", "'no'"], ["''", "'0'", "'False'", 'NULL']],
    ['json', 'JSON', [`'{"a":1}'`, `'true'`], [`'null'`, `'false'`, `'0'`, `'""'`, 'NULL']],
    ['array<integer>', 'BIGINT[]', ['[0]'], ['[]']],
    ['date', 'DATE', ["'2024-01-02'"], ['NULL']],
    ['integer', 'BIGINT', ['2'], ['1', 'NULL'], 2],
    ['integer', 'BIGINT', [], ['1', 'NULL'], 'gone'],
    ['string', 'VARCHAR', ["'it''s'"], ["'its'", 'NULL'], "it's"],
    ['array<integer>', 'BIGINT[]', [], ['[1]'], '[1]'],
  ]
  for (const [type, sql, gone, there, value] of cases)
    test(`is read by DuckDB as what it is: ${type}${value === undefined ? '' : `, ${value}`}`, async () => {
      const flag = { flag: 'Flag', ...(value !== undefined && { value }) }
      const expression = expressionOf({ name: 'flag', type }, flag, duckdb)
      const connection = await (await DuckDBInstance.create(':memory:')).connect()
      const isDeleted = async (cell: string): Promise<unknown> => {
        const from = `SELECT CAST(${cell} AS ${sql}) AS flag, now() AS _headrace_loaded_at`
        const read = await connection.runAndReadAll(`SELECT (${expression}) IS NOT NULL FROM (${from})`)
        return read.getRows()[0]?.[0]
      }
      for (const cell of gone) assert.equal(await isDeleted(cell), true, cell)
      for (const cell of there) assert.equal(await isDeleted(cell), false, cell)
      connection.closeSync()
    })
})
