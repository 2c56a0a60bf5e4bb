import { findFormat, recognizeNumber, recognizeText, type TimeFormat } from '../syntax/moments/formats.ts'
import { floorDiv, isInCalendar, isoNanos } from '../syntax/moments/wall.ts'
import { spelledOffset } from '../syntax/moments/zones.ts'
import type { ColumnType } from './types.ts'
import { type Kind, type Member, normalizeTime, stringValue } from './value.ts'

/** How the times of a declared column are spelled. */
export interface TimeSpelling {
  /** Names or patterns: nothing else is read, but RFC 3339 where no pattern could read it otherwise. Undefined where each value tells. */
  readonly formats?: readonly string[] | undefined
  /** IANA name of the zone whose clock a value without offset shows; UTC where absent. */
  readonly zone?: string | undefined
}

/** A value, without quotes, and its kind. */
interface Told {
  readonly kind: Kind
  readonly value: string
}

export type TimeType = 'timestamp' | 'datetime' | 'date'

/**
 * A time as a column of `type` takes it, to the microsecond; undefined where it is none. A datetime of a value with an
 * offset is that of UTC, a date is the one that the value shows.
 */
export function convertTime(
  { kind, value }: Told,
  type: TimeType,
  { formats, zone }: TimeSpelling,
): string | undefined {
  const native = isNative({ formats }) ? convertNative(kind, value, { type, zone }) : undefined
  if (native !== undefined) return native
  const ns = readTime({ kind, value }, type, { formats, zone })
  if (ns === undefined) return undefined
  if (type === 'timestamp') return `${showMicros(ns)}Z`
  return type === 'datetime' ? showMicros(ns) : isoNanos(ns).slice(0, 10)
}

/** The moment that a value means; for a date by the clock that the value shows. */
function readTime({ kind, value }: Told, type: TimeType, { formats, zone }: TimeSpelling): bigint | undefined {
  const isNumber = kind === 'integer' || kind === 'number' || kind === 'numeric'
  const spelled = isNumber && /e/i.test(value) ? String(Number(value)) : value
  const declared = formats && findDeclared(spelled, formats)
  const format = declared ?? (formats ? undefined : recognize(spelled, isNumber))
  const ns = format?.read(spelled, zone)
  if (!format || ns === undefined || type !== 'date' || !format.hasZone(spelled)) return ns
  const shown = ns + writtenOffset(spelled)
  return isInCalendar(shown) ? shown : undefined
}

/** Whether a column of times takes a value without its last digits, or a column of dates without its time of day. */
export function isCutTime({ kind, text }: Member, type: ColumnType, times: TimeSpelling): boolean {
  if (type !== 'timestamp' && type !== 'datetime' && type !== 'date') return false
  const value = text.startsWith('"') ? stringValue(text) : text
  const spelling = isRfc3339(kind) && isNative(times) ? { zone: times.zone } : times
  const ns = readTime({ kind, value }, type, spelling)
  return ns !== undefined && ns % (type === 'date' ? 86_400_000_000_000n : 1_000n) !== 0n
}

const isRfc3339 = (kind: Kind): boolean => kind === 'timestamp' || kind === 'datetime' || kind === 'date'

/** Spellings that a type takes without a detour by the moment. */
function convertNative(
  kind: Kind,
  value: string,
  { type, zone }: { readonly type: TimeType; readonly zone: string | undefined },
): string | undefined {
  if (!isRfc3339(kind)) return undefined
  if (type === 'date') return value.slice(0, 10)
  if (kind === 'timestamp') return type === 'timestamp' ? normalizeTime(value) : undefined
  if (type === 'timestamp' && zone !== undefined) return undefined
  const clock = kind === 'date' ? `${value}T00:00:00` : normalizeTime(value)
  return type === 'timestamp' ? `${clock}Z` : clock
}

const findDeclared = (value: string, names: readonly string[]): TimeFormat | undefined =>
  names.map(findFormat).find((format) => format?.read(value) !== undefined)

function recognize(value: string, isNumber: boolean): TimeFormat | undefined {
  return recognizeText(value) ?? recognizeNumber(value) ?? (isNumber ? epochOf(value) : undefined)
}

/** Seconds up to 100,000,000,000 (the year 5138), else the largest unit in which the number is within the year 9999. */
function epochOf(value: string): TimeFormat | undefined {
  const units = Math.abs(Number(value)) < 1e11 ? ['epoch'] : ['epoch_ms', 'epoch_us', 'epoch_ns']
  return findDeclared(value, units)
}

/** Whether values that a column of times takes as they are mean the same by this spelling. */
export const isNative = ({ formats = [] }: TimeSpelling): boolean => !formats.some((name) => name.includes('%'))

/** How far the clock that a value shows is ahead of UTC, in nanoseconds, where the value ends with that. */
function writtenOffset(value: string): bigint {
  const [offset] = /(?<=[\d\s])(?:[+-]\d\d(?::?\d\d)?|[a-z]+)$/i.exec(value.replace(/(?<!\s)\s*\([^()]*\)$/, '')) ?? []
  return (offset === undefined ? undefined : spelledOffset(offset)) ?? 0n
}

/** `YYYY-MM-DDTHH:MM:SS` with three digits of fraction, or six where the microseconds are not 0. */
function showMicros(ns: bigint): string {
  const text = isoNanos(ns).slice(0, 26)
  return floorDiv(ns, 1_000n) % 1_000n === 0n ? text.slice(0, 23) : text
}
