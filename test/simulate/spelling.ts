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
} as const satisfies Record<string, Spelling>

export type SpellingName = keyof typeof spellings

export const spellingOf = (name: SpellingName): Spelling => spellings[name]
