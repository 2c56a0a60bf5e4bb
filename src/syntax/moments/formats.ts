import { monthNames, hasOffset, readPattern, writePattern } from './strftime.ts'
import { floorDiv, isInCalendar, wallNs } from './wall.ts'
import { momentOf, offsetAt, spelledOffset } from './zones.ts'

/** A value of a row: a text, or a number (an integer beyond 2^53 as its decimal text). */
export type Spelled = string | number

export interface WriteOptions {
  /** A value of the same format, whose details (fraction, separator, zone) the written one shares. */
  readonly like?: Spelled | undefined
  /** IANA name of the zone whose clock a time without offset shows; UTC where absent. */
  readonly zone?: string | undefined
}

/** One way to spell a moment. */
export interface TimeFormat {
  /** As a connector file names it: a word, or the pattern itself. */
  readonly name: string
  /** Nanoseconds since 1970 (UTC); undefined where the value is not spelled so, or no destination could hold it. */
  read(value: Spelled, zone?: string): bigint | undefined
  /** The last moment up to `ns` that can be spelled so. */
  write(ns: bigint, options?: WriteOptions): Spelled
  /** Whether a value says by itself how far its clock is ahead of UTC. */
  hasZone(value: Spelled): boolean
}

const bounded = (ns: bigint | undefined): bigint | undefined => (ns !== undefined && isInCalendar(ns) ? ns : undefined)

const isoTime =
  /^(\d{4})([-/])(\d\d)\2(\d\d)(?:([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:([.,])(\d+))?)?(\s?)(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?|))?$/i
const basicTime = /^(\d{4})(\d\d)(\d\d)(?:(T?)(\d\d)(\d\d)(\d\d)(?:(\.)(\d+))?(Z|[+-]\d\d(?::?\d\d)?|))?$/i

/** RFC 3339, and what is written like it: with a space, without seconds, without a zone, or as a mere date. */
const iso: TimeFormat = {
  name: 'iso',
  read(value, zone) {
    const match = typeof value === 'string' ? isoTime.exec(value) : null
    if (!match) return undefined
    const [, year, , month, day, , hour, minute, second, , fraction, , offset = ''] = match
    return fromWall(readFields({ year, month, day, hour, minute, second, fraction }), offset, zone)
  },
  write(ns, { like = '', zone } = {}) {
    const match = isoTime.exec(String(like))
    const [, , dash = '-', , , gap, , , seconds, point = '.', digits = '', space = '', offset] = match ?? []
    const spelled = match ? (offset ?? '') : 'Z'
    const day = `%Y${dash}%m${dash}%d`
    if (match && gap === undefined) return writeAt(ns, day, zone)
    const hasSeconds = !match || seconds !== undefined
    const clock = `${day}${gap ?? 'T'}%H:%M${hasSeconds ? ':%S' : ''}`
    // Written in UTC: an offset of its own has no bearing on the moment.
    const text = writeAt(ns, clock, spelled === '' ? zone : undefined)
    return `${text}${digits && `${point}${fractionOf(ns, digits.length)}`}${space}${utcLike(spelled)}`
  },
  hasZone: (value) => (isoTime.exec(String(value))?.[12] ?? '') !== '',
}

/** `YYYYMMDD`, `YYYYMMDDHHMMSS` and `YYYYMMDDTHHMMSSZ` (ISO 8601 basic format), as text or number. */
const basic: TimeFormat = {
  name: 'basic',
  read(value, zone) {
    const match = basicTime.exec(String(value))
    if (!match) return undefined
    const [, year, month, day, , hour, minute, second, , fraction, offset = ''] = match
    return fromWall(readFields({ year, month, day, hour, minute, second, fraction }), offset, zone)
  },
  write(ns, { like = '', zone } = {}) {
    const [text, , , , gap, hour, , , point = '.', digits = '', offset = ''] = basicTime.exec(String(like)) ?? []
    const clock = text !== undefined && hour === undefined ? '%Y%m%d' : `%Y%m%d${gap ?? ''}%H%M%S`
    const written = writeAt(ns, clock, offset === '' ? zone : undefined)
    const whole = `${written}${digits && `${point}${fractionOf(ns, digits.length)}`}${utcLike(offset)}`
    return typeof like === 'number' ? Number(whole) : whole
  },
  hasZone: (value) => (basicTime.exec(String(value))?.[10] ?? '') !== '',
}

const mailTime =
  /^(?:([a-z]{3}), ?)?(\d{1,2}) ([a-z]{3}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? ([+-]\d{4}|[a-z]{1,3})(?: ?\([^)]*\))?$/i

/** RFC 2822 section 3.3, and the date of HTTP (RFC 9110 section 5.6.7). */
const rfc2822: TimeFormat = {
  name: 'rfc2822',
  read(value) {
    const match = typeof value === 'string' ? mailTime.exec(value) : null
    if (!match) return undefined
    const [, , day, name = '', year, hour, minute, second, offset = ''] = match
    const month = monthNames.findIndex((one) => one.slice(0, 3).toLowerCase() === name.toLowerCase()) + 1
    return fromWall(readFields({ year, month: String(month), day, hour, minute, second }), offset, undefined)
  },
  write(ns, { like } = {}) {
    const [, weekday, , , , , , , offset = '+0000'] = mailTime.exec(String(like ?? '')) ?? [undefined, 'Mon']
    const zone = /^[+-]/.test(offset) ? '+0000' : 'GMT'
    return `${writePattern(ns, weekday === undefined ? '%d %b %Y %H:%M:%S' : '%a, %d %b %Y %H:%M:%S')} ${zone}`
  },
  hasZone: () => true,
}

const dotnetTime = /^\/Date\((-?\d{1,17})([+-]\d{4})?\)\/$/

