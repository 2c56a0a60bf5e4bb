import { DuckDBInstance } from '@duckdb/node-api'
import { quoteName, quoteText } from '../../src/destinations/duckdb/sql.ts'
import { toSqlType } from '../../src/destinations/duckdb/types.ts'
import type { Column, ColumnType } from '../../src/schema/types.ts'

/** The values of a row as text of one form, whatever the destination: exact, times in UTC with six fraction digits. */
export type TextRow = Readonly<Record<string, string | null>>

function toText(name: string, type: ColumnType): string {
  if (type === 'timestamp') return `strftime(${name}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%fZ')`
  if (type === 'datetime') return `strftime(${name}, '%Y-%m-%dT%H:%M:%S.%f')`
  return `${name}::VARCHAR`
}

/** Reads through an instance of its own: the destination must be closed. */
export async function readSql(sql: string, attach?: string): Promise<readonly TextRow[]> {
  const instance = await DuckDBInstance.create(':memory:')
  try {
    const connection = await instance.connect()
    await connection.run("SET TimeZone = 'UTC'")
    if (attach !== undefined) await connection.run(`ATTACH ${quoteText(attach)} AS db (READ_ONLY)`)
    const reader = await connection.runAndReadAll(sql)
    const rows = reader.getRowObjectsJson() as TextRow[]
    connection.closeSync()
    return rows
  } finally {
    instance.closeSync()
  }
}

export function selectText(columns: readonly Column[], from: string): string {
  return `SELECT ${columns.map(({ name, type }) => `${toText(quoteName(name), type)} AS ${quoteName(name)}`).join(', ')} FROM ${from}`
}

export function readNdjson(glob: string, columns: readonly Column[]): string {
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(toSqlType(type))}`)
  return `read_json(${quoteText(glob)}, format = 'newline_delimited', columns = {${types.join(', ')}})`
}
