import { type JsonValue, query } from 'jsonpath-rfc9535'
import parse, { type JsonPathQuery } from 'jsonpath-rfc9535/parser'
import { SyncError } from '../errors.ts'

/** Selects what a path points at, in document order; nothing found is an empty list. */
export type Select = (value: unknown) => readonly unknown[]

/** A path of member names only; `each` where it ends in a wildcard (`$.data[*]`), so that it means what is inside. */
interface MemberPath {
  readonly names: readonly string[]
  readonly each: boolean
}

interface CompiledPath {
  readonly select: Select
  readonly members: MemberPath | undefined
  readonly leading: readonly string[]
  readonly steps: readonly (string | number | typeof everything | undefined)[]
  /** Names and array positions, where the path points at one place at most. */
  readonly place: readonly (string | number)[] | undefined
}

/** Paths come from connector files and from the tables of this program, so there are few of them. */
const compiled = new Map<string, CompiledPath>()

/**
 * Compiles an RFC 9535 JSONPath, once for each text. Paths of member names, which is nearly all of them, are walked
 * directly. Throws `CONFIG_INVALID`, with the column, for what is not a JSONPath.
 */
export function compilePath(path: string): Select {
  return compile(path).select
}

/**
 * The member names of a path such as `$.a['b c'][*]`, where a final wildcard may stand or not; `$` and `$[*]` give [].
 * Undefined for a path with filters, slices, positions, descendants, or a wildcard before its end.
 */
export function simplePath(path: string): readonly string[] | undefined {
  return compile(path).members?.names
}

/** The member names that a path begins with: those of the list that its filters, wildcards and positions pick from. */
export function leadingNames(path: string): readonly string[] {
  return compile(path).leading
}

/** The member names inside of the last row (`$.data[-1].id`) of the list at `list`; undefined for any other path. */
export function namesInLast(path: string, list: readonly string[]): readonly string[] | undefined {
  const { steps } = compile(path)
  const inside = steps.slice(list.length + 1)
  if (steps[list.length] !== -1 || !list.every((name, at) => steps[at] === name)) return undefined
  return inside.every((step) => typeof step === 'string') ? inside : undefined
}

/** Whether a path leads to a single row, or to each, of the list at `list`. */
export function pointsInto(path: string, list: readonly string[]): boolean {
  const { steps } = compile(path)
  const step = steps[list.length]
  return (typeof step === 'number' || step === everything) && list.every((name, at) => steps[at] === name)
}

/**
 * A copy of `body` with `value` at `path`, all else kept; objects on the way are made where they are missing. The path
 * consists of member names and array positions. Throws `CONFIG_INVALID` where it does not, or leads through a scalar.
 */
export function setPath(body: unknown, path: string, value: unknown): unknown {
  const { place } = compile(path)
  if (!place || place.length === 0) {
    throw new SyncError(
      'CONFIG_INVALID',
      `The path ${path} cannot be written to: expected member names only, such as $.variables.after.`,
    )
  }
  return setAt(body, place, { path, value })
}

interface Assignment {
  readonly path: string
  readonly value: unknown
}

function setAt(body: unknown, place: readonly (string | number)[], set: Assignment): unknown {
  const [step, ...rest] = place
  if (step === undefined) return set.value
  if (typeof step === 'number') {
    if (!Array.isArray(body) || step >= body.length) throw unwritable(set.path, step)
    return body.with(step, setAt(body[step], rest, set))
  }
  if (body !== undefined && body !== null && !isObject(body)) throw unwritable(set.path, step)
  const inner = isObject(body) && Object.hasOwn(body, step) ? body[step] : undefined
  const entry = [step, setAt(inner, rest, set)] as const
  const entries = Object.entries(body ?? {})
  const known = entries.some(([name]) => name === step)
  // Object.fromEntries defines its members, so that a step named __proto__ is a member like any other.
  return Object.fromEntries(known ? entries.map((old) => (old[0] === step ? entry : old)) : [...entries, entry])
}

function unwritable(path: string, step: string | number): SyncError {
  return new SyncError(
    'CONFIG_INVALID',
    `The path ${path} does not fit the request body: there is no place for ${step}.`,
  )
}

function compile(path: string): CompiledPath {
  const known = compiled.get(path)
  if (known) return known
  const { segments } = parsePath(path)
  const place = toPlace(segments)
  const members = toMembers(segments)
  const steps = segments.map(toStep)
  const other = steps.findIndex((step) => typeof step !== 'string')
  const leading = steps.slice(0, other < 0 ? steps.length : other) as string[]
  const made = {
    members,
    leading,
    steps,
    place,
    select: members ? walk(members) : (value: unknown) => query(value as JsonValue, path),
  }
  compiled.set(path, made)
  return made
}

function parsePath(path: string): JsonPathQuery {
  try {
    return parse(path)
  } catch (cause) {
    const { location, message } = cause as { location?: { start: { column: number } }; message: string }
    const where = location ? ` at column ${location.start.column}` : ''
    throw new SyncError(
      'CONFIG_INVALID',
      `The JSONPath ${JSON.stringify(path)} is wrong${where}: ${lowerFirst(message)}`,
      { cause },
    )
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function toPlace(segments: JsonPathQuery['segments']): readonly (string | number)[] | undefined {
  const steps = segments.map(toStep)
  const isPlace = (step: (typeof steps)[number]): step is string | number =>
    typeof step === 'string' || (typeof step === 'number' && step >= 0)
  return steps.every(isPlace) ? steps : undefined
}

function toMembers(segments: JsonPathQuery['segments']): MemberPath | undefined {
  const steps = segments.map(toStep)
  const each = steps.at(-1) === everything
  const names = each ? steps.slice(0, -1) : steps
  return names.every((name) => typeof name === 'string') ? { names, each } : undefined
}

const everything = Symbol('wildcard')

/** The one thing that a segment selects: a member, a position or everything; undefined for all others. */
function toStep({ type, node }: JsonPathQuery['segments'][number]): string | number | typeof everything | undefined {
  if (type !== 'ChildSegment') return undefined
  if (node.type === 'WildcardSelector') return everything
  if (node.type === 'MemberNameShorthand') return node.value
  const [selector] = node.selectors
  if (!selector || node.selectors.length > 1) return undefined
  if (selector.type === 'WildcardSelector') return everything
  return selector.type === 'NameSelector' || selector.type === 'IndexSelector' ? selector.value : undefined
}

function walk({ names, each }: MemberPath): Select {
  return (value) => {
    const found = memberAt(value, names)
    if (found === undefined) return []
    if (!each) return [found]
    if (Array.isArray(found)) return found
    return isObject(found) ? Object.values(found) : []
  }
}

/** The value that lies at `names`, one object inside another; undefined where there is none. */
export function memberAt(value: unknown, names: readonly string[]): unknown {
  let at = value
  for (const name of names) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

/** True for a JSON object: neither an array nor null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
