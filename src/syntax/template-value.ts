import { createHash } from 'node:crypto'
import { SyncError } from '../base/errors.ts'
import type { CursorValue } from './cursor-value.ts'
import { addDuration, formatTime } from './calendar.ts'
import { floorDiv, formatMoment, instantOf, parseMoment, type Moment } from './moment.ts'
import { findFormat, recognizeNumber, recognizeText, type Spelled, type TimeFormat } from './moments/formats.ts'
import { hasTemplate, parseTemplate, type FilterCall, type Part, type TemplatePart } from './template-syntax.ts'

/** What the templates of one listing see. The same scope always gives the same request. */
export interface TemplateScope {
  readonly cursor?: CursorValue | null
  /** The parent row's fields, by the names of `parent.include`. */
  readonly parent?: Readonly<Record<string, unknown>>
  readonly partition?: Readonly<Record<string, unknown>>
  /** Milliseconds since 1970. */
  readonly now: number
  readonly run: { readonly id: string }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A scope, and what is needed to name the place of an error. */
export interface TemplateContext {
  readonly scope: TemplateScope
  /** `stream orders of acme.yaml` */
  readonly where: string
  /** `parent.include` of the stream: name in templates -> field of the parent row. */
  readonly include: Readonly<Record<string, string>>
  /** How the cursor is spelled, as far as the file declares it. */
  readonly spelling?: Spelling
}

export interface Spelling {
  readonly formats: readonly string[]
  readonly zone: string | undefined
}

export const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === ''

/** The parts of a text that was checked when the file was loaded. */
export function partsOf(text: string, context: TemplateContext): readonly Part[] {
  if (!hasTemplate(text)) return text === '' ? [] : [{ kind: 'text', text }]
  const { parts, problems } = parseTemplate(text)
  if (problems[0])
    throw new SyncError('CONFIG_INVALID', `A template in ${context.where} is wrong: ${problems[0].message}.`)
  return parts
}

/**
 * The value of a text: one that is a single template keeps the type of its value; else the values stand within the text. Undefined
 * where a template in it is empty (null, nothing or an empty text).
 */
export function renderValue(text: string, context: TemplateContext): unknown {
  const parts = partsOf(text, context)
  const [first] = parts
  if (parts.length === 1 && first?.kind === 'template') {
    const value = evaluate(first, context)
    return isEmpty(value) ? undefined : value
  }
  const values = parts.map((part) => (part.kind === 'text' ? part.text : evaluate(part, context)))
  if (values.some((value, at) => parts[at]?.kind === 'template' && isEmpty(value))) return undefined
  return values.map((value, at) => showValue(value, { part: parts[at] as Part, context })).join('')
}

/** The template of a text whose value decides whether it can be sent: what the provider or the file lists comes first. */
export function sourceOf(text: string, context: TemplateContext): Part {
  const templates = partsOf(text, context).filter((part) => part.kind === 'template')
  const listed = templates.find(({ root }) => root === 'parent' || root === 'cursor' || root === 'partition')
  return listed ?? templates[0] ?? { kind: 'text', text }
}

/** What the value of a request came from that cannot be sent: `parent` and the name that the template has, for example. */
export interface Unsendable {
  readonly root: string
  readonly field: string
  /** What is wrong with it: `is empty, ...`. */
  readonly problem: string
}

/** Which value it was that a request could not be made of; undefined for any other failure. */
export function unsendable(thrown: unknown): Unsendable | undefined {
  return thrown instanceof SyncError ? (thrown.details['unsendable'] as Unsendable | undefined) : undefined
}

export function evaluate(part: TemplatePart, context: TemplateContext): unknown {
  return applyFilters(lookUp(part, context), { part, context })
}

/** Where a value stands, for messages: in which template, of what. */
export interface TemplateLocation {
  readonly part: Part<string>
  readonly context: Pick<TemplateContext, 'where' | 'spelling'>
  /** An empty text is hashed like any other, rather than left out. */
  readonly hashesNothing?: boolean
}

/** What the filters of a template make of the value that it names. */
export function applyFilters(value: unknown, place: TemplateLocation): unknown {
  if (place.part.kind === 'text') return value
  return place.part.filters.reduce((last: unknown, call) => applyFilter(last, call, place), value)
}

/** A value as text; a list or an object has none of its own. */
export function showValue(value: unknown, { part, context }: TemplateLocation): string {
  if (value !== null && typeof value === 'object')
    throw valueError('is a list or an object: write it with | json', { part, context })
  const text = String(value)
  if (text.isWellFormed()) return text
  throw valueError('holds half a surrogate pair, which no request can hold', { part, context })
}

/** What an API sent (a parent row, a cursor) is not the fault of the file. */
export function valueError(message: string, { part, context }: TemplateLocation): SyncError {
  const fromApi = part.kind === 'template' && (part.root === 'parent' || part.root === 'cursor')
  const text = part.kind === 'template' ? part.text.slice(0, 80) : 'a text'
  return new SyncError(
    fromApi ? 'RESPONSE_INVALID' : 'CONFIG_INVALID',
    `The value of ${text} in ${context.where} ${message}.`,
    part.kind === 'template'
      ? { details: { unsendable: { root: part.root, field: part.field, problem: message } satisfies Unsendable } }
      : {},
  )
}

function lookUp({ root, field }: TemplatePart, { scope, include }: TemplateContext): unknown {
  switch (root) {
    case 'cursor':
      return scope.cursor
    case 'now':
      return new Date(scope.now).toISOString()
    case 'run':
      return scope.run.id
    case 'env':
      return own(scope.env, field)
    case 'partition':
      return own(scope.partition, field)
    case 'parent':
      return own(scope.parent, includedName(include, field) ?? field)
  }
}

const own = (values: Readonly<Record<string, unknown>> | undefined, name: string): unknown =>
  values && Object.hasOwn(values, name) ? values[name] : undefined

/** The name under which `parent.include` holds what a template calls `parent.FIELD`: by that name, or else by the field of the parent row. */
export function includedName(include: Readonly<Record<string, string>>, field: string): string | undefined {
  return Object.hasOwn(include, field) ? field : Object.keys(include).find((name) => include[name] === field)
}

function applyFilter(value: unknown, { name, argument }: FilterCall, place: TemplateLocation): unknown {
  if (name === 'default') return isEmpty(value) ? argument : value
  // An empty value stays empty, so that the parameter it is meant for is left out.
  if (isEmpty(value) && !(value === '' && place.hashesNothing && isDigest(name))) return undefined
  switch (name) {
    case 'date':
      return formatTime(toMoment(value, place), String(argument))
    case 'epoch':
      return Number(floorDiv(instantOf(toMoment(value, place)), 1_000_000_000n))
    case 'epoch_ms':
      return Number(floorDiv(instantOf(toMoment(value, place)), 1_000_000n))
    case 'add': {
      const moment = addDuration(toMoment(value, place), String(argument))
      if (!moment) throw valueError('leaves the years 0 to 9999 when the duration is added', place)
      const zone = place.context.spelling?.zone
      return findOther(value, place)?.write(instantOf(moment), { like: value as Spelled, zone }) ?? formatMoment(moment)
    }
    case 'json':
      return JSON.stringify(value)
    case 'base64':
      return Buffer.from(showValue(value, place)).toString('base64')
    case 'urlencode':
      return encodeURIComponent(showValue(value, place))
    case 'xml':
      return showValue(value, place).replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
    case 'lower':
      return showValue(value, place).toLowerCase()
    case 'upper':
      return showValue(value, place).toUpperCase()
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
      return createHash(name)
        .update(showValue(value, place))
        .digest(argument === 'base64' ? 'base64' : 'hex')
  }
}

const isDigest = (name: string): boolean => ['md5', 'sha1', 'sha256', 'sha512'].includes(name)

function toMoment(value: unknown, place: TemplateLocation): Moment {
  const format = findOther(value, place)
  const wall = format?.read(value as Spelled)
  if (wall !== undefined) {
    const instant = format?.read(value as Spelled, place.context.spelling?.zone) ?? wall
    const offset = Number((wall - instant) / 60_000_000_000n)
    return { wall, offset, form: { kind: 'date_time', separator: 'T', digits: 0, zone: 'Z' } }
  }
  const moment = parseMoment(value)
  if (!moment) throw valueError('is no point in time: expected an RFC 3339 timestamp, a date or an epoch number', place)
  return moment
}

/** The format of a time that is spelled in one of the ways that `parseMoment` does not read, or takes for another one. */
function findOther(value: unknown, { part, context }: TemplateLocation): TimeFormat | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const isCursor = part.kind === 'template' && part.root === 'cursor'
  for (const name of isCursor ? (context.spelling?.formats ?? []) : []) {
    const declared = /%|^epoch/.test(name) ? findFormat(name) : undefined
    if (declared?.read(value) !== undefined) return declared
  }
  const format = recognizeText(value) ?? recognizeNumber(value)
  const isOther = format !== undefined && (/^epoch_[un]s$/.test(format.name) || /^\d{14}$/.test(String(value)))
  return isOther || parseMoment(value) === undefined ? format : undefined
}
