import type { Column } from '../schema/types.ts'

/** Columns that every row bears, whatever its provider sent: constants of the statement that loads a batch. */
export const runIdColumn = '_headrace_run_id'
export const loadedAtColumn = '_headrace_loaded_at'
export const systemColumns: readonly Column[] = [
  { name: runIdColumn, type: 'string' },
  { name: loadedAtColumn, type: 'timestamp' },
]

/** The bookkeeping that lies beside the data, under the same names in every destination. */
export const commitsTable = '_headrace_commits'
export const runsTable = '_headrace_runs'
export const rejectsTable = '_headrace_rejects'

/** Where the rows of a listing collect that will replace the table as a whole. */
export function stagingName(table: string): string {
  return `_headrace_staging_${table}`
}

export function isSystemColumn(name: string): boolean {
  return systemColumns.some((column) => sameName(column.name, name))
}

/** Table and column names are compared without regard to case, as BigQuery and DuckDB do. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** The schema, dataset or folder of a connector. `container` is what it lies in; one of the same name needs no second level. */
export function schemaName(connectorName: string, container: string): string | undefined {
  const name = connectorName.replaceAll('-', '_')
  return sameName(container, name) || sameName(container, connectorName) ? undefined : name
}
