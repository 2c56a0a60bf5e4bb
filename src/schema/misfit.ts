import { oneLine } from '../base/words/line.ts'
import { SyncError } from '../base/errors.ts'
import { article, type SchemaOptions } from './placed.ts'
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
const refuseFrozen = (where: string, what: string): SyncError =>
  new SyncError(
    'SCHEMA_FROZEN',
    `${where}: ${what}, and the schema is frozen; allow it with schema: evolve, or drop it under columns:`,
  )

/** Why a row, or what it has for a field alone (`discard`), is left out. */
export interface Refused {
  readonly refused: string
  readonly discard: boolean
}

/** What the policy makes of a change: nothing where it is allowed; a frozen schema throws. */
export function mayChange(
  { policy, where }: Pick<SchemaOptions, 'policy' | 'where'>,
  what: string,
): Refused | undefined {
  if (policy === 'evolve') return undefined
  const words = oneLine(what, 300)
  if (policy === 'freeze') throw refuseFrozen(where, words)
  return { refused: `the schema does not allow it: ${words}`, discard: policy === 'discard_columns' }
}
