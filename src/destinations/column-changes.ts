import { SyncError } from '../base/errors.ts'
import type { Column, ColumnType } from '../schema/types.ts'
import { canWiden } from '../schema/widen.ts'

/** What must happen to a table before a batch can be loaded into it. */
export interface ColumnChanges {
  readonly added: readonly Column[]
  /** With the type they get. */
  readonly widened: readonly Column[]
  /** The batch's columns with the types they have in the table once it is changed. */
  readonly loaded: readonly Column[]
}

/**
 * Compares a table as it stands with the columns of a batch. A column that is already wider than the batch asks for
 * stays as it is. Throws `DESTINATION_FAILED` where one type cannot become the other.
 */
export function compareColumns(table: string, live: readonly Column[], wanted: readonly Column[]): ColumnChanges {
  const known = new Map(live.map((column) => [column.name.toLowerCase(), column.type]))
  const added: Column[] = []
  const widened: Column[] = []
  const loaded: Column[] = []
  for (const column of wanted) {
    const type = known.get(column.name.toLowerCase())
    if (type === undefined) added.push(column)
    else if (canWiden(type, column.type)) widened.push(column)
    else if (type !== column.type && !canWiden(column.type, type)) throw refuse(table, column, type)
    const widest = type !== undefined && canWiden(column.type, type) ? type : column.type
    loaded.push({ name: column.name, type: widest })
  }
  return { added, widened, loaded }
}

/** Columns of both, each with the wider of its types; the order of `first` is kept. */
export function mergeColumns(table: string, first: readonly Column[], second: readonly Column[]): readonly Column[] {
  const { added, widened } = compareColumns(table, first, second)
  const types = new Map(widened.map((column) => [column.name.toLowerCase(), column.type]))
  return [...first.map(({ name, type }) => ({ name, type: types.get(name.toLowerCase()) ?? type })), ...added]
}

/** The columns of a table that the one which replaces it keeps: all but those that have become another type. */
export function keptColumns(old: readonly Column[], fresh: readonly Column[]): readonly Column[] {
  const known = new Map(fresh.map((column) => [column.name.toLowerCase(), column.type]))
  return old.filter(({ name, type }) => {
    const now = known.get(name.toLowerCase()) ?? type
    return now === type || canWiden(now, type) || canWiden(type, now)
  })
}

function refuse(table: string, column: Column, type: ColumnType): SyncError {
  return new SyncError(
    'DESTINATION_FAILED',
    `Column ${column.name} of table ${table} holds ${type} and cannot take ${column.type}: rename the column in the connector, or change the table.`,
  )
}
