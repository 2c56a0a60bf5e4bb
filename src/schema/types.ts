/** The logical types of one value, the same for every destination (BigQuery's and DuckDB's names are in their folders). */
export const scalarTypes = [
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
  'bytes',
] as const

export type ScalarType = (typeof scalarTypes)[number]

/**
 * The type of a column, as text: a scalar type, `decimal(p,s)`, `array<T>` (T is no array), or
 * `record<name T, name T>` with legal names. One type has one spelling, so that types compare as texts; `typeTree` reads it.
 */
export type ColumnType = ScalarType | `decimal(${number},${number})` | `array<${string}>` | `record<${string}>`

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