/** `/Date(1700000000000+0100)/`: milliseconds since 1970 (UTC); the offset only says where they were taken. */
const dotnet: TimeFormat = {
  name: 'dotnet',
  read(value) {
    const ms = typeof value === 'string' ? dotnetTime.exec(value)?.[1] : undefined
    return ms === undefined ? undefined : bounded(BigInt(ms) * 1_000_000n)
  },
  write: (ns, { like } = {}) =>
    `/Date(${floorDiv(ns, 1_000_000n)}${dotnetTime.exec(String(like ?? ''))?.[2] ? '+0000' : ''})/`,
  hasZone: () => true,
}

/** Decimal places of a second that each unit leaves out. */
const epochUnits = { epoch: 9, epoch_ms: 6, epoch_us: 3, epoch_ns: 0 } as const

export type EpochName = keyof typeof epochUnits

/** Seconds, milli-, micro- or nanoseconds since 1970, as a number or as its text; a fraction counts. */
function epochFormat(name: EpochName): TimeFormat {
  const places = epochUnits[name]
  return {
    name,
    read(value) {
      const [, sign, whole, fraction = ''] = /^(-?)(\d{1,21})(?:\.(\d+))?$/.exec(String(value)) ?? []
      if (whole === undefined) return undefined
      const digits = fraction.slice(0, places).padEnd(places, '0')
      const ns = BigInt(`${whole}${digits}`)
      return bounded(sign === '-' ? -ns : ns)
    },
    write(ns, { like } = {}) {
      const digits = Math.min(/\.(\d+)$/.exec(String(like ?? ''))?.[1]?.length ?? 0, places)
      const scaled = floorDiv(ns, 10n ** BigInt(places - digits))
      const unit = 10n ** BigInt(digits)
      const whole = scaled / unit
      const rest = String(scaled < 0n ? -(scaled % unit) : scaled % unit).padStart(digits, '0')
      const text = `${scaled < 0n && whole === 0n ? '-' : ''}${whole}${digits > 0 ? `.${rest}` : ''}`
      const isNumber = typeof like !== 'string' && Number.isSafeInteger(Math.trunc(Number(text)))
      return isNumber ? Number(text) : text
    },
    hasZone: () => true,
  }
}

/** A pattern of strftime. */
function patternFormat(pattern: string): TimeFormat {
  const hasZone = hasOffset(pattern)
  return {
    name: pattern,
    read: (value, zone) => bounded(readPattern(String(value), pattern, zone)),
    write(ns, { like, zone } = {}) {
      const text = hasZone ? writePattern(ns, pattern) : writeAt(ns, pattern, zone)
      return typeof like === 'number' && /^\d+$/.test(text) ? Number(text) : text
    },
    hasZone: () => hasZone,
  }
}

const named: ReadonlyMap<string, TimeFormat> = new Map(
  [iso, basic, rfc2822, dotnet, ...Object.keys(epochUnits).map((name) => epochFormat(name as EpochName))].map(
    (format) => [format.name, format],
  ),
)

export const formatNames: readonly string[] = [...named.keys()]

/** The format that a connector file or a checkpoint names; undefined for a word that names none. */
export function findFormat(name: string): TimeFormat | undefined {
  return name.includes('%') ? patternFormat(name) : named.get(name)
}

/** Formats of texts that can be mistaken for nothing else. */
const plain: readonly TimeFormat[] = [iso, rfc2822, dotnet]

/** The format of a text that is told from its spelling alone; what is written in digits only may be a number. */
export function recognizeText(value: Spelled): TimeFormat | undefined {
  const isBasic = typeof value === 'string' && value[8] === 'T' && basic.read(value) !== undefined
  return isBasic ? basic : plain.find((format) => format.read(value) !== undefined)
}

/** The unit of a number that counts time since 1970, told from its size (the years 2001 to 2096), or that writes a time of day in its digits. */
export function recognizeNumber(value: Spelled): TimeFormat | undefined {
  if (/^\d{8}$|^\d{14}$/.test(String(value))) {
    const ns = basic.read(value)
    return ns !== undefined && ns >= 0n && ns < 4_102_444_800_000_000_000n ? basic : undefined
  }
  const size = Math.abs(Number(value))
  const unit = [1e9, 1e12, 1e15, 1e18].findIndex((least) => size >= least && size < 4 * least)
  const name = Object.keys(epochUnits)[unit]
  return name === undefined ? undefined : named.get(name)
}

type TextFields = Readonly<Record<'year' | 'month' | 'day', string | undefined>> &
  Readonly<Partial<Record<'hour' | 'minute' | 'second' | 'fraction', string | undefined>>>

function readFields({ year, month, day, hour = '0', minute = '0', second = '0', fraction = '' }: TextFields) {
  return wallNs({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    fraction,
  })
}

function fromWall(wall: bigint | undefined, offset: string, zone: string | undefined): bigint | undefined {
  if (wall === undefined) return undefined
  if (offset === '') return bounded(zone === undefined ? wall : momentOf(wall, zone))
  const ahead = spelledOffset(offset)
  return ahead === undefined ? undefined : bounded(wall - ahead)
}

function writeAt(ns: bigint, pattern: string, zone: string | undefined): string {
  return writePattern(ns, pattern, zone === undefined ? 0n : offsetAt(ns, zone))
}

function fractionOf(ns: bigint, digits: number): string {
  const nanos = ns - floorDiv(ns, 1_000_000_000n) * 1_000_000_000n
  return String(nanos).padStart(9, '0').padEnd(digits, '0').slice(0, digits)
}

/** UTC, spelled like another offset. */
const utcLike = (offset: string): string =>
  /^[+-]/.test(offset) ? offset.replace(/[+-]/, '+').replace(/\d/g, '0') : offset
