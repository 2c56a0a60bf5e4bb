/** How a provider writes the time of a row. */
export interface Spelling {
  /** Milliseconds: times that lie closer together are written alike. */
  readonly unit: number
  spell(ms: number): string | number
  /** Milliseconds of what `spell` wrote; undefined for what this provider does not understand. */
  parse(text: string): number | undefined
  /** It orders rows without saying when they changed. */
  readonly counts?: true
  /** What the connector file has to say of it. */
  readonly declared?: Declared
  /** What it may say of a spelling that the rows tell. */
  readonly known?: Declared
}

interface Declared {
  readonly format: string | readonly string[]
  readonly time_zone?: string
}

const second = 1000
const minute = 60_000
const day = 86_400_000

const iso = (ms: number): string => new Date(ms).toISOString()

function parseTime(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text)
  if (!match) return undefined
  const [, date, clock = '00:00:00', fraction = '', zone = 'Z'] = match
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const ms = Date.parse(`${date}T${clock}${fraction.slice(0, 4)}${offset}`)
  return Number.isNaN(ms) ? undefined : ms
}

function parseNumber(text: string, unit: number): number | undefined {
  return /^-?\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * unit) : undefined
}

function atOffset(ms: number, hours: number): string {
  const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`
  return iso(ms + hours * 3_600_000).slice(0, 19) + zone
}

const parseHours = (text: string): number | undefined => parseTime(text.replace(/([+-]\d\d)$/, '$1:00'))
const parseWord = (text: string): number | undefined => parseTime(text.replace(/ UTC$/, 'Z'))
const parseMicros = (text: string): number | undefined =>
  /^\d+$/.test(text) ? Math.floor(Number(text) / 1000) : undefined

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function writeMail(ms: number): string {
  const at = new Date(ms)
  const date = `${iso(ms).slice(8, 10)} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`
  return `${days[at.getUTCDay()]}, ${date} ${iso(ms).slice(11, 19)} +0000`
}

function parseMail(text: string): number | undefined {
  const [, day, name = '', year, clock] =
    /^\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d) (?:GMT|\+0000)$/.exec(text) ?? []
  if (day === undefined || !months.includes(name)) return undefined
  return Date.parse(`${year}-${String(months.indexOf(name) + 1).padStart(2, '0')}-${day}T${clock}Z`)
}

/** The parts of a time in the order of `pattern`'s groups: year, month, day, clock. */
const readParts =
  (pattern: RegExp) =>
  (text: string): number | undefined => {
    const { year, month, day: date, hour, minute, second: last } = pattern.exec(text)?.groups ?? {}
    return year === undefined ? undefined : Date.parse(`${year}-${month}-${date}T${hour}:${minute}:${last}Z`)
  }

const india = 19_800_000

/** The date and the clock of twelve hours in India, which has had no summer time since 1945. */
function writeIndian(ms: number): string {
  const local = iso(ms + india)
  const hour = Number(local.slice(11, 13))
  const clock = `${String(hour % 12 || 12).padStart(2, '0')}${local.slice(13, 19)} ${hour < 12 ? 'AM' : 'PM'}`
  return `${local.slice(8, 10)}.${local.slice(5, 7)}.${local.slice(0, 4)} ${clock}`
}

function parseIndian(text: string): number | undefined {
  const [, date, month, year, hour, rest, half] =
    /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d)(:\d\d:\d\d) ([AP]M)$/.exec(text) ?? []
  if (date === undefined) return undefined
  const whole = String((Number(hour) % 12) + (half === 'PM' ? 12 : 0)).padStart(2, '0')
  return Date.parse(`${year}-${month}-${date}T${whole}${rest}Z`) - india
}

const begin = Date.UTC(2024, 4, 1)
/** So that counters of minutes grow from two to four digits. */
const firstMinute = Date.UTC(2024, 4, 28, 23)

const digits = (ms: number): string => iso(ms).slice(0, 19).replaceAll(/\D/g, '')

export const spellings = {
  milliseconds: { unit: 1, spell: iso, parse: parseTime, known: { format: 'iso' } },
  seconds: { unit: second, spell: (ms) => `${iso(ms).slice(0, 19)}Z`, parse: parseTime },
  microseconds: { unit: 1, spell: (ms) => `${iso(ms).slice(0, 23)}456Z`, parse: parseTime },
  nanoseconds: { unit: 1, spell: (ms) => `${iso(ms).slice(0, 23)}456789Z`, parse: parseTime },
  trimmed: { unit: 1, spell: (ms) => iso(ms).replace(/\.?0+Z$/, 'Z'), parse: parseTime },
  offset: { unit: second, spell: (ms) => atOffset(ms, 2), parse: parseTime },
  zones: { unit: second, spell: (ms) => atOffset(ms, (Math.floor(ms / second) % 5) - 2), parse: parseTime },
  date: { unit: day, spell: (ms) => iso(ms).slice(0, 10), parse: parseTime },
  zoneless: {
    unit: second,
    spell: (ms) => iso(ms).slice(0, 19),
    parse: parseTime,
    known: { format: '%Y-%m-%dT%H:%M:%S', time_zone: 'UTC' },
  },
  spaced: { unit: second, spell: (ms) => iso(ms).slice(0, 19).replace('T', ' '), parse: parseTime },
  epoch: {
    unit: second,
    spell: (ms) => Math.floor(ms / second),
    parse: (text) => parseNumber(text, second),
    known: { format: 'epoch' },
  },
  epoch_ms: { unit: 1, spell: (ms) => ms, parse: (text) => parseNumber(text, 1), known: { format: 'epoch_ms' } },
  counter: {
    unit: 1,
    spell: (ms) => ms - begin,
    parse: (text) => (/^\d+$/.test(text) ? Number(text) + begin : undefined),
    counts: true,
  },
  counter_text: {
    unit: minute,
    spell: (ms) => String(Math.floor((ms - firstMinute) / minute)),
    parse: (text) => (/^-?\d+$/.test(text) ? Number(text) * minute + firstMinute : undefined),
    counts: true,
  },
  epoch_text: {
    unit: second,
    spell: (ms) => String(Math.floor(ms / second)),
    parse: (text) => parseNumber(text, second),
  },
  epoch_us: {
    unit: 1,
    spell: (ms) => ms * 1000 + 7,
    parse: (text) => parseMicros(text),
    known: { format: 'epoch_us' },
  },
  slack: {
    unit: 1,
    spell: (ms) => `${Math.floor(ms / second)}.${String(ms % second).padStart(3, '0')}100`,
    parse: (text) => {
      const [, whole, fraction = ''] = /^(\d+)(?:\.(\d{1,6}))?$/.exec(text) ?? []
      return whole === undefined ? undefined : Number(whole) * second + Number(fraction.padEnd(6, '0').slice(0, 3))
    },
  },
  mail: { unit: second, spell: writeMail, parse: parseMail, known: { format: 'rfc2822' } },
  american: {
    unit: second,
    spell: (ms) => `${iso(ms).slice(5, 7)}/${iso(ms).slice(8, 10)}/${iso(ms).slice(0, 4)} ${iso(ms).slice(11, 19)}`,
    parse: readParts(/^(?<month>\d\d)\/(?<day>\d\d)\/(?<year>\d{4}) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)$/),
    declared: { format: '%m/%d/%Y %H:%M:%S', time_zone: 'UTC' },
  },
  digits: {
    unit: second,
    spell: digits,
    parse: readParts(/^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)$/),
    declared: { format: '%Y%m%d%H%M%S', time_zone: 'UTC' },
  },
  dotnet: {
    unit: 1,
    spell: (ms) => `/Date(${ms})/`,
    parse: (text) => {
      const ms = /^\/Date\((\d+)\)\/$/.exec(text)?.[1]
      return ms === undefined ? undefined : Number(ms)
    },
  },
  hours: { unit: second, spell: (ms) => `${iso(ms + 7_200_000).slice(0, 19)}+02`, parse: parseHours },
  indian: {
    unit: second,
    spell: writeIndian,
    parse: parseIndian,
    declared: { format: '%d.%m.%Y %I:%M:%S %p', time_zone: 'Asia/Kolkata' },
  },
  /** Two spellings in one listing, as where one system has taken the place of another. */
  mixed: {
    unit: second,
    spell: (ms) => (Math.floor(ms / second) % 3 === 0 ? writeMail(ms) : `${iso(ms).slice(0, 19)}Z`),
    parse: (text) => parseTime(text) ?? parseMail(text),
    declared: { format: ['iso', 'rfc2822'] },
  },
  fraction: {
    unit: 1,
    spell: (ms) => ms / second,
    parse: (text) => parseNumber(text, second),
    known: { format: 'epoch' },
  },
  epoch_ns: {
    unit: 1,
    spell: (ms) => `${ms}000123`,
    parse: (text) => (/^\d+$/.test(text) ? Math.floor(Number(text.slice(0, -6))) : undefined),
    known: { format: 'epoch_ns' },
  },
  basic: {
    unit: second,
    spell: (ms) => `${iso(ms).slice(0, 19).replaceAll(/[-:]/g, '')}Z`,
    parse: readParts(/^(?<year>\d{4})(?<month>\d\d)(?<day>\d\d)T(?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)Z$/),
    known: { format: 'basic' },
  },
  micros: {
    unit: 1,
    spell: (ms) => `${iso(ms).slice(0, 23)}456`,
    parse: parseTime,
    declared: { format: '%Y-%m-%dT%H:%M:%S.%f', time_zone: 'UTC' },
  },
  text: {
    unit: 1,
    spell: (ms) => `v${String(ms - begin).padStart(12, '0')}`,
    parse: (text) => (/^v\d{12}$/.test(text) ? Number(text.slice(1)) + begin : undefined),
    counts: true,
    declared: { format: 'text' },
  },
  zone_word: { unit: second, spell: (ms) => `${iso(ms).slice(0, 19).replace('T', ' ')} UTC`, parse: parseWord },
} as const satisfies Record<string, Spelling>

export type SpellingName = keyof typeof spellings

export const spellingOf = (name: SpellingName): Spelling => spellings[name]
