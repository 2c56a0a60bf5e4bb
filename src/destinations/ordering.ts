import type { Column } from '../schema/types.ts'
import type { TablePlan } from './destination.ts'
import { isTime } from '../schema/flags.ts'
import { cursorKeyColumn, sameName } from '../schema/system-columns.ts'

/** By which expression over a row a merge tells the newer one of a key. */
export interface Ordering {
  /** The columns that the expression takes. */
  readonly columns: readonly string[]
  /** `row` is an alias with its point, such as `stored.`, or nothing. */
  readonly value: (row: string) => string
  /** Whether that is a time ahead of when the row was loaded, which orders it nowhere; undefined where it is no time. */
  readonly isAhead?: ((row: string) => string) | undefined
}

type CursorPlan = Pick<TablePlan, 'cursor' | 'cursorUnit'>

export interface OrderingSql {
  readonly quote: (name: string) => string
  /** A time as the text that a cursor key is for it: `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn`, in UTC where it has a zone. */
  readonly timeKey: (value: string, type: 'timestamp' | 'datetime' | 'date') => string
  readonly findAhead: (plan: CursorPlan, columns: readonly Column[]) => Ordering['isAhead']
}

/**
 * How a table orders the rows of a key: by the column of the cursor, and where some values do not order there (texts that
 * are times or numbers, a cursor inside an object, nanoseconds) by the key that their rows have beside it. Undefined where
 * no row had a cursor yet.
 */
export function planOrdering(plan: CursorPlan, columns: readonly Column[], sql: OrderingSql): Ordering | undefined {
  const ordering = orderRows(plan, columns, sql)
  return ordering && { ...ordering, isAhead: sql.findAhead(plan, columns) }
}

/** By what rows of one key are ordered that come together, the last the newest: one that is ahead counts as without a cursor. */
export const rank = ({ value, isAhead }: Ordering): string =>
  isAhead ? `CASE WHEN ${isAhead('')} THEN NULL ELSE ${value('')} END` : value('')

function orderRows(
  { cursor }: CursorPlan,
  columns: readonly Column[],
  { quote, timeKey }: OrderingSql,
): Ordering | undefined {
  // JSON has no order.
  const own = columns.find(({ name, type }) => cursor !== undefined && sameName(name, cursor) && type !== 'json')
  const key = columns.find(({ name }) => sameName(name, cursorKeyColumn))
  if (!key) return own && { columns: [own.name], value: (row) => `${row}${quote(own.name)}` }
  const keyOf = (row: string): string => `${row}${quote(key.name)}`
  if (!own || !isTime(own.type)) return { columns: [key.name], value: keyOf }
  const type = own.type as 'timestamp' | 'datetime' | 'date'
  return {
    columns: [key.name, own.name],
    value: (row) => `coalesce(${keyOf(row)}, ${timeKey(`${row}${quote(own.name)}`, type)})`,
  }
}
