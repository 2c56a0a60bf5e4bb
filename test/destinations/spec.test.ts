import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { test } from 'node:test'
import { parseDestination } from '../../src/destinations/index.ts'
import type { SyncError } from '../../src/base/errors.ts'

test('a DuckDB file may name its schema', () => {
  assert.deepEqual(parseDestination('duckdb:out/a.duckdb'), { type: 'duckdb', path: 'out/a.duckdb' })
  assert.deepEqual(parseDestination('duckdb:a#b.duckdb#My "schema"'), {
    type: 'duckdb',
    path: 'a#b.duckdb',
    schema: 'My "schema"',
  })
  assert.deepEqual(parseDestination('duckdb:~/a.duckdb'), { type: 'duckdb', path: `${homedir()}/a.duckdb` })
})

test('a folder may name the format of its files', () => {
  assert.deepEqual(parseDestination('files:out'), { type: 'files', dir: 'out', format: 'ndjson' })
  assert.deepEqual(parseDestination('files:out?format=parquet'), { type: 'files', dir: 'out', format: 'parquet' })
})

test('a BigQuery project may name its dataset, where it lies, what a job may cost and how soon a batch is committed', () => {
  assert.deepEqual(parseDestination('bigquery:my-project'), { type: 'bigquery', project: 'my-project' })
  assert.deepEqual(
    parseDestination(
      'bigquery:example.com:my-project.sales?location=EU&staging=tmp&maximum_bytes_billed=1000&usd_per_tib=7.5&batch_age=PT5S',
    ),
    {
      type: 'bigquery',
      project: 'example.com:my-project',
      dataset: 'sales',
      location: 'EU',
      staging: 'tmp',
      maximumBytesBilled: '1000',
      usdPerTib: 7.5,
      batchAge: 5_000,
    },
  )
})

test('what is no destination is refused with what was expected', () => {
  const cases: readonly [string, RegExp][] = [
    ['', /expected duckdb:PATH/],
    ['acme.duckdb', /expected duckdb:PATH/],
    ['duckdb:', /names no path/],
    ['duckdb:a#', /names no schema/],
    ['duckdb::memory:', /gone when the run ends/],
    ['duckdb://a.duckdb', /is no URL/],
    ['duckdb:a\0b', /no file can bear/],
    ['duckbd:a.duckdb', /did you mean duckdb/],
    ['DuckDB:a.duckdb', /did you mean duckdb/],
    ['file:out', /did you mean files/],
    ['snowflake:x', /expected duckdb:PATH/],
    ['bigquery:', /names no project/],
    ['bigquery://project', /is no URL/],
    ['bigquery:Project', /names no project/],
    ['bigquery:project.a-b', /names no project/],
    ['bigquery:project?loction=EU', /unknown option "loction" \(did you mean location\?\)/],
    ['bigquery:project?maximum_bytes_billed=1GB', /expected a number of bytes/],
    ['bigquery:project?location=a b', /expected a place/],
    ['bigquery:project?batch_age=5s', /such as PT5S/],
    ['bigquery:project?batch_age=PT0S', /at least a second/],
    ['files:', /names no path/],
    ['files:out?format=parket', /did you mean parquet/],
    ['files:out?formt=ndjson', /unknown option "formt"/],
  ]
  for (const [text, message] of cases) {
    assert.throws(
      () => parseDestination(text),
      (thrown: SyncError) => thrown.code === 'CONFIG_INVALID' && message.test(thrown.message),
      text,
    )
  }
})
