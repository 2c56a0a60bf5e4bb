import type { ColumnType } from '../schema/types.ts'
import type { Batch, TablePlan } from './destination.ts'

const units: Readonly<Record<string, TablePlan['cursorUnit']>> = {
  epoch: 'seconds',
  epoch_ms: 'milliseconds',
  epoch_us: 'microseconds',
  epoch_ns: 'nanoseconds',
}

/** Formats of cursors that say no moment, or have it in no column. */
const untimed: ReadonlySet<string> = new Set(['number', 'text', 'basic'])

/** The plan, with how the cursor is spelled by the rows that have come: a plan is made before the first of them. */
export function withCursorUnit(plan: TablePlan, batch: Pick<Batch, 'checkpoint'> | undefined): TablePlan {
  const format = batch?.checkpoint.cursor?.format
  if (format === undefined || untimed.has(format)) return plan
  return { ...plan, cursorUnit: units[format] ?? 'spelled' }
}

export const isCountable = (type: ColumnType): boolean =>
  type === 'integer' || type === 'number' || type === 'numeric' || type === 'string'

/** The highest count that is a time, and the SQL that makes microseconds of one. */
export function countedTime(
  unit: Exclude<NonNullable<TablePlan['cursorUnit']>, 'spelled'>,
  value: string,
): { readonly last: string; readonly micros: string } {
  switch (unit) {
    case 'seconds':
      return { last: '253402300799', micros: `${value} * 1000000` }
    case 'milliseconds':
      return { last: '253402300799999', micros: `${value} * 1000` }
    case 'microseconds':
      return { last: '253402300799999999', micros: value }
    case 'nanoseconds':
      return { last: '9223372036854775807', micros: `FLOOR(${value} / 1000)` }
  }
}
