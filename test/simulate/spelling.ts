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
  readonly declared?: Readonly<Record<string, unknown>>
}

const second = 1000
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

const digits = (ms: number): string => iso(ms).slice(0, 19).replaceAll(/\D/g, '')

export const spellings = {
  milliseconds: { unit: 1, spell: iso, parse: parseTime },
  seconds: { unit: second, spell: (ms) => `${iso(ms).slice(0, 19)}Z`, parse: parseTime },
  microseconds: { unit: 1, spell: (ms) => `${iso(ms).slice(0, 23)}456Z`, parse: parseTime },
  nanoseconds: { unit: 1, spell: (ms) => `${iso(ms).slice(0, 23)}456789Z`, parse: parseTime },
  trimmed: { unit: 1, spell: (ms) => iso(ms).replace(/\.?0+Z$/, 'Z'), parse: parseTime },
  offset: { unit: second, spell: (ms) => atOffset(ms, 2), parse: parseTime },
  zones: { unit: second, spell: (ms) => atOffset(ms, (Math.floor(ms / second) % 5) - 2), parse: parseTime },
  date: { unit: day, spell: (ms) => iso(ms).slice(0, 10), parse: parseTime },
  zoneless: { unit: second, spell: (ms) => iso(ms).slice(0, 19), parse: parseTime },
  spaced: { unit: second, spell: (ms) => iso(ms).slice(0, 19).replace('T', ' '), parse: parseTime },
  epoch: {
    unit: second,
    spell: (ms) => Math.floor(ms / second),
    parse: (text) => parseNumber(text, second),
    declared: { format: 'epoch' },
  },
  epoch_ms: { unit: 1, spell: (ms) => ms, parse: (text) => parseNumber(text, 1), declared: { format: 'epoch_ms' } },
  counter: {
    unit: 1,
    spell: (ms) => ms - Date.UTC(2024, 4, 1),
    parse: (text) => (/^\d+$/.test(text) ? Number(text) + Date.UTC(2024, 4, 1) : undefined),
    counts: true,
  },
  counter_text: {
    unit: 60_000,
    spell: (ms) => String(Math.floor((ms - Date.UTC(2024, 4, 30)) / 60_000)),
    parse: (text) => (/^\d+$/.test(text) ? Number(text) * 60_000 + Date.UTC(2024, 4, 30) : undefined),
    counts: true,
  },
  epoch_text: {
    unit: second,
    spell: (ms) => String(Math.floor(ms / second)),
    parse: (text) => parseNumber(text, second),
  },
  epoch_us: { unit: 1, spell: (ms) => ms * 1000 + 7, parse: (text) => parseMicros(text) },
  slack: {
    unit: 1,
    spell: (ms) => `${Math.floor(ms / second)}.${String(ms % second).padStart(3, '0')}100`,
    parse: (text) => {
      const [, whole, fraction = ''] = /^(\d+)(?:\.(\d{1,6}))?$/.exec(text) ?? []
      return whole === undefined ? undefined : Number(whole) * second + Number(fraction.padEnd(6, '0').slice(0, 3))
    },
  },
  mail: { unit: second, spell: writeMail, parse: parseMail },
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
  zone_word: { unit: second, spell: (ms) => `${iso(ms).slice(0, 19).replace('T', ' ')} UTC`, parse: parseWord },
} as const satisfies Record<string, Spelling>

export type SpellingName = keyof typeof spellings

export const spellingOf = (name: SpellingName): Spelling => spellings[name]
