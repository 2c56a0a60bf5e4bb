import type { Column } from './types.ts'

/** Columns that every row has, regardless of what its provider sent: constants of the statement that loads a batch. */
export const runIdColumn = '_headrace_run_id'
export const loadedAtColumn = '_headrace_loaded_at'
export const systemColumns: readonly Column[] = [
  { name: runIdColumn, type: 'string' },
  { name: loadedAtColumn, type: 'timestamp' },
]

/**
 * Where the column of the cursor does not order the rows: a text that does, byte by byte. A column like those of the
 * provider, as only tables that need it have it.
 */
export const cursorKeyColumn = '_headrace_cursor_key'

/** Of a history (`write: scd2`): from when on a version held, and up to when (exclusive; NULL while it holds). */
export const validFromColumn = '_valid_from'
export const validToColumn = '_valid_to'
/** Where deleted rows are kept: when they were deleted. */
export const deletedAtColumn = '_deleted_at'

/** The columns that a table has beside those of its rows. */
export function systemColumnsOf({
  write,
  deletes,
}: {
  readonly write: string
  readonly deletes?: { readonly mode: string }
}): readonly Column[] {
  return [
    ...systemColumns,
    ...(write === 'scd2'
      ? ([
          { name: validFromColumn, type: 'timestamp' },
          { name: validToColumn, type: 'timestamp' },
        ] as const)
      : []),
    ...(deletes?.mode === 'soft' ? ([{ name: deletedAtColumn, type: 'timestamp' }] as const) : []),
  ]
}

const systemNames: ReadonlySet<string> = new Set([
  ...systemColumns.map(({ name }) => name),
  validFromColumn,
  validToColumn,
  deletedAtColumn,
])

/** The bookkeeping that lies beside the data, under the same names in every destination. */
export const commitsTable = '_headrace_commits'
export const runsTable = '_headrace_runs'
export const rejectsTable = '_headrace_rejects'
/** A row for each slice of a stream that has a cursor for each slice; the one with the highest `seq` holds. */
export const slicesTable = '_headrace_slices'

/** Beside a connector's dataset in BigQuery: batches lie there until they are committed. */
export const stagingDataset = (dataset: string): string => `${dataset}__staging`

/** Where the rows of a listing collect that will replace the table as a whole. */
export function stagingName(table: string): string {
  return `_headrace_staging_${table}`
}

export function isSystemColumn(name: string): boolean {
  return systemNames.has(name.toLowerCase())
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
