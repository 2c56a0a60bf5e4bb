import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDatabase } from '../../src/destinations/duckdb/database.ts'

test('a DuckDB file is opened with the settings that it asks for', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-database-'))
  try {
    await using database = await openDatabase(join(dir, 'a.duckdb'))
    const [row] = await database.transact((session) =>
      session.read(`SELECT current_setting('disabled_compression_methods'), current_setting('TimeZone'),
                           current_setting('autoload_known_extensions')::VARCHAR`),
    )
    assert.deepEqual(
      [String(row?.[0]).toLowerCase().split(',').toSorted(), row?.[1], row?.[2]],
      [['dict_fsst', 'zstd'], 'UTC', 'false'],
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
