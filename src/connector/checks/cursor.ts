import { isAfter, readMoment } from '../../syntax/moments/compare.ts'
import { areTimes, formatsOf } from '../../syntax/cursor-format.ts'
import type { StreamSubject } from './subject.ts'

/** Where a listing starts and ends, and how the cursor is spelled. */
export function checkCursor({ stream, broken, report }: StreamSubject): void {
  const { incremental } = stream
  if (!incremental || broken.has('incremental')) return
  const formats = formatsOf(incremental) ?? []
  const isTime = formats.length > 0 && areTimes(formats)
  if (formats.length > 1 && !isTime)
    report(['incremental', 'format'], 'number and text stand alone: a cursor that may be a time lists formats of times')
  for (const edge of ['start', 'end'] as const) {
    const value = incremental[edge]
    if (value === undefined || readMoment(value, formats) !== undefined) continue
    if (isTime || looksLikeDate(value))
      report(
        ['incremental', edge],
        `expected a time that the calendar has, such as 2024-01-31 or 2024-01-31T10:00:00Z${isTime ? ', or one that format reads' : ''}`,
      )
  }
  const { start, end, lookback } = incremental
  if (start !== undefined && end !== undefined && isAfter(start, end, formats))
    report(['incremental', 'start'], 'expected start before end')
  if (isTime && typeof lookback === 'object')
    report(['incremental', 'lookback'], 'the cursor is a time: expected a duration, such as PT10M')
}

/** What anybody reads as a date, whether or not there is such a day. */
const looksLikeDate = (value: string | number): boolean => /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}/.test(String(value))
