import type { z } from 'zod'
import { listNames, suggest } from '../base/nearest.ts'
import type { Finding } from './problems.ts'
import { expectedWords, foundWords, kindOf, knownKeys, valueAt } from './schema-tree.ts'

type Issue = z.core.$ZodIssue

/** Where an unknown key might belong instead, asked from a certain depth on. */
export type OtherLocation = readonly [place: string, keys: readonly string[], depth: number]

/** What was being checked, for messages that need to know more than the issue tells. */
interface Subject {
  readonly schema: z.core.$ZodType
  readonly value: unknown
  /** Where else an unknown key might belong: [place, its keys]. */
  readonly elsewhere?: readonly OtherLocation[]
}

/** Turns the issues of zod into plain sentences; a value is never quoted but where it is one of a few known words. */
export function describeIssues(issues: readonly Issue[], subject: Subject): readonly Finding[] {
  return issues.flatMap((issue) => describeIssue(issue, [], subject))
}

function describeIssue(issue: Issue, base: readonly PropertyKey[], subject: Subject): readonly Finding[] {
  const path = [...base, ...issue.path] as (string | number)[]
  const value = valueAt(subject.value, path)
  const one = (message: string): readonly Finding[] => [{ path, message }]
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeUnknownKey(key, path, subject))
  if (issue.code === 'invalid_union') return describeUnion(issue, path, subject)
  if (issue.code === 'invalid_type') return one(describeType([issue.expected], value))
  if (issue.code === 'invalid_value') return one(describeChoice(value, issue.values.map(String)))
  if (issue.code === 'too_small')
    return one(describeBound(issue.origin, 'at least', issue.inclusive ? issue.minimum : `more than ${issue.minimum}`))
  if (issue.code === 'too_big')
    return one(describeBound(issue.origin, 'at most', issue.inclusive ? issue.maximum : `less than ${issue.maximum}`))
  const [message, where] = placedMessage(issue.message)
  return [{ path, message, ...where }]
}

/** The message of another part, without its full stop, and the place inside the text that it speaks of (`at column 8`), if it does. */
export function placedMessage(message: string): readonly [message: string, where: Pick<Finding, 'offset'>] {
  const column = /^The JSONPath .* is wrong at column (\d+)/s.exec(message)?.[1]
  return [message.replace(/\.$/, ''), column === undefined ? {} : { offset: Number(column) - 1 }]
}

function describeUnknownKey(
  key: string,
  path: readonly (string | number)[],
  { schema, value, elsewhere = [] }: Subject,
): Finding {
  const known = (knownKeys(schema, value, path) ?? []).filter(
    (name) => !Object.hasOwn(valueAt(value, path) as object, name) || name === key,
  )
  const place = elsewhere.find(([, keys, depth]) => path.length >= depth && keys.includes(key))?.[0]
  const list = known.length > 0 ? `: expected ${known.length > 1 ? 'one of ' : ''}${listNames(known)}` : ''
  // The nearest comes first, as the list may be long.
  const message = place ? `unknown key: it belongs ${place}` : `unknown key${suggest(key, known)}${list}`
  return { path: [...path, key], at: 'key', message }
}

function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  path: (string | number)[],
  subject: Subject,
): readonly Finding[] {
  const value = valueAt(subject.value, path)
  if ('discriminator' in issue && issue.errors.length === 0) {
    return [
      { path, message: describeChoice(value, ('options' in issue ? (issue.options as unknown[]) : []).map(String)) },
    ]
  }
  // Of the members of a union only that one speaks whose kind the value has; the others merely say that it is another kind.
  const rightKind = issue.errors.filter((errors) => !errors.some(isOtherKind))
  const [best] = rightKind.toSorted((a, b) => a.length - b.length)
  if (best) return best.flatMap((error) => describeIssue(error, path, subject))
  return [{ path, message: describeType(issue.errors.flatMap(expectedTypes), value) }]
}

/** Whether an issue says that the value is of another kind altogether. */
function isOtherKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false
  if (issue.code === 'invalid_union')
    return issue.errors.length > 0 && issue.errors.every((errors) => errors.some(isOtherKind))
  return issue.code === 'invalid_type'
}

function expectedTypes(errors: readonly Issue[]): readonly string[] {
  return errors.flatMap((error) => {
    if (error.code === 'invalid_type') return [error.expected]
    return error.code === 'invalid_union' ? error.errors.flatMap(expectedTypes) : []
  })
}

function describeType(types: readonly string[], value: unknown): string {
  const expected = listNames([...new Set(types.map(expectedWords))])
  if (value === undefined) return `this key is missing: expected ${expected}`
  const scalar = value !== null && typeof value !== 'object'
  const quotes = scalar && typeof value !== 'string' && types.includes('string') ? ': put it in quotes' : ''
  const brackets = scalar && types.length === 1 && types[0] === 'array' ? ': put it in [ ]' : ''
  return `expected ${expected}, found ${types.includes('int') && kindOf(value) === 'number' ? 'a fraction or a number too large' : foundWords(value)}${quotes}${brackets}`
}

function describeChoice(value: unknown, known: readonly string[]): string {
  const expected = `expected ${known.length > 1 ? 'one of ' : ''}${listNames(known)}`
  if (value === undefined) return `this key is missing: ${expected}`
  if (typeof value !== 'string') return `${expected}, found ${foundWords(value)}`
  const nearest = suggest(value, known)
  return nearest === '' ? expected : `unknown word${nearest}: ${expected}`
}

function describeBound(origin: string, word: string, bound: unknown): string {
  const text = typeof bound === 'string' ? bound : `${word} ${String(bound)}`
  if (origin === 'string')
    return text === 'at least 1' ? 'expected a text that is not empty' : `expected ${text} characters`
  if (origin === 'array') return text === 'at least 1' ? 'expected a list that is not empty' : `expected ${text} items`
  return `expected a number of ${text}`
    .replace('a number of more', 'a number more')
    .replace('a number of less', 'a number less')
}
