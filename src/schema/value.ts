import type { ScalarType } from './types.ts'

/** A member of a row: its key, what kind of value it has, and that value's JSON text. */
export interface Member {
  readonly key: string
  readonly kind: Kind
  readonly text: string
}

/** What a value is, told from its text alone: the type of the column that it would open. */
export type Kind = Exclude<ScalarType, 'time' | 'bytes'> | 'null'

/** Splits a row, which is valid JSON, into its members; of a repeated key the last wins, as in `JSON.parse`. */
export function readMembers(row: string): readonly Member[] {
  const members = new Map<string, Member>()
  let at = skipSpace(row, skipSpace(row, 0) + 1)
  while (row[at] !== '}') {
    const keyEnd = endOfString(row, at)
    const key = stringValue(row.slice(at, keyEnd))
    const start = skipSpace(row, skipSpace(row, keyEnd) + 1)
    const end = endOfValue(row, start)
    const text = row.slice(start, end)
    members.delete(key)
    members.set(key, { key, kind: kindOf(text), text })
    at = skipSpace(row, end)
    if (row[at] === ',') at = skipSpace(row, at + 1)
  }
  return [...members.values()]
}

/** Splits a JSON array into its items; their keys are empty. */
export function readItems(array: string): readonly Member[] {
  const items: Member[] = []
  let at = skipSpace(array, skipSpace(array, 0) + 1)
  while (array[at] !== ']') {
    const end = endOfValue(array, at)
    const text = array.slice(at, end)
    items.push({ key: '', kind: kindOf(text), text })
    at = skipSpace(array, end)
    if (array[at] === ',') at = skipSpace(array, at + 1)
  }
  return items
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) <= 0x20) at++
  return at
}

/** The index behind the string whose opening quote is at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at)
    let slashes = 0
    while (text[quote - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return quote + 1
    at = quote + 1
  }
}

function endOfValue(text: string, start: number): number {
  const first = text[start]
  if (first === '"') return endOfString(text, start)
  if (first !== '{' && first !== '[') {
    let at = start
    while (at < text.length && !',}] \t\n\r'.includes(text[at] as string)) at++
    return at
  }
  let depth = 0
  for (let at = start; ; at++) {
    const char = text[at]
    if (char === '"') at = endOfString(text, at) - 1
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
  }
}

/** The string that a JSON string literal stands for. */
export const stringValue = (text: string): string =>
  text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1)

function kindOf(text: string): Kind {
  switch (text.charAt(0)) {
    case '"':
      return kindOfString(stringValue(text))
    case '{':
    case '[':
      return 'json'
    case 't':
    case 'f':
      return 'boolean'
    case 'n':
      return 'null'
    default:
      return kindOfNumber(text)
  }
}

const int64 = 2n ** 63n

function kindOfNumber(text: string): Kind {
  if (!/^-?\d+$/.test(text)) return Number.isFinite(Number(text)) ? 'number' : 'string'
  const digits = text.length - (text[0] === '-' ? 1 : 0)
  if (digits <= 18) return 'integer'
  const value = digits <= 19 ? BigInt(text) : int64
  if (value >= -int64 && value < int64) return 'integer'
  if (digits <= 29) return 'numeric'
  return digits <= 38 ? 'bignumeric' : 'string'
}

const date = /^(\d{4})-(\d\d)-(\d\d)$/
const time =
  /^(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?([Zz]|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?$/

function isDate(text: string): boolean {
  const [, year, month, day] = date.exec(text) ?? []
  if (year === undefined || year === '0000') return false
  const days = new Date(Date.UTC(Number(year) + 400, Number(month), 0)).getUTCDate()
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= days
}

/** RFC 3339 section 5.6; a zone such as +0200, which some providers write, is taken too. */
function kindOfString(value: string): 'timestamp' | 'datetime' | 'date' | 'string' {
  if (value.length === 10) return isDate(value) ? 'date' : 'string'
  const match = value.length >= 19 && value.length <= 35 ? time.exec(value) : null
  if (!match || !isDate(match[1] as string)) return 'string'
  if (match[6] === undefined) return 'datetime'
  return staysInCalendar(match[1] as string, match[6]) ? 'timestamp' : 'string'
}

/** Near the ends of the calendar an offset may lead out of the years 0001 to 9999. */
const staysInCalendar = (day: string, zone: string): boolean =>
  !(day === '0001-01-01' && zone.startsWith('+')) && !(day === '9999-12-31' && zone.startsWith('-'))

/** Whether a time has digits below the microsecond, which no destination keeps. */
export const isBelowMicroseconds = (value: string): boolean => /\.\d{6}\d*[1-9]/.test(value)

/** A time spelled as every destination reads it: `T`, at most six digits of fraction (the rest is cut off), `Z` or `+hh:mm`. */
export function normalizeTime(value: string): string {
  const [, day, hours, minutes, seconds, fraction, zone = ''] = time.exec(value) as unknown as string[]
  const offset = zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
  return `${day}T${hours}:${minutes}:${seconds}${fraction ? `.${fraction.slice(0, 6)}` : ''}${offset}`
}

const brokenEscape = /(?<!\\)(?:\\\\)*\\ud[89a-f]/

/**
 * Why no table can hold the row, or undefined: it is nested too deeply or holds half a surrogate pair. Bytes that are
 * no UTF-8 are looked for in the bytes.
 */
export function refusal(row: string): string | undefined {
  if (nesting(row) > 500) return 'nested over 500 levels'
  // A well-formed `JSON.stringify` escapes nothing of this range but lone surrogates.
  if (/\\u[dD][89a-fA-F]/.test(row) && brokenEscape.test(JSON.stringify(JSON.parse(row))))
    return 'holds half a surrogate pair'
  return undefined
}

function nesting(row: string): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < row.length; at++) {
    const char = row.charCodeAt(at)
    if (char === 0x22) at = endOfString(row, at) - 1
    else if (char === 0x7b || char === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (char === 0x7d || char === 0x5d) depth--
  }
  return deepest
}
