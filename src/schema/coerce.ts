import { fitDecimal, normalizeBase64 } from './exact-text.ts'
import { legalName } from './names.ts'
import { convertTime, type TimeSpelling } from './times.ts'
import { numericDigits, type TypeField, type TypeTree, typeTree } from './type-tree.ts'
import { type Member, normalizeTime, readItems, readMembers, stringValue } from './value.ts'
import type { ColumnType, ScalarType } from './types.ts'
import { isDouble } from './widen.ts'

const quoted = (text: string): string => JSON.stringify(text)
const scalarText = ({ kind, text }: Member): string =>
  text.startsWith('"') ? text : quoted(kind === 'json' ? text : text)

/**
 * The JSON text of a value as it goes into a column of `type`, which holds it (`fits`). A number that a double could
 * round is sent as a string.
 */
export function encodeValue(member: Member, type: ScalarType): string {
  const { kind, text } = member
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(Number(text)) ? text : quoted(text)
    case 'numeric':
      return quoted(fitDecimal(text, numericDigits.precision, numericDigits.scale) ?? text)
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
    case 'bytes':
      return kind === 'string' && !text.startsWith('"') ? quoted(text) : text
  }
}

/** What to do with members that a declared record has no field for: leave them out, or take such a record for one that does not fit. */
export type Extras = 'refuse' | 'drop'

interface Rules {
  readonly extras: Extras
  readonly times: TimeSpelling
}

/**
 * The value of a column whose type is declared, converted where nothing is lost by it; undefined where it cannot be.
 * Times are read as `times` says, or as each value tells (see `convertTime`); bytes come as base64. No warehouse has a
 * null in an array.
 */
export function coerceValue(
  member: Member,
  type: ColumnType,
  extras: Extras = 'refuse',
  times: TimeSpelling = {},
): string | undefined {
  return coerce(member, typeTree(type), { extras, times })
}

function coerce(member: Member, tree: TypeTree, rules: Rules): string | undefined {
  switch (tree.kind) {
    case 'scalar':
      return coerceScalar(member, tree.type, rules.times)
    case 'decimal':
      return coerceDecimal(member, tree)
    case 'array':
      return coerceArray(member, tree.item, rules)
    case 'record':
      return coerceRecord(member, tree.fields, rules)
  }
}

function coerceArray({ text }: Member, item: TypeTree, rules: Rules): string | undefined {
  if (!text.startsWith('[')) return undefined
  const parts: string[] = []
  for (const member of readItems(text)) {
    const part = member.kind === 'null' ? undefined : coerce(member, item, rules)
    if (part === undefined) return undefined
    parts.push(part)
  }
  return `[${parts.join(',')}]`
}

function coerceRecord({ text }: Member, fields: readonly TypeField[], rules: Rules): string | undefined {
  if (!text.startsWith('{')) return undefined
  const values = new Map<TypeField, string>()
  for (const member of readMembers(text)) {
    const field = findField(fields, member.key)
    if (!field && rules.extras === 'refuse') return undefined
    if (!field || member.kind === 'null') continue
    const value = coerce(member, field.type, rules)
    // Two keys may come to the same name.
    if (value === undefined || values.has(field)) return undefined
    values.set(field, value)
  }
  const parts = fields.flatMap((field) => {
    const value = values.get(field) ?? (field.type.kind === 'array' ? '[]' : undefined)
    return value === undefined ? [] : [`"${field.name}":${value}`]
  })
  return `{${parts.join(',')}}`
}

function findField(fields: readonly TypeField[], key: string): TypeField | undefined {
  const name = legalName(key)
  return fields.find((field) => field.name === name)
}

function coerceDecimal(
  { text }: Member,
  { precision, scale }: { readonly precision: number; readonly scale: number },
): string | undefined {
  const fitted = fitDecimal(text.startsWith('"') ? stringValue(text) : text, precision, scale)
  return fitted === undefined ? undefined : quoted(fitted)
}

function coerceScalar(member: Member, type: ScalarType, times: TimeSpelling): string | undefined {
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
        ? encodeValue({ ...member, text: String(BigInt(whole)) }, 'integer')
        : undefined
    }
    case 'number':
      return isNumber(value) && (!/^-?\d+$/.test(value) || isDouble(value)) ? value : undefined
    case 'numeric':
      return coerceDecimal(member, numericDigits)
    case 'bignumeric':
      return coerceDecimal(member, { precision: 38, scale: 0 })
    case 'boolean':
      return value === 'true' || value === 'false' ? value : undefined
    case 'timestamp':
    case 'datetime':
    case 'date': {
      const time = kind === 'json' ? undefined : convertTime({ kind, value }, type, times)
      return time === undefined ? undefined : quoted(time)
    }
    case 'time':
      return /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?$/.test(value) ? quoted(value) : undefined
    case 'bytes': {
      const base64 = text.startsWith('"') ? normalizeBase64(value) : undefined
      return base64 === undefined ? undefined : quoted(base64)
    }
  }
}

const isNumber = (text: string): boolean =>
  /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text))
