const secondNs = 1_000_000_000n

/** A time of day on a date, by any clock. */
export interface WallFields {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour?: number
  readonly minute?: number
  /** 60 in a leap second (RFC 3339 section 5.6), which becomes the second after it, as in POSIX time. */
  readonly second?: number
  /** The digits behind the point of the seconds; those past the ninth are cut off. */
  readonly fraction?: string
}

/** Nanoseconds since 1970 by the clock that shows these fields; undefined where the calendar has no such time. */
export function wallNs(fields: WallFields): bigint | undefined {
  const { year, month, day, hour = 0, minute = 0, second = 0, fraction = '' } = fields
  if (!(year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)))
    return undefined
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const seconds = daysSince1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
  const nanos = fraction === '' ? 0n : BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  return BigInt(seconds) * secondNs + nanos
}

/** Of the proleptic Gregorian calendar, counted from March so that a leap day comes last. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const century = Math.floor(shifted / 100)
  const inYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return shifted * 365 + Math.floor(shifted / 4) - century + Math.floor(century / 4) + inYear - 719_468
}

const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

export const daysIn = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : (days[month - 1] as number)

const firstNs = wallNs({ year: 1, month: 1, day: 1 }) as bigint
const lastNs = (wallNs({ year: 9999, month: 12, day: 31 }) as bigint) + 86_400n * secondNs - 1n

/** Whether a moment lies in the years 1 to 9999, which every destination can hold. */
export const isInCalendar = (ns: bigint): boolean => ns >= firstNs && ns <= lastNs

/** Whole division that rounds down, so that moments before 1970 stay right. */
export function floorDiv(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n)
}

/** `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn`: as text these order like the moments. */
export function isoNanos(ns: bigint): string {
  const ms = floorDiv(ns, 1_000_000n)
  const rest = String(ns - ms * 1_000_000n).padStart(6, '0')
  return `${new Date(Number(ms)).toISOString().slice(0, -1)}${rest}`
}
