import { z } from 'zod'
import { findFormat, formatNames } from './moments/formats.ts'
import { findReadProblem } from './moments/strftime.ts'
import { isTimeZone } from './moments/zones.ts'
import { duration } from './duration.ts'
import { suggest } from '../base/nearest.ts'

const words = [...formatNames, 'number', 'text']

/** Why a text names no way to read a time, or undefined. */
export function findFormatProblem(name: string, known: readonly string[]): string | undefined {
  if (name.includes('%')) return findReadProblem(name)
  if (known.includes(name)) return undefined
  return `expected one of ${known.join(', ')}, or a pattern of strftime such as "%d.%m.%Y %H:%M"${suggest(name, known)}`
}

const formatOf = (known: readonly string[]) =>
  z
    .string()
    .superRefine((name, context) => {
      const message = findFormatProblem(name, known)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .meta({ title: 'time format' })

/** How a cursor is spelled. */
export const cursorFormat = formatOf(words)

/** How the times of a column are spelled. */
export const timeFormat = formatOf(formatNames)

export const timeZone = z
  .string()
  .refine(isTimeZone, {
    error: 'expected a time zone of the IANA database, such as Europe/Berlin',
  })
  .meta({ title: 'time zone' })

/** A duration (its output is milliseconds) for a cursor that is a time, or a number for one that is a number. */
export const lookback = z.union([
  duration,
  z
    .number()
    .nonnegative()
    .transform((count) => ({ count })),
])

/** The declared formats; undefined where the rows tell. */
export function formatsOf({
  format,
}: {
  readonly format?: string | readonly string[] | undefined
}): readonly string[] | undefined {
  if (format === undefined) return undefined
  return typeof format === 'string' ? [format] : format
}

/** Whether a cursor of these formats is a time. */
export const areTimes = (formats: readonly string[]): boolean => formats.every((name) => findFormat(name) !== undefined)
