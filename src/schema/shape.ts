import type { ColumnType } from './types.ts'

/** A column whose values go into the table as the provider wrote them: the key is the column's name. */
export interface ShapeColumn {
  readonly key: string
  readonly type: ColumnType
  /** A row without it, or with null, is looked at more closely. */
  readonly required: boolean
  readonly cursor: boolean
}

/** What a row must look like to be passed on verbatim. A newer shape takes every row that an older one took. */
export interface Shape {
  readonly columns: readonly ShapeColumn[]
}

/** Of a table that has no columns: every row is looked at more closely. */
export const noShape: Shape = { columns: [] }
