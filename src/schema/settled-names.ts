import { cursorKeyColumn, sameName } from './system-columns.ts'
import { legalName, withSuffix } from './names.ts'
import type { SchemaOptions } from './placed.ts'

/** Which keys have their columns already. */
export interface SettledNames {
  readonly fields: readonly (readonly [key: string, column: string])[]
  /** Columns for values of another type. */
  readonly variants: SchemaOptions['names']
}

/**
 * What earlier runs have put where, as far as the connector file still says so: a key that it has given another column
 * since goes there, and leaves the old one as it is.
 */
export function settleNames({ names, live, columns }: SchemaOptions): SettledNames {
  const own = names.filter(([, , variant]) => variant === '')
  const taken = new Set(names.map(([, column]) => column.toLowerCase()))
  // A column that no key is known to have been renamed to has the name of its key.
  const plain = live.flatMap(({ name }) =>
    taken.has(name.toLowerCase()) || sameName(name, cursorKeyColumn) ? [] : [[name, name] as const],
  )
  const fields = [...own.map(([key, column]) => [key, column] as const), ...plain]
  const settled = fields.filter(([key, column]) => isNameOf(key, column, columns[key]?.rename))
  const known = new Set(settled.map(([key]) => key))
  const moved = new Set(fields.map(([key]) => key).filter((key) => !known.has(key)))
  return { fields: settled, variants: names.filter(([key, , variant]) => variant !== '' && !moved.has(key)) }
}

/** Whether the values of a key go into this column by the connector file. */
function isNameOf(key: string, column: string, rename: string | undefined): boolean {
  if (rename !== undefined) return sameName(rename, column)
  const legal = legalName(key)
  return sameName(column, legal) || sameName(column, withSuffix(legal, key))
}
