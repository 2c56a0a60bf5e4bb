import { isTime } from './flags.ts'
import { cursorKeyColumn } from './system-columns.ts'
import { SyncError } from '../base/errors.ts'
import { describeCut } from './misfit.ts'
import type { SchemaOptions } from './placed.ts'
import type { ColumnType } from './types.ts'
import type { Member } from './value.ts'
import { holds } from './widen.ts'

/**
 * The type of a key's column: two keys are one only if the provider spells them alike, so a time stays a text (digits
 * below the microsecond, and zones, would be lost), and a fraction is no double.
 */
export function keyType(member: Member): ColumnType {
  const { kind } = member
  if (kind === 'timestamp' || kind === 'datetime') return 'string'
  if (kind === 'number') return holds(member, 'numeric') ? 'numeric' : 'string'
  return kind as ColumnType
}

/** A key that its column would change stands for another row. */
export function refuseKey(where: string, key: string, why: string): SyncError {
  return new SyncError(
    'KEY_MISSING',
    `${where}: the column of the primary key ${key} ${why}; declare its type, such as columns: {${key}: {type: string}}, and run with --full-refresh`,
  )
}

/** The same of a key whose declared type cuts a time. */
export const refuseCutKey = (where: string, key: string, type: ColumnType): SyncError =>
  refuseKey(where, key, `is ${type}, and a row has ${describeCut(type)}`)

/** Rows that are in the table already have no key of their cursor, unless it is in their own column (`own`): times have it there. */
export function warnOfKeyless(
  { live, where, warn }: Pick<SchemaOptions, 'live' | 'where' | 'warn'>,
  own: ColumnType | undefined,
): void {
  if (live.length === 0 || (own !== undefined && isTime(own))) return
  warn?.(
    'STATE_CHANGED',
    `${where}: the rows that the table has so far have no ${cursorKeyColumn}, so that they count as older than any row that comes; --full-refresh gives them one.`,
  )
}
