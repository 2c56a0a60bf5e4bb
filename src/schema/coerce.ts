import { type Kind, type Member, normalizeTime, stringValue } from './value.ts'
import type { ColumnType } from './types.ts'

const quoted = (text: string): string => JSON.stringify(text)
const scalarText = ({ kind, text }: Member): string =>
  text.startsWith('"') ? text : quoted(kind === 'json' ? text : text)

/**
 * The JSON text of a value as it goes into a column of `type`, which holds it (`fits`). A number that a double could
 * round is sent as a string.
 */
export function encodeValue(member: Member, type: ColumnType): string {
  const { kind, text } = member
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(Number(text)) ? text : quoted(text)
    case 'numeric':
    case 'bignumeric':
      return quoted(text)
    case 'string':
      return scalarText(member)
    case 'timestamp':
    case 'datetime':
      return quoted(normalizeTime(stringValue(text)))
    case 'number':
    case 'boolean':
    case 'date':
    case 'time':
    case 'json':
      return kind === 'string' && !text.startsWith('"') ? quoted(text) : text
  }
}

/**
 * The value of a column whose type is declared, converted where nothing is lost by it; undefined where it cannot be. A
 * number in a timestamp column counts seconds since 1970, from 100,000,000,000 on milliseconds.
 */
export function coerceValue(member: Member, type: ColumnType): string | undefined {
  const { kind, text } = member
  const value = text.startsWith('"') ? stringValue(text) : text
  switch (type) {
    case 'string':
      return kind === 'json' ? quoted(text) : scalarText(member)
    case 'json':
      return text
    case 'integer': {
      const whole = /^-?\d+(?=(?:\.0+)?$)/.exec(value)?.[0]
      return whole !== undefined && BigInt.asIntN(64, BigInt(whole)) === BigInt(whole)
        ? encodeValue({ ...member, text: whole }, 'integer')
        : undefined
    }
    case 'number':
      return isNumber(value) ? String(value) : undefined
    case 'numeric':
      return /^-?\d{1,29}(\.\d{1,9})?$/.test(value) ? quoted(value) : undefined
    case 'bignumeric':
      return /^-?\d{1,38}$/.test(value) ? quoted(value) : undefined
    case 'boolean':
      return value === 'true' || value === 'false' ? value : undefined
    case 'timestamp':
      return coerceTimestamp(kind, value)
    case 'datetime':
      if (kind === 'date') return quoted(`${value}T00:00:00`)
      if (kind === 'timestamp') return quoted(new Date(value).toISOString().slice(0, -1))
      return kind === 'datetime' ? quoted(normalizeTime(value)) : undefined
    case 'date':
      return kind === 'date' || kind === 'datetime' || kind === 'timestamp' ? quoted(value.slice(0, 10)) : undefined
    case 'time':
      return /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$/.test(value) ? quoted(value) : undefined
  }
}

function coerceTimestamp(kind: Kind, value: string): string | undefined {
  if (kind === 'timestamp') return quoted(normalizeTime(value))
  if (kind === 'datetime') return quoted(`${normalizeTime(value)}Z`)
  if (kind === 'date') return quoted(`${value}T00:00:00Z`)
  if (kind !== 'integer' && kind !== 'number') return undefined
  const epoch = Number(value)
  const date = new Date(Math.abs(epoch) >= 1e11 ? epoch : epoch * 1000)
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999
    ? undefined
    : quoted(date.toISOString())
}

const isNumber = (text: string): boolean =>
  /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text))
