import { SyncError } from '../errors.ts'
import { article } from './placed.ts'
import type { Column, ColumnType } from './types.ts'
import { isBelowMicroseconds, type Member } from './value.ts'

/** Whether a column of `type` takes a time without its last digits. */
export const isCut = ({ kind, text }: Member, type: ColumnType): boolean =>
  (type === 'timestamp' || type === 'datetime') &&
  (kind === 'timestamp' || kind === 'datetime') &&
  isBelowMicroseconds(text)

/** What a column of times would leave out of a finer one, in words. */
export const describeCut = (type: ColumnType): string =>
  type === 'date' ? 'a time of day' : 'digits below the microsecond'

/** What a row has that its column cannot take, in words. */
export function describeMisfit(member: Member, type: ColumnType): string {
  if (isCut(member, type)) return describeCut(type)
  return article(member.kind)
}

/** The column of a table is of another type than what is declared, and cannot become it. */
export const refuseDeclared = (where: string, { name, type }: Column, declared: ColumnType): SyncError =>
  new SyncError(
    'CONFIG_INVALID',
    `${where}: the column ${name} is declared as ${declared} but is ${type} in the table; run once with --full-refresh, or declare what it is`,
  )

/** A frozen schema stays as it is. */
export const refuseFrozen = (where: string, what: string): SyncError =>
  new SyncError(
    'SCHEMA_FROZEN',
    `${where}: ${what}, and the schema is frozen; allow it with schema: evolve, or drop it under columns:`,
  )
