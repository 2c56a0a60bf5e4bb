import { sortableNumber } from '../syntax/moments/decimal-order.ts'
import { findFormat, recognizeNumber, recognizeText, type TimeFormat } from '../syntax/moments/formats.ts'
import type { SavedCursor } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { CursorOptions } from './cursor.ts'

/** What the values of a cursor are: moments (the first format is the provider's own), numbers, or texts ordered by code point. */
export type Kind =
  | { readonly name: 'instant'; readonly formats: readonly [TimeFormat, ...TimeFormat[]] }
  | { readonly name: 'number' | 'text' }

/**
 * The kind of a cursor, told from one of its values and from what the connector file says of it; undefined for a
 * spelling that is not known. A number that counts no time by its size may be an odd one among `others` that do.
 */
export function detectKind(
  value: CursorValue,
  { lookback, edges, timeZone, field }: CursorOptions,
  others: readonly CursorValue[] = [],
): Kind | undefined {
  const text = recognizeText(value)
  if (text) return withPlain(text)
  if (sortableNumber(value) === undefined) return undefined
  const isTimed =
    timeZone !== undefined || (typeof lookback === 'number' && lookback > 0) || edges.some((edge) => !isNumeric(edge))
  const mayBeTime = isTimed || (typeof lookback === 'number' && !isIdentifier(field))
  // Eight digits are a date only where something else says so, or where they are written as text.
  const isPlainNumber = typeof value === 'number' && value < 1e9 && !isTimed
  const unit = mayBeTime && !isPlainNumber ? recognizeNumber(value) : undefined
  const usual = unit ?? (mayBeTime ? usualUnit(others) : undefined)
  return usual ? withPlain(usual) : { name: 'number' }
}

/** The unit since 1970 that most of the values count by their size; undefined where there is none. */
function usualUnit(values: readonly CursorValue[]): TimeFormat | undefined {
  const units = values.map((value) => recognizeNumber(value)).filter((unit) => unit?.name.startsWith('epoch'))
  return units.find((unit) => units.filter((other) => other === unit).length * 2 > values.length)
}

/** Whether a value is what one expects of its kind: spelled so, and where it counts time of that size. */
export const isLikely = (value: CursorValue, { formats: [format] }: Extract<Kind, { name: 'instant' }>): boolean =>
  isCounted(format) ? recognizeNumber(value) === format : format.read(value) !== undefined

const isNumeric = (value: CursorValue): boolean => sortableNumber(value) !== undefined && !recognizeText(value)

/** Formats whose values are numbers that order like the moments. */
export const isCounted = ({ name }: TimeFormat): boolean => name.startsWith('epoch') || name === 'basic'

export const isPattern = ({ name }: TimeFormat): boolean => name.includes('%')

/** What says nothing: an empty text, or zeros where the digits of a time belong. */
export const isBlank = (value: CursorValue): boolean => /^[\s0:./TZ+-]*$/i.test(String(value))

/** A field of numbers that tell rows apart or count them, so that they are no times regardless of their size. */
const isIdentifier = (field: string): boolean =>
  /(^|[._-])(ids?|keys?|seq|sequence|no|num|number|version|rev|revision|offset|index|position|count|counter|serial|lsn|scn|usn)$|[a-z](Id|Key|Seq|Number|Version|Revision)$/i.test(
    field,
  )

const plainTexts = ['iso', 'rfc2822', 'dotnet']

/** A format that was recognized, and beside it those that cannot be mistaken for it. */
function withPlain(format: TimeFormat): Kind {
  const others = plainTexts.filter((name) => name !== format.name).map((name) => findFormat(name) as TimeFormat)
  return { name: 'instant', formats: [format, ...others] }
}

export function kindOfSaved({ format: name }: SavedCursor): Kind {
  const format = findFormat(name)
  return format ? withPlain(format) : kindOf([name])
}

/** Throws a `TypeError` for a name that means nothing: the check of the connector file refuses it before. */
export function kindOf(names: readonly string[]): Kind {
  const [only = ''] = names
  if (only === 'number' || only === 'text') return { name: only }
  const formats = names.map((name) => {
    const format = findFormat(name)
    if (!format) throw new TypeError(`no format is called ${name}`)
    return format
  })
  return { name: 'instant', formats: formats as [TimeFormat, ...TimeFormat[]] }
}
