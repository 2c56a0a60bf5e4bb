/**
 * A point in time that remembers how it was written, so that arithmetic on it can be written the same way. Plain
 * integer arithmetic rather than Temporal, which would add 25 ms to every cold start.
 */
export interface Moment {
  /** Nanoseconds since 1970 by the clock of its own offset. */
  readonly wall: bigint
  /** Minutes east of UTC. */
  readonly offset: number
  readonly form: TextForm | EpochForm
}

interface TextForm {
  readonly kind: 'date' | 'basic_date' | 'date_time'
  readonly separator: string
  /** Digits of the fraction of a second. */
  readonly digits: number
  readonly zone: string
}

interface EpochForm {
  readonly kind: 'seconds' | 'milliseconds'
  readonly text: boolean
}

const second = 1_000_000_000n
const dateTime =
  /^(\d{4})-(\d\d)-(\d\d)(?:([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?\s?([Zz]|[+-]\d\d:?\d\d|))?$/

/**
 * Reads an RFC 3339 timestamp, one without an offset (taken as UTC), a date, eight digits `YYYYMMDD` as text, or an epoch number (also
 * as text). An epoch number beyond 10^11 counts milliseconds (as seconds it would lie past the year 5100), else seconds.
 */
export function parseMoment(value: unknown): Moment | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? fromEpoch(value, false) : undefined
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  const basic = /^(\d{4})(\d\d)(\d\d)$/.exec(text)
  if (basic) return fromFields(basic.slice(1).map(Number), { kind: 'basic_date', separator: '', digits: 0, zone: '' })
  if (/^-?\d{1,16}(\.\d+)?$/.test(text)) return fromEpoch(Number(text), true)
  const match = dateTime.exec(text)
  if (!match) return undefined
  const [, year, month, day, separator = '', hour = 0, minute = 0, whole = 0, fraction = '', zone = ''] = match
  const form: TextForm = { kind: separator ? 'date_time' : 'date', separator, digits: fraction.length, zone }
  const moment = fromFields([year, month, day, hour, minute, whole].map(Number), form)
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? []
  const offset = (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0))
  return moment && { ...moment, wall: moment.wall + BigInt(fraction.padEnd(9, '0')), offset }
}

function fromEpoch(value: number, text: boolean): Moment {
  const kind = Math.abs(value) >= 1e11 ? 'milliseconds' : 'seconds'
  const ns = BigInt(Math.round(kind === 'seconds' ? value * 1e6 : value * 1e3)) * 1_000n
  return { wall: ns, offset: 0, form: { kind, text } }
}

function fromFields(fields: readonly number[], form: TextForm): Moment | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, whole = 0] = fields
  // A leap second (RFC 3339 section 5.6) becomes the second after it, as in POSIX time.
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || whole > 60)
    return undefined
  return { wall: wallClock(year, month, day) + BigInt(hour * 3600 + minute * 60 + whole) * second, offset: 0, form }
}

export const daysIn = (year: number, month: number): number => fieldsDate(year, month + 1, 0).getUTCDate()

function fieldsDate(year: number, month: number, day: number): Date {
  const date = new Date(0)
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day)
  return date
}

export const wallClock = (year: number, month: number, day: number): bigint =>
  BigInt(fieldsDate(year, month, day).getTime()) * 1_000_000n

/** Nanoseconds since 1970, UTC. */
export const instantOf = (moment: Moment): bigint => moment.wall - BigInt(moment.offset) * 60n * second

/** Whole division that rounds down, so that moments before 1970 stay right. */
export function floorDiv(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n)
}

/** The moment as text or number, written as it was read. */
export function formatMoment({ wall, form }: Moment): string | number {
  if ('text' in form) {
    const number = form.kind === 'seconds' ? Number(wall / 1_000n) / 1e6 : Number(wall / 1_000n) / 1e3
    return form.text ? String(number) : number
  }
  const iso = new Date(Number(floorDiv(wall, 1_000_000n))).toISOString()
  if (form.kind === 'basic_date') return iso.slice(0, 10).replaceAll('-', '')
  if (form.kind === 'date') return iso.slice(0, 10)
  const nanos = String(wall - floorDiv(wall, second) * second).padStart(9, '0')
  const fraction = nanos.slice(0, Math.max(form.digits, nanos.replace(/(?<!0)0+$/, '').length))
  return `${iso.slice(0, 10)}${form.separator}${iso.slice(11, 19)}${fraction && `.${fraction}`}${form.zone}`
}
