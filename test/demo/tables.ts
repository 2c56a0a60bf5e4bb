import { DuckDBInstance } from '@duckdb/node-api'

/** What a newcomer wants to see of a table. */
export interface TableDescription {
  readonly rows: number
  readonly distinct: number
  /** The data's own columns by type, in the order of the types' first columns. */
  readonly types: readonly { readonly type: string; readonly columns: readonly string[] }[]
  /** Lines of cells, the first a heading. */
  readonly strongest: readonly (readonly string[])[]
}

/** Reads a table of earthquakes in a DuckDB file. */
export async function describeTable(file: string, table: string): Promise<TableDescription> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' })
  const connection = await instance.connect()
  const query = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS()
  try {
    const [counts] = await query(`SELECT count(*), count(DISTINCT id) FROM ${table}`)
    const columns = (await query(`SELECT column_name, column_type FROM (DESCRIBE ${table})`)) as [string, string][]
    const strongest = await query(`
      SELECT mag::VARCHAR, strftime(time AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M'), place
      FROM ${table} WHERE mag IS NOT NULL ORDER BY mag DESC, time LIMIT 5`)
    return {
      rows: Number(counts?.[0]),
      distinct: Number(counts?.[1]),
      types: groupByType(columns.filter(([name]) => !name.startsWith('_headrace_'))),
      strongest: [['magnitude', 'time (UTC)', 'place'], ...strongest.map((row) => row.map(String))],
    }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function groupByType(columns: readonly (readonly [name: string, type: string])[]): TableDescription['types'] {
  const groups = new Map<string, string[]>()
  for (const [name, type] of columns) {
    const short = type.replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ')
    groups.set(short, [...(groups.get(short) ?? []), name])
  }
  return [...groups].map(([type, names]) => ({ type, columns: names }))
}
