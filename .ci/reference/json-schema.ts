import type { z } from 'zod'

export type JsonSchema = z.core.JSONSchema.BaseSchema

/** The objects that a value may be, through lists, maps and alternatives; none behind a `$ref`, as only recursive schemas have one. */
export function objectsOf(schema: JsonSchema): readonly JsonSchema[] {
  if (schema.properties) return [schema]
  return [...alternativesOf(schema), ...itemsOf(schema), ...membersOf(schema)].flatMap(objectsOf)
}

export const alternativesOf = (schema: JsonSchema): readonly JsonSchema[] =>
  listOf(schema.anyOf ?? schema.oneOf ?? schema.allOf)

export const itemsOf = ({ items }: JsonSchema): readonly JsonSchema[] =>
  isSchema(items) ? [items] : Array.isArray(items) ? listOf(items) : []

export const membersOf = ({ additionalProperties }: JsonSchema): readonly JsonSchema[] =>
  isSchema(additionalProperties) ? [additionalProperties] : []

/** The keys of an object, and what each may be. */
export const keysOf = ({ properties = {} }: JsonSchema): readonly (readonly [string, JsonSchema])[] =>
  Object.entries(properties).flatMap(([key, value]) => (isSchema(value) ? [[key, value] as const] : []))

/** The value of `type` that makes an object one of several kinds: `cursor` of a paginator. */
export function kindOf({ properties }: JsonSchema): string | undefined {
  const type = properties?.['type']
  return isSchema(type) && typeof type.const === 'string' ? type.const : undefined
}

/** What lies at a path such as `streams.paginator.cursor`: keys, and kinds. Throws where nothing does. */
export function schemaAt(root: JsonSchema, path: string): JsonSchema {
  if (path === '') return root
  return path.split('.').reduce((schema, name) => {
    for (const object of objectsOf(schema)) {
      if (kindOf(object) === name) return object
      const found = keysOf(object).find(([key]) => key === name)
      if (found) return found[1]
    }
    throw new Error(`The schema has nothing at ${path}: ${name} is unknown.`)
  }, root)
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listOf = (values: readonly unknown[] | undefined): readonly JsonSchema[] => (values ?? []).filter(isSchema)
