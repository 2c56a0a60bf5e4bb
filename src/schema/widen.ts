import type { Kind } from './value.ts'
import type { ColumnType } from './types.ts'

const numbers: readonly ColumnType[] = ['integer', 'numeric', 'bignumeric', 'number']
const texts: readonly ColumnType[] = ['timestamp', 'datetime', 'date', 'string']

/** Whether a column of `type` holds a value of `kind` as it is. A string column holds any scalar, as its text. */
export function fits(kind: Kind, type: ColumnType): boolean {
  if (kind === type || kind === 'null') return true
  if (type === 'string') return kind !== 'json'
  return numbers.includes(kind as ColumnType) && numbers.indexOf(kind as ColumnType) < numbers.indexOf(type)
}

/** The type that a column of `type` in the warehouse widens to, so that it holds `kind` too; undefined where there is none. */
export function widened(type: ColumnType, kind: Kind): ColumnType | undefined {
  return numbers.includes(type) && numbers.includes(kind as ColumnType) ? (kind as ColumnType) : undefined
}

/** The same for a column that is not in the warehouse yet: texts that are not all times are just texts. */
export function joined(type: ColumnType, kind: Kind): ColumnType | undefined {
  return texts.includes(type) && texts.includes(kind as ColumnType) ? 'string' : widened(type, kind)
}
