import { SyncError } from '../errors.ts'
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
