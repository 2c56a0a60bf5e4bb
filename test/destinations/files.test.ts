import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { destinationContract } from '../contracts/destination.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import type { Column } from '../../src/schema/types.ts'
import { createDir } from './place.ts'
import { decodeColumns, readNdjson, readSql, selectText, type TextRow } from './read-rows.ts'
import { quoteName, quoteText } from '../../src/destinations/duckdb/sql.ts'

const dirOf = (place: string) => `${place.slice('files:'.length).split('?')[0]}/acme`

async function listTables(place: string): Promise<readonly string[]> {
  const names = readdirSync(dirOf(place), { withFileTypes: true })
  return names.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
}

async function readRows(place: string, table: string, columns: readonly Column[]): Promise<readonly TextRow[]> {
  const log = `${dirOf(place)}/${table}.ndjson`
  if (table.startsWith('_headrace_')) return readSql(selectText(columns, readNdjson(log, columns)))
  const dir = `${dirOf(place)}/${table}`
  const files = existsSync(dir) ? readdirSync(dir) : []
  if (files.length === 0) return []
  // Every row is a line in turn, so that a text of 20 MB finds room.
  if (files.every((name) => name.endsWith('.ndjson'))) {
    const size = Math.max(...files.map((name) => readFileSync(`${dir}/${name}`).length))
    const from = readNdjson(`${dir}/*`, columns).replace(/\)$/, `, maximum_object_size = ${Math.max(size, 1 << 24)})`)
    return readSql(selectText(columns, decodeColumns(columns, from)))
  }
  const from = `read_parquet(${quoteText(`${dir}/*`)}, union_by_name = true)`
  const present = await readSql(`SELECT column_name AS name FROM (DESCRIBE SELECT * FROM ${from})`)
  const names = new Set(present.map(({ name }) => name))
  const absent = columns.filter(({ name }) => !names.has(name)).map(({ name }) => `NULL AS ${quoteName(name)}`)
  return readSql(selectText(columns, `(SELECT ${['*', ...absent].join(', ')} FROM ${from})`))
}

for (const format of ['ndjson', 'parquet']) {
  destinationContract(`files, ${format}`, (place) => openDestination(parseDestination(place), 'acme'), {
    updates: false,
    kills: 8,
    createPlace: async () => `files:${await createDir()}?format=${format}`,
    listTables,
    readRows,
  })
}
