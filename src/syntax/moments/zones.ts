import { floorDiv } from './wall.ts'

const minuteNs = 60_000_000_000n
/** No zone has changed its offset within a quarter of an hour. */
const quarterNs = 15n * minuteNs
const dayNs = 1440n * minuteNs

/** Whether a text names a zone of the IANA database (https://www.iana.org/time-zones). */
export function isTimeZone(zone: string): boolean {
  try {
    clockOf(zone)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

interface Clock {
  readonly format: Intl.DateTimeFormat
  /** By the quarter of an hour, in nanoseconds. */
  readonly offsets: Map<bigint, bigint>
}

const clocks = new Map<string, Clock>()

function clockOf(zone: string): Clock {
  const known = clocks.get(zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  const clock: Clock = { format, offsets: new Map() }
  clocks.set(zone, clock)
  return clock
}

/** How far the clocks of a zone are ahead of UTC at a moment, in nanoseconds. */
export function offsetAt(ns: bigint, zone: string): bigint {
  const { format, offsets } = clockOf(zone)
  const quarter = floorDiv(ns, quarterNs)
  const known = offsets.get(quarter)
  if (known !== undefined) return known
  const name = format
    .formatToParts(Number((quarter * quarterNs) / 1_000_000n))
    .find(({ type }) => type === 'timeZoneName')?.value
  const [, sign, hours = 0, minutes = 0, seconds = 0] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name ?? '') ?? []
  const offset = BigInt(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000_000n
  const signed = sign === '-' ? -offset : offset
  if (offsets.size >= 4096) offsets.clear()
  offsets.set(quarter, signed)
  return signed
}

/** The moment at which the clocks of a zone show `wall`; where they show it twice, the earlier one. */
export function momentOf(wall: bigint, zone: string): bigint {
  const candidates = [offsetAt(wall - dayNs, zone), offsetAt(wall + dayNs, zone)].map((offset) => wall - offset)
  const shown = candidates.filter((ns) => ns + offsetAt(ns, zone) === wall)
  return (shown.length > 0 ? shown : candidates).reduce((a, b) => (a < b ? a : b))
}

/** Nanoseconds that the offset of a spelled time takes; undefined for a name that is not known. RFC 2822 section 4.3. */
export function spelledOffset(zone: string): bigint | undefined {
  const upper = zone.toUpperCase()
  const [, sign, hours, minutes = 0] = /^([+-])(\d\d):?(\d\d)?$/.exec(upper) ?? []
  if (sign === undefined) {
    const known = named[upper]
    return known === undefined ? undefined : BigInt(known) * 60n * minuteNs
  }
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -1n : 1n) * BigInt(Number(hours) * 60 + Number(minutes)) * minuteNs
}

const named: Readonly<Record<string, number>> = {
  Z: 0,
  UT: 0,
  UTC: 0,
  GMT: 0,
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
}
