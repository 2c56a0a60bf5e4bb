import type { z } from 'zod'

type Schema = z.core.$ZodTypes

/** `a list` for `array`, and so on: the words for a person. */
const words: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'a boolean',
  array: 'a list',
  object: 'keys and values',
  record: 'keys and values',
  null: 'nothing',
}

export const expectedWords = (type: string): string => words[type] ?? type

export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** What a value is, in words. */
export const foundWords = (value: unknown): string => (value === undefined ? 'nothing' : expectedWords(kindOf(value)))

export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, part) =>
      inner !== null && typeof inner === 'object' && Object.hasOwn(inner, part)
        ? (inner as Record<PropertyKey, unknown>)[part]
        : undefined,
    value,
  )
}

/** The names that the object at `path` may hold, as the schema says for this very value; undefined where it is no object. */
export function knownKeys(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): readonly string[] | undefined {
  let at: Schema | undefined = unwrap(schema as Schema, value)
  let inner = value
  for (const part of path) {
    const next: Schema | undefined = at && child(at, part)
    inner = valueAt(inner, [part])
    at = next && unwrap(next, inner)
  }
  const def = at?._zod.def
  return def?.type === 'object' ? Object.keys(def.shape) : undefined
}

function child(schema: Schema, part: PropertyKey): Schema | undefined {
  const { def } = schema._zod
  if (def.type === 'object') return def.shape[String(part)] as Schema | undefined
  if (def.type === 'array') return def.element as Schema
  return def.type === 'record' ? (def.valueType as Schema) : undefined
}

/** Takes off optional, default and transform, and picks the member of a union that `value` looks like. */
function unwrap(schema: Schema, value: unknown): Schema {
  const { def } = schema._zod
  if ('innerType' in def) return unwrap(def.innerType as Schema, value)
  if (def.type === 'pipe') return unwrap(def.in as Schema, value)
  if (def.type === 'lazy') return unwrap(def.getter() as Schema, value)
  if (def.type !== 'union') return schema
  const options = def.options.map((option) => unwrap(option as Schema, value))
  const discriminator = 'discriminator' in def ? String(def.discriminator) : undefined
  return (
    options.find((option) =>
      discriminator ? hasTag(option, discriminator, valueAt(value, [discriminator])) : looksLike(option, value),
    ) ?? schema
  )
}

function hasTag(schema: Schema, name: string, tag: unknown): boolean {
  const { def } = schema._zod
  const literal = def.type === 'object' ? (def.shape[name] as Schema | undefined)?._zod.def : undefined
  return literal?.type === 'literal' && literal.values.includes(tag as string)
}

function looksLike(schema: Schema, value: unknown): boolean {
  const { type } = schema._zod.def
  const kind = kindOf(value)
  return type === kind || (kind === 'object' && type === 'record')
}
