/** The logical types of a column, the same for every destination (BigQuery's and DuckDB's names are in their folders). */
export const columnTypes = [
  'integer',
  'numeric',
  'bignumeric',
  'number',
  'boolean',
  'string',
  'timestamp',
  'datetime',
  'date',
  'time',
  'json',
] as const

export type ColumnType = (typeof columnTypes)[number]

/** A column of the table. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
}

/**
 * How a member of a row becomes a column. Only what cannot be told from the table itself is kept: it travels in the
 * checkpoint, so that a key finds its column again in a later run.
 */
export interface NamedColumn extends Column {
  /** The provider's key. */
  readonly key: string
  /** True for `<column>__<type>`, which takes the values that its key's own column cannot hold. */
  readonly variant?: true
}
