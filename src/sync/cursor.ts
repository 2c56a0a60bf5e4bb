import type { CursorValue } from './checkpoint.ts'

const time = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:?\d\d)?)?$/

interface Instant {
  readonly ms: number
  /** What lies below the millisecond, nine digits: nanoseconds of the second. */
  readonly nanos: string
}

/** The instant of an RFC 3339 time (section 5.6), a time without zone (taken as UTC) or a date; undefined for any other text. */
function parseInstant(text: string): Instant | undefined {
  const [, day, clock = '00:00:00', fraction = '', zone = 'Z'] = time.exec(text) ?? []
  if (day === undefined) return undefined
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
  const ms = Date.parse(`${day}T${clock}${offset}`)
  return Number.isNaN(ms) ? undefined : { ms, nanos: fraction.padEnd(9, '0') }
}

/**
 * Orders two cursors: numbers by value, times as instants, whatever else by code point, in this order where they differ
 * in kind. Negative where `a` is lower. Integers beyond 2^53 come as their decimal strings.
 */
export function compareCursors(a: CursorValue, b: CursorValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [String(a), String(b)]
  if (isDecimal(left) || isDecimal(right))
    return isDecimal(left) && isDecimal(right) ? compareDecimals(left, right) : isDecimal(left) ? -1 : 1
  const [first, second] = [parseInstant(left), parseInstant(right)]
  if (first && second) return first.ms - second.ms || compareText(first.nanos, second.nanos)
  return first ? -1 : second ? 1 : compareText(left, right)
}

function compareDecimals(a: string, b: string): number {
  if (a.includes('.') || b.includes('.')) return Number(a) - Number(b)
  const [left, right] = [BigInt(a), BigInt(b)]
  return left < right ? -1 : left > right ? 1 : 0
}

export const higherCursor = (a: CursorValue | null, b: CursorValue | null): CursorValue | null =>
  a === null ? b : b === null || compareCursors(a, b) >= 0 ? a : b

export const lowerCursor = (a: CursorValue, b: CursorValue): CursorValue => (compareCursors(a, b) <= 0 ? a : b)

/**
 * The cursor `ms` earlier, spelled as the source spells it: times, dates (by whole days, rounded away from the present),
 * and numbers that count seconds or milliseconds since 1970 (rounded likewise). Any other cursor has no such thing and stays.
 */
export function shiftCursor(cursor: CursorValue, ms: number): CursorValue {
  const epoch = epochUnit(cursor)
  if (epoch) return (cursor as number) - Math.ceil(ms / epoch)
  const instant = parseInstant(String(cursor))
  // By whole seconds, so that the fraction stays what it is.
  return instant && ms !== 0
    ? spellLike(String(cursor), instant.ms - Math.ceil(ms / 1000) * 1000, instant.nanos)
    : cursor
}

/**
 * The moment `at` (milliseconds since 1970) as a cursor like `sample`, never later than `at`; undefined where the cursor
 * is no time. A time without zone may be that of any place, so half a day is taken off.
 */
export function momentLike(sample: CursorValue, at: number): CursorValue | undefined {
  const epoch = epochUnit(sample)
  if (epoch) return Math.floor(at / epoch)
  const text = String(sample)
  if (!parseInstant(text)) return undefined
  const hasZone = /([Zz]|[+-]\d\d:?\d\d)$/.test(text) && text.length > 10
  return spellLike(text, hasZone ? at : at - 43_200_000, String(at % 1000).padStart(3, '0'))
}

const isDecimal = (text: string): boolean => /^-?\d+(\.\d+)?$/.test(text)
const compareText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Milliseconds of the unit that a number counts since 1970, told from its size: the years 2001 to 2096. */
function epochUnit(cursor: CursorValue): 1 | 1000 | undefined {
  if (typeof cursor !== 'number') return undefined
  if (cursor >= 1e9 && cursor < 4e9) return 1000
  return cursor >= 1e12 && cursor < 4e12 ? 1 : undefined
}

function spellLike(sample: string, ms: number, nanos: string): string {
  const iso = new Date(Math.floor(ms / 1000) * 1000).toISOString()
  if (sample.length === 10) return iso.slice(0, 10)
  const fraction = /\.(\d+)/.exec(sample)?.[1]
  const zone = /([Zz]|[+-]\d\d:?\d\d)$/.exec(sample)?.[0]
  const clock = `${iso.slice(0, 10)}${sample[10]}${iso.slice(11, 19)}${fraction ? `.${nanos.padEnd(9, '0').slice(0, fraction.length)}` : ''}`
  if (zone === undefined) return clock
  // Written in UTC: an offset of its own has no bearing on the instant.
  return `${clock}${/[Zz]/.test(zone) ? zone : zone.includes(':') ? '+00:00' : '+0000'}`
}
