import { existsSync } from 'node:fs'
import { destinationContract } from '../contracts/destination.ts'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { createDir } from './place.ts'
import { readSql, selectText } from './read-rows.ts'
import { quoteName } from '../../src/destinations/duckdb/sql.ts'

const pathOf = (place: string) => place.slice('duckdb:'.length)

async function listTables(place: string): Promise<readonly string[]> {
  const rows = await readSql(
    `SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'db' ORDER BY 1`,
    pathOf(place),
  )
  return rows.map(({ name }) => name ?? '').filter((name) => !name.startsWith('_headrace_'))
}

destinationContract('duckdb', (place) => openDestination(parseDestination(place), 'acme'), {
  updates: true,
  kills: 10,
  createPlace: async () => `duckdb:${await createDir()}/warehouse.duckdb`,
  listTables,
  async readRows(place, table, columns) {
    if (!existsSync(pathOf(place))) return []
    if (!table.startsWith('_headrace_') && !(await listTables(place)).includes(table)) return []
    return readSql(selectText(columns, `db.acme.${quoteName(table)}`), pathOf(place))
  },
})
