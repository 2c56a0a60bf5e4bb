import { sameName } from './system-columns.ts'
import { mustBeDeclared } from './type-tree.ts'
import { type ColumnType, scalarTypes } from './types.ts'

/** Types that say when something happened. */
export function isTime(type: ColumnType): boolean {
  return type === 'timestamp' || type === 'datetime' || type === 'date'
}

/** Whether a column takes the values that another one of the same field cannot hold (`<column>__<type>`). */
export function isVariantOf(column: string, name: string): boolean {
  return scalarTypes.some((type) => !mustBeDeclared(type) && sameName(name, `${column}__${type}`))
}
