import { DuckDBInstance } from '@duckdb/node-api'
import { quoteName, quoteText } from '../../src/destinations/duckdb/sql.ts'
import { toColumnValue, toReadType } from '../../src/destinations/duckdb/types.ts'
import { type TypeTree, typeTree } from '../../src/schema/type-tree.ts'
import type { Column, ColumnType } from '../../src/schema/types.ts'

/** The values of a row as text of one form, regardless of the destination: exact, times in UTC with six fraction digits. */
export type TextRow = Readonly<Record<string, string | null>>

function toText(name: string, type: ColumnType): string {
  const tree = typeTree(type)
  if (tree.kind === 'array' || tree.kind === 'record') return `(${toJson(name, tree)})::JSON::VARCHAR`
  if (type === 'bytes') return `base64(${name})`
  if (type === 'timestamp') return `strftime(${name}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%fZ')`
  if (type === 'datetime') return `strftime(${name}, '%Y-%m-%dT%H:%M:%S.%f')`
  return `${name}::VARCHAR`
}

/** Numbers as they are, what JSON cannot say exactly as text. */
function toJson(name: string, tree: TypeTree): string {
  switch (tree.kind) {
    case 'scalar':
      return ['integer', 'number', 'boolean', 'json'].includes(tree.type) ? name : toText(name, tree.type)
    case 'decimal':
      return `${name}::VARCHAR`
    case 'array':
      return `list_transform(${name}, lambda item: ${toJson('item', tree.item)})`
    case 'record': {
      const fields = tree.fields.map(({ name: field, type }) => {
        return `${quoteName(field)} := ${toJson(`${name}.${quoteName(field)}`, type)}`
      })
      return `CASE WHEN ${name} IS NOT NULL THEN struct_pack(${fields.join(', ')}) END`
    }
  }
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
  const types = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(toReadType(type))}`)
  return `read_json(${quoteText(glob)}, format = 'newline_delimited', records = true, columns = {${types.join(', ')}})`
}

/** The columns as `selectText` takes them, where they were read as text. */
export function decodeColumns(columns: readonly Column[], from: string): string {
  const values = columns.map(({ name, type }) => `${toColumnValue(quoteName(name), type)} AS ${quoteName(name)}`)
  return `(SELECT ${values.join(', ')} FROM ${from})`
}
