import { isTime } from '../../schema/flags.ts'
import { cursorKeyColumn, loadedAtColumn, sameName } from '../../schema/system-columns.ts'
import type { Column } from '../../schema/types.ts'
import { countedTime, isCountable } from '../cursor-unit.ts'
import type { TablePlan } from '../destination.ts'
import { quoteName } from './sql.ts'

type CursorPlan = Pick<TablePlan, 'cursor' | 'cursorUnit'>
/** An expression over a row, by its alias with a point, or nothing. */
type OfRow = (row: string) => string

/** From when on a version holds where the cursor is a time; NULL where that is no time at which the row has changed. Undefined where the cursor is none. */
export function cursorTime(plan: CursorPlan, columns: readonly Column[]): string | undefined {
  const [time, isAhead] = [readTime(plan, columns), findAhead(plan, columns)]
  return time && isAhead && `CASE WHEN ${isAhead('')} THEN NULL ELSE ${time('')} END`
}

/** Whether the cursor of a row is more than a day ahead of when the row was loaded, as clocks and zones differ; undefined where it is no time. */
export function findAhead(plan: CursorPlan, columns: readonly Column[]): OfRow | undefined {
  const time = readTime(plan, columns)
  return time && ((row) => `coalesce(${time(row)} > ${row}${quoteName(loadedAtColumn)} + INTERVAL 1 DAY, false)`)
}

function readTime({ cursor, cursorUnit }: CursorPlan, columns: readonly Column[]): OfRow | undefined {
  const column = columns.find(({ name }) => name === cursor)
  if (column && isTime(column.type)) return (row) => `${row}${quoteName(column.name)}::TIMESTAMPTZ`
  if (cursorUnit === undefined) return undefined
  if (cursorUnit === 'spelled') {
    const key = columns.find(({ name }) => sameName(name, cursorKeyColumn))
    return key && ((row) => `TRY_CAST(${row}${quoteName(key.name)}[:26] || 'Z' AS TIMESTAMPTZ)`)
  }
  if (!column || !isCountable(column.type)) return undefined
  return (row) => {
    const own = `${row}${quoteName(column.name)}`
    const value = column.type === 'string' ? `TRY_CAST(${own} AS DECIMAL(38,9))` : own
    const { last, micros } = countedTime(cursorUnit, value)
    return `CASE WHEN ${value} > ${last} THEN TIMESTAMPTZ 'infinity' WHEN ${value} >= 0 THEN make_timestamptz((${micros})::BIGINT) END`
  }
}
