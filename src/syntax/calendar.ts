import { daysIn, floorDiv, instantOf, wallClock, type Moment } from './moment.ts'

const day = 86_400_000_000_000n
const pattern =
  /^([+-])?P(?=.)(?:(\d{1,5})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,7})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12})(?:\.(\d{1,9}))?S)?)?$/

/** Whether `add` takes it: an ISO 8601 duration, months and years included, with a sign before it or none. */
export const isSignedDuration = (text: string): boolean => pattern.test(text)

/**
 * Adds a duration by the calendar: first years and months (a day that the month lacks becomes its last: January 31 and
 * P1M give February 28 or 29), then the rest. Undefined where the result leaves the years 0 to 9999.
 */
export function addDuration(moment: Moment, duration: string): Moment | undefined {
  const match = pattern.exec(duration)
  if (!match) return undefined
  const sign = match[1] === '-' ? -1n : 1n
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(2, 9).map((part) => BigInt(part ?? 0)) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  const nanos = BigInt((match[9] ?? '').padEnd(9, '0'))
  const time = (hours * 3600n + minutes * 60n + seconds) * 1_000_000_000n + nanos
  const exact = (weeks * 7n + days) * day + time
  const shifted = addMonths(moment.wall, Number(sign * (years * 12n + months)))
  if (shifted === undefined) return undefined
  const wall = shifted + sign * exact
  const year = new Date(Number(floorDiv(wall, 1_000_000n))).getUTCFullYear()
  if (!(year >= 0 && year <= 9999)) return undefined
  const isDate = moment.form.kind === 'date' || moment.form.kind === 'basic_date'
  // A date that gets a time of day can no longer be written as a date.
  const form =
    isDate && wall % day !== 0n ? ({ kind: 'date_time', separator: 'T', digits: 0, zone: 'Z' } as const) : moment.form
  return { ...moment, wall, form }
}

function addMonths(wall: bigint, months: number): bigint | undefined {
  if (months === 0) return wall
  const midnight = floorDiv(wall, day) * day
  const date = new Date(Number(midnight / 1_000_000n))
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + months
  const [year, inYear] = [Math.floor(month / 12), (month % 12) + 1]
  if (year < 0 || year > 9999) return undefined
  return wallClock(year, inYear, Math.min(date.getUTCDate(), daysIn(year, inYear))) + (wall - midnight)
}

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const monthNames = 'January February March April May June July August September October November December'.split(' ')
const pad = (value: number, length = 2): string => String(value).padStart(length, '0')

/** What each letter after % writes, of a moment in UTC. */
const directives: Readonly<Record<string, (date: Date, instant: bigint) => string>> = {
  Y: (date) => pad(date.getUTCFullYear(), 4),
  y: (date) => pad(date.getUTCFullYear() % 100),
  m: (date) => pad(date.getUTCMonth() + 1),
  d: (date) => pad(date.getUTCDate()),
  H: (date) => pad(date.getUTCHours()),
  I: (date) => pad(date.getUTCHours() % 12 || 12),
  M: (date) => pad(date.getUTCMinutes()),
  S: (date) => pad(date.getUTCSeconds()),
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  f: (_, instant) =>
    String(floorDiv(instant, 1_000n) - floorDiv(instant, 1_000_000_000n) * 1_000_000n).padStart(6, '0'),
  j: (date) => pad(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1, 3),
  z: () => '+0000',
  Z: () => 'UTC',
  s: (_, instant) => String(floorDiv(instant, 1_000_000_000n)),
  b: (date) => (monthNames[date.getUTCMonth()] as string).slice(0, 3),
  B: (date) => monthNames[date.getUTCMonth()] as string,
  a: (date) => (dayNames[date.getUTCDay()] as string).slice(0, 3),
  A: (date) => dayNames[date.getUTCDay()] as string,
  '%': () => '%',
}

/** What is wrong with a format of `date`, or undefined. */
export function checkFormat(format: string): string | undefined {
  const unknown = [...format.matchAll(/%(.|$)/gsu)].find(([, letter]) => !Object.hasOwn(directives, letter as string))
  if (!unknown) return undefined
  return `date knows no ${unknown[0]}: expected % before one of ${Object.keys(directives).join(' ')}`
}

/** Writes a moment in UTC by a format like that of strftime (POSIX), with `%f` for microseconds. */
export function formatTime(moment: Moment, format: string): string {
  const instant = instantOf(moment)
  const date = new Date(Number(floorDiv(instant, 1_000_000n)))
  return format.replace(/%(.)/gsu, (text, letter: string) => directives[letter]?.(date, instant) ?? text)
}
