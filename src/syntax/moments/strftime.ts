import { floorDiv, wallNs } from './wall.ts'
import { momentOf, spelledOffset } from './zones.ts'

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
export const monthNames = 'January February March April May June July August September October November December'.split(
  ' ',
)
const short = (names: readonly string[]): readonly string[] => names.map((name) => name.slice(0, 3))
const anyOf = (names: readonly string[]): string => `(${names.join('|')})`
const pad = (value: number, length = 2): string => String(value).padStart(length, '0')
const second = 1_000_000_000n

/** The clock that a pattern writes: its date and time as if they were those of UTC, and how far it is ahead of UTC. */
interface Clock {
  readonly date: Date
  readonly wall: bigint
  readonly offset: bigint
}

interface Directive {
  /** What it reads, as the source of a regular expression with one group, or none. */
  readonly reads: string
  readonly writes: (clock: Clock) => string
}

const directive = (reads: string, writes: Directive['writes']): Directive => ({ reads, writes })

/** What each letter after % stands for (POSIX strftime, with %f for the fraction of a second). */
const directives: Readonly<Record<string, Directive>> = {
  Y: directive('(\\d{4})', ({ date }) => pad(date.getUTCFullYear(), 4)),
  y: directive('(\\d\\d)', ({ date }) => pad(date.getUTCFullYear() % 100)),
  m: directive('(\\d{1,2})', ({ date }) => pad(date.getUTCMonth() + 1)),
  d: directive('(\\d{1,2})', ({ date }) => pad(date.getUTCDate())),
  H: directive('(\\d{1,2})', ({ date }) => pad(date.getUTCHours())),
  I: directive('(\\d{1,2})', ({ date }) => pad(date.getUTCHours() % 12 || 12)),
  M: directive('(\\d\\d)', ({ date }) => pad(date.getUTCMinutes())),
  S: directive('(\\d\\d)', ({ date }) => pad(date.getUTCSeconds())),
  p: directive('([AP]M)', ({ date }) => (date.getUTCHours() < 12 ? 'AM' : 'PM')),
  f: directive('(\\d+)', ({ wall }) => pad(Number((wall - floorDiv(wall, second) * second) / 1_000n), 6)),
  j: directive('(\\d{1,3})', ({ date }) =>
    pad(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1, 3),
  ),
  z: directive('(Z|[+-]\\d\\d(?::?\\d\\d)?)', ({ offset }) => {
    const minutes = Number(offset / (60n * second))
    return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(minutes) / 60))}${pad(Math.abs(minutes) % 60)}`
  }),
  Z: directive('([A-Z]{1,4})', () => 'UTC'),
  s: directive('(-?\\d+)', ({ wall, offset }) => String(floorDiv(wall - offset, second))),
  b: directive(anyOf(short(monthNames)), ({ date }) => (monthNames[date.getUTCMonth()] as string).slice(0, 3)),
  B: directive(anyOf(monthNames), ({ date }) => monthNames[date.getUTCMonth()] as string),
  a: directive(`(?:${short(dayNames).join('|')})`, ({ date }) => (dayNames[date.getUTCDay()] as string).slice(0, 3)),
  A: directive(`(?:${dayNames.join('|')})`, ({ date }) => dayNames[date.getUTCDay()] as string),
  '%': directive('%', () => '%'),
}

const shorthands: Readonly<Record<string, string>> = { F: '%Y-%m-%d', T: '%H:%M:%S', R: '%H:%M', D: '%m/%d/%y' }

const expand = (pattern: string): string =>
  pattern.replace(/%([\s\S])/g, (text, letter: string) => shorthands[letter] ?? text)

const lettersOf = (pattern: string): readonly string[] =>
  [...expand(pattern).matchAll(/%([\s\S]|$)/g)].map(([, letter]) => letter as string)

/** What is wrong with a pattern that is to write a time, or undefined. */
export function findPatternProblem(pattern: string): string | undefined {
  const unknown = lettersOf(pattern).find((letter) => !Object.hasOwn(directives, letter))
  if (unknown === undefined) return undefined
  return `no time has %${unknown}: expected % before one of ${[...Object.keys(directives), ...Object.keys(shorthands)].join(' ')}`
}

/** What is wrong with a pattern that is to read a time, or undefined: without its year and month a value is no moment. */
export function findReadProblem(pattern: string): string | undefined {
  const problem = findPatternProblem(pattern)
  if (problem !== undefined) return problem
  const letters = new Set(lettersOf(pattern))
  const has = (...names: readonly string[]): boolean => names.some((name) => letters.has(name))
  if (has('s')) return undefined
  if (!has('Y', 'y')) return 'expected a year in it: %Y, or %y for two digits (or %s for seconds since 1970)'
  if (!has('m', 'b', 'B', 'j')) return 'expected a month in it: %m, %b or %B (or %j for the day of the year)'
  if (has('I') !== has('p')) return 'expected %I and %p together, as 12-hour clocks show every hour twice'
  return undefined
}

interface Compiled {
  readonly regex: RegExp
  /** The letter of each group. */
  readonly groups: readonly string[]
}

const compiled = new Map<string, Compiled>()

function compile(pattern: string): Compiled {
  const known = compiled.get(pattern)
  if (known) return known
  const groups: string[] = []
  const source = expand(pattern).replace(/%([\s\S])|([^%\s]+)|(\s+)/g, (_, letter?: string, text?: string) => {
    if (text !== undefined) return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    if (letter === undefined) return '\\s+'
    const { reads } = directives[letter] as Directive
    if (/\((?!\?)/.test(reads)) groups.push(letter)
    return reads
  })
  const made: Compiled = { regex: new RegExp(`^${source}$`, 'i'), groups }
  compiled.set(pattern, made)
  return made
}

/**
 * The moment that a text means by a pattern, in nanoseconds since 1970; undefined where it is not spelled so. A time
 * without its offset is one of `zone` (IANA), or of UTC.
 */
export function readPattern(text: string, pattern: string, zone: string | undefined): bigint | undefined {
  const { regex, groups } = compile(pattern)
  const match = regex.exec(text)
  if (!match) return undefined
  const parts = Object.fromEntries(groups.map((letter, index) => [letter, match[index + 1] as string]))
  const { s: epoch, z: offset, Z: name, f: fraction = '' } = parts
  if (epoch !== undefined) return BigInt(epoch) * second + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
  const wall = wallOf(parts)
  if (wall === undefined) return undefined
  const spelled = offset ?? name
  if (spelled === undefined) return zone === undefined ? wall : momentOf(wall, zone)
  const ahead = spelledOffset(spelled)
  return ahead === undefined ? undefined : wall - ahead
}

function wallOf(parts: Readonly<Record<string, string>>): bigint | undefined {
  const { Y, y, j, p } = parts
  const two = Number(y)
  // POSIX: 69 to 99 are of the last century.
  const year = Y === undefined ? (two < 69 ? 2000 : 1900) + two : Number(Y)
  const hour = Number(parts['H'] ?? parts['I'] ?? 0)
  if (parts['I'] !== undefined && (hour < 1 || hour > 12)) return undefined
  const month = j === undefined ? monthOf(parts) : 1
  const first = wallNs({
    year,
    month,
    day: j === undefined ? Number(parts['d'] ?? 1) : 1,
    hour: p === undefined ? hour : (hour % 12) + (p.toUpperCase() === 'PM' ? 12 : 0),
    minute: Number(parts['M'] ?? 0),
    second: Number(parts['S'] ?? 0),
    fraction: parts['f'] ?? '',
  })
  if (j === undefined || first === undefined) return first
  const isLeap = wallNs({ year, month: 2, day: 29 }) !== undefined
  return Number(j) < 1 || Number(j) > (isLeap ? 366 : 365)
    ? undefined
    : first + BigInt(Number(j) - 1) * 86_400n * second
}

function monthOf({ m, b, B }: Readonly<Record<string, string>>): number {
  if (m !== undefined) return Number(m)
  const name = (b ?? B ?? '').slice(0, 3).toLowerCase()
  return monthNames.findIndex((month) => month.slice(0, 3).toLowerCase() === name) + 1
}

/** Writes a moment (nanoseconds since 1970) by a pattern, as a clock shows it that is `offset` nanoseconds ahead of UTC. */
export function writePattern(ns: bigint, pattern: string, offset = 0n): string {
  const wall = ns + offset
  const clock: Clock = { date: new Date(Number(floorDiv(wall, 1_000_000n))), wall, offset }
  return expand(pattern).replace(/%([\s\S])/g, (text, letter: string) => directives[letter]?.writes(clock) ?? text)
}

/** Whether what a pattern reads says by itself how far it is ahead of UTC. */
export const hasOffset = (pattern: string): boolean => lettersOf(pattern).some((letter) => 'zZs'.includes(letter))
