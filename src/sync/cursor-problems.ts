import { SyncError } from '../base/errors.ts'
import { shapeOf, suggestPatterns } from '../syntax/moments/shape.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { CursorOptions } from './cursor.ts'

type Described = Pick<CursorOptions, 'where' | 'field' | 'formats' | 'warn'>

const invalid = (message: string): SyncError => new SyncError('CURSOR_INVALID', message)

/** The line of the connector file that would make such values readable. */
function adviseFormat(shape: string): string {
  const patterns = suggestPatterns(shape).map((pattern) => `format: "${pattern}"`)
  const line = patterns.length > 0 ? patterns.join(' or ') : 'format: with a pattern such as "%d.%m.%Y %H:%M"'
  return `say under incremental how to read it (${line}), or that it orders as a mere text (format: text)`
}

/** The first value of a stream is spelled in no way that is known. */
export function refuseSpelling({ where, field, formats }: Described, value: CursorValue): SyncError {
  const shape = shapeOf(value)
  const expected = formats
    ? `, which format: ${formats.join(', ')} does not read`
    : ', which is no known time or number'
  return invalid(
    `The cursor ${field} of ${where} is spelled ${shape} (digits as 9, letters as A)${expected}: ${adviseFormat(shape)}.`,
  )
}

/** A value of a later row is stored, but orders nothing. */
export function warnOfSpelling({ where, field, formats, warn }: Described, value: CursorValue): void {
  const shape = shapeOf(value)
  const advice = formats ? 'add its format beside the others under incremental' : adviseFormat(shape)
  const spelled = shape === '' ? 'an empty text' : `spelled ${shape} (digits as 9, letters as A)`
  warn(
    'CURSOR_UNREADABLE',
    `The cursor ${field} of ${where} is ${spelled} in some rows, which is no time or number like the others: these rows are stored but do not move the cursor; if it is one, ${advice}.`,
  )
}

/** A time that the row cannot have been changed at. */
export function warnOfFuture({ where, field, warn }: Described, value: CursorValue): void {
  warn(
    'CURSOR_AHEAD',
    `The cursor ${field} of ${where} is more than a day ahead of now in some rows (such as ${String(value)}): these rows are stored but do not move the cursor; correct them at the source, or name a field that says when a row was changed.`,
  )
}

/** A text that cannot stand where a template of the request wants it. */
export function warnOfUnsendable({ where, field, warn }: Described): void {
  warn(
    'CURSOR_UNREADABLE',
    `The cursor ${field} of ${where} has a value in some rows that its request cannot hold, such as a line break in a header: these rows are stored but do not move the cursor.`,
  )
}

/** No row of a page has the cursor. */
export function warnOfAbsence({ where, field, warn }: Described): void {
  warn(
    'CURSOR_UNREADABLE',
    `No row of a page of ${where} has the cursor ${field}, so that the cursor does not move past them: see whether incremental.cursor names the right field.`,
  )
}

/** `start`, `end` or an end of a backfill cannot be compared with the rows. */
export function refuseEdge({ where, field }: Described, edge: CursorValue, kind: string): SyncError {
  const expected =
    kind === 'number'
      ? 'the rows have numbers there: give a number, or say what they count since 1970 (format: epoch or epoch_ms)'
      : 'the rows have times there: give a time such as 2024-01-31 or 2024-01-31T10:00:00Z'
  return invalid(
    `A start or end of ${where} is ${String(edge)}, which the cursor ${field} cannot be compared with, as ${expected}.`,
  )
}

/** A lookback of time for a number, or the other way round. */
export function refuseLookback({ where, field }: Described, kind: string): SyncError {
  const advice = {
    number:
      'the rows have numbers there: give a number, such as lookback: 10, or say what they count since 1970 (format: epoch or epoch_ms)',
    instant: 'the rows have times there: give a duration, such as lookback: PT10M',
    text: 'a mere text has nothing that lies before it: leave lookback out, or say how to read the text as a time (format)',
  }[kind]
  return invalid(`The lookback of ${where} does not fit its cursor ${field}: ${advice}.`)
}
