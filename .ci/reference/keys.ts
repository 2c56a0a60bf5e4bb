import {
  alternativesOf,
  itemsOf,
  type JsonSchema,
  keysOf,
  kindOf,
  membersOf,
  objectsOf,
  schemaAt,
} from './json-schema.ts'
import type { Row } from './markdown.ts'
import { code, inlineYaml } from './markdown.ts'

/** Where a key is described that has a table of its own: `[paginator](../paginators/reference.md)`. */
export type FindLink = (path: string) => string | undefined

/** A key of the schema: its path (`streams.stop.when`), and its line of the table. */
export interface KeyRow extends Row {
  readonly path: string
}

/**
 * The keys of the object at `path`, those of the objects in it behind a dot (`header.name`, `origins[].url`). Where `link` knows a
 * table of its own, that is named instead.
 */
export function listKeys(root: JsonSchema, path: string, link: FindLink): readonly KeyRow[] {
  return objectsOf(schemaAt(root, path)).flatMap((object) => listObject(object, { path, prefix: '', link }))
}

interface Place {
  readonly path: string
  readonly prefix: string
  readonly link: FindLink
}

function listObject(object: JsonSchema, { path, prefix, link }: Place): readonly KeyRow[] {
  return keysOf(object).flatMap(([key, schema]) => {
    if (key === 'type' && kindOf(object) !== undefined) return []
    const at = path === '' ? key : `${path}.${key}`
    const elsewhere = link(at)
    const row: KeyRow = {
      path: at,
      name: prefix + key,
      type: elsewhere ?? describeType(schema),
      default: object.required?.includes(key) ? 'required' : showDefault(schema.default),
      meaning: schema.description ?? '',
      example: exampleOf(key, schema),
    }
    if (elsewhere !== undefined || schema.title !== undefined) return [row]
    return [row, ...listInner(schema, { path: at, prefix: prefix + key, link })]
  })
}

function listInner(schema: JsonSchema, { path, prefix, link }: Place): readonly KeyRow[] {
  const inner = (schemas: readonly JsonSchema[], sign: string): readonly KeyRow[] =>
    schemas.flatMap((one) =>
      one.properties
        ? listObject(one, { path, prefix: `${prefix}${sign}.`, link })
        : listInner(one, { path, prefix: prefix + sign, link }),
    )
  if (schema.properties) return inner([schema], '')
  return [...inner(alternativesOf(schema), ''), ...inner(itemsOf(schema), '[]'), ...inner(membersOf(schema), '.NAME')]
}

function showDefault(value: unknown): string {
  if (value === undefined || isEmpty(value)) return ''
  return code(value === '' ? '""' : inlineYaml(value))
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0

function exampleOf(key: string, schema: JsonSchema): string {
  const examples = schema.examples as readonly unknown[] | undefined
  return (examples ?? []).map((value) => code(`${key}: ${inlineYaml(value)}`)).join('<br>')
}

/** What a value is, for a person: its title where it has one, such as `duration`. */
export function describeType(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title
  if (schema.const !== undefined) return code(String(schema.const))
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ')
  const alternatives = alternativesOf(schema)
  if (alternatives.length > 0) return [...new Set(alternatives.map(describeType))].join(' or ')
  const [type] = [schema.type].flat()
  if (type === 'array') return `list of ${itemsOf(schema).map(describeType).join(' or ')}`
  if (type === 'integer') return `whole number${describeRange(schema)}`
  if (type === 'number') return `number${describeRange(schema)}`
  if (schema.properties) return 'keys'
  if (type === 'object') return `map of name to ${membersOf(schema).map(describeType).join(' or ')}`
  return type === undefined ? 'any value' : words[type]
}

const words = { string: 'text', boolean: '`true`, `false`', null: '`null`' } as const

function describeRange({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const least = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? undefined : `from ${minimum}`
  const above = exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : `to ${maximum}`
  return [least ?? above, most].map((part) => (part === undefined ? '' : ` ${part}`)).join('')
}
