import type { Field, SchemaOptions, TableColumn } from './placed.ts'
import { noShape, type Shape } from './shape.ts'
import { isNative } from './times.ts'
import type { ColumnType } from './types.ts'

/** Which rows may pass as they are, by the fields of a table and its columns (by name in lower case). */
export function createShape(
  fields: ReadonlyMap<string, Field>,
  columns: ReadonlyMap<string, TableColumn>,
  { primaryKey, cursor, orders }: Pick<SchemaOptions, 'primaryKey' | 'cursor' | 'orders'>,
): Shape {
  // A cursor or key inside a nested object: every row has to be looked into.
  if (cursor?.includes('.') && (primaryKey.length > 0 || !fields.has(cursor))) return noShape
  // Bytes order like the values of their column: where the cursor does not, every row that has one is looked at.
  const isOrdered = (key: string, type: ColumnType): boolean => key !== cursor || orders?.(type) !== false
  const plain = [...fields].flatMap(([key, { name, type, dropped, times }]) =>
    // A column that is narrower than what is declared widens with the first row that is looked at.
    name === key &&
    type !== undefined &&
    !dropped &&
    isNative(times) &&
    isOrdered(key, type) &&
    columns.get(name.toLowerCase())?.type === type
      ? [{ key, type, required: primaryKey.includes(key), cursor: key === cursor }]
      : [],
  )
  return primaryKey.every((key) => plain.some((column) => column.key === key)) ? { columns: plain } : noShape
}
