import type { z } from 'zod'
import type { columnConfig } from './column-config.ts'
import type { Warn } from '../base/warnings.ts'
import type { TimeSpelling } from './times.ts'
import type { Column, ColumnType, ScalarType } from './types.ts'
import type { Kind } from './value.ts'

/** What becomes of a column or a value that the table does not have yet. */
export const schemaPolicies = ['evolve', 'freeze', 'discard_columns', 'discard_rows'] as const

/** Keys whose column is not simply named after them. */
export type ColumnNames = readonly (readonly [key: string, column: string, variant: string])[]

export interface Field {
  readonly name: string
  /** Undefined until a value tells it. */
  type: ColumnType | undefined
  /** Its type is not to be told from its values. */
  readonly declared: boolean
  readonly dropped: boolean
  /** How its times are spelled, where they are declared. */
  readonly times: TimeSpelling
  /** By type: the column beside it that takes such values. */
  readonly variants: Map<ColumnType, string>
}

/** A column of the table, as the schema keeps it. */
export interface TableColumn {
  readonly name: string
  type: ColumnType
  live: boolean
  /** Of integers: whether some lie beyond 2^53; undefined where the table has rows that nobody has looked at. */
  isWide: boolean | undefined
  /** Of an exact type: this run has brought fractions, which `bignumeric` does not hold everywhere. */
  hasFractions?: true
}

export interface SchemaOptions {
  readonly where: string
  readonly policy: (typeof schemaPolicies)[number]
  readonly columns: Readonly<Record<string, z.output<typeof columnConfig>>>
  readonly primaryKey: readonly string[]
  /** A key that partitions the table by time; of the others none is taken for a time. */
  readonly timeKey?: string | undefined
  readonly cursor: string | undefined
  /** Whether a column of a type orders its values as the cursor does; every type where absent. */
  readonly orders?: ((type: ColumnType) => boolean) | undefined
  /** Columns of the table as it stands; none where it is new. */
  readonly live: readonly Column[]
  readonly names: ColumnNames
  /** Whether a key holds a secret of the connector, which must not become the name of a column. */
  readonly isSecret?: ((key: string) => boolean) | undefined
  /** Called for declared types that most values do not fit. */
  readonly warn?: Warn | undefined
}

export interface Cell {
  readonly column: string
  readonly text: string
}

/** What became of a member: a column and its JSON text, and perhaps another beside it; nothing (null, or dropped); or the reason to refuse the row. */
export type Placed = (Cell & { readonly beside?: Cell }) | { readonly refused: string } | undefined

export const article = (kind: Kind): string => (/^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`)

/** A fraction that an exact column cannot hold stays exact as a text. */
export const variantType = (type: ColumnType, kind: Kind): ScalarType =>
  kind === 'number' && /^(decimal|numeric|bignumeric)/.test(type) ? 'string' : (kind as ScalarType)
