import { parseExact, stringifyExact } from '../../base/json/exact-json.ts'
import type { SavedTokens } from './contract.ts'
import { SyncError } from '../../base/errors.ts'
import { parsePointer, readJsonField, readMember } from '../json-field.ts'

/** How tokens are written in a secret, with what else stands there. */
export interface TokenFormat {
  readonly tokens: SavedTokens
  /** The same text with other tokens. */
  format(tokens: SavedTokens): string
}

type Fields = Readonly<Record<string, unknown>>

const keys = ['obtained_at', 'refresh_token', 'access_token', 'expires_at', 'scope', 'token', 'token_secret'] as const

/** The form of a secret that holds nothing yet. */
export function emptyFormat(pointer: string | undefined, name: string): TokenFormat {
  return pointer === undefined ? objectFormat({}) : fieldFormat('{}', { pointer, tokens: {}, name })
}

/** The form of a secret whose tokens are replaced whatever they are: what else a JSON object holds stays, any other text goes. */
export function replacingFormat(text: string | undefined, pointer: string | undefined, name: string): TokenFormat {
  try {
    const value: unknown = parseExact(text ?? '{}')
    if (isObject(value))
      return pointer === undefined ? objectFormat(value) : fieldFormat(text ?? '{}', { pointer, tokens: {}, name })
  } catch {
    // No JSON, such as a plain refresh token: a person chose to replace it.
  }
  return emptyFormat(pointer, name)
}

/**
 * Reads the tokens of a secret: of a JSON object its members; of a `pointer` the refresh token there, with what this
 * program saved beside it; of any other text that text, a refresh token. Throws `SECRET_MISSING`.
 */
export function parseTokens(text: string, pointer: string | undefined, name: string): TokenFormat {
  if (pointer !== undefined) {
    const refreshToken = readJsonField(text, pointer, `The secret ${name}`)
    const beside = pickTokens(readParent(parseExact(text), pointer))
    return fieldFormat(text, { pointer, tokens: { ...beside, refresh_token: refreshToken }, name })
  }
  const plain = text.replace(/\r?\n$/, '')
  if (plain === '') throw new SyncError('SECRET_MISSING', `The secret ${name} is empty; store a refresh token there.`)
  if (!/^\s*\{/.test(plain)) {
    const end = text.slice(plain.length)
    return {
      tokens: { refresh_token: plain },
      // A plain text has no place for more.
      format: ({ refresh_token: next = plain }) => next + end,
    }
  }
  return objectFormat(parseObject(plain, name))
}

function objectFormat(fields: Fields): TokenFormat {
  return { tokens: pickTokens(fields), format: (next) => `${stringifyExact(withTokens(fields, next))}\n` }
}

interface FieldPlace {
  readonly pointer: string
  readonly tokens: SavedTokens
  readonly name: string
}

function fieldFormat(text: string, { pointer, tokens, name }: FieldPlace): TokenFormat {
  const steps = parsePointer(pointer)
  const [last = ''] = steps.slice(-1)
  return {
    tokens,
    format({ refresh_token: refreshToken, access_token, expires_at, obtained_at }) {
      const beside = {
        ...(access_token && { access_token }),
        ...(expires_at && { expires_at }),
        ...(obtained_at && { obtained_at }),
      }
      const change = (parent: unknown): unknown =>
        // A list has no place beside the token.
        Array.isArray(parent)
          ? replaceItem(parent, last, { item: refreshToken, name })
          : {
              ...withTokens(isObject(parent) ? parent : {}, beside, ['access_token', 'expires_at', 'obtained_at']),
              [last]: refreshToken,
            }
      return `${stringifyExact(changeAt(parseJson(text, name), { steps: steps.slice(0, -1), change, name }))}\n`
    },
  }
}

/** The object with the tokens of `next` and no others; anything else that it has stays. */
function withTokens(fields: Fields, next: SavedTokens, ours: readonly string[] = keys): Fields {
  const rest = Object.entries(fields).filter(([key]) => !ours.includes(key))
  return Object.fromEntries([...rest, ...Object.entries(next)])
}

interface Change {
  readonly steps: readonly string[]
  readonly change: (parent: unknown) => unknown
  readonly name: string
}

function changeAt(value: unknown, { steps, change, name }: Change): unknown {
  const [step, ...more] = steps
  if (step === undefined) return change(value)
  const item = changeAt(readMember(value, step), { steps: more, change, name })
  return Array.isArray(value)
    ? replaceItem(value, step, { item, name })
    : { ...(isObject(value) && value), [step]: item }
}

function replaceItem(
  list: readonly unknown[],
  step: string,
  { item, name }: { readonly item: unknown; readonly name: string },
): readonly unknown[] {
  if (/^\d+$/.test(step) && Number(step) < list.length) return list.with(Number(step), item)
  const message = `The secret ${name} has a list without a place ${step}; correct what follows # in its reference.`
  throw new SyncError('SECRET_MISSING', message)
}

function readParent(value: unknown, pointer: string): Fields {
  const parent = parsePointer(pointer).slice(0, -1).reduce(readMember, value)
  return isObject(parent) ? parent : {}
}

function pickTokens(fields: Fields): SavedTokens {
  const found = keys.map((key) => [key, fields[key]] as const)
  return Object.fromEntries(found.filter(([, value]) => typeof value === 'string' && value !== ''))
}

function parseObject(text: string, name: string): Fields {
  const value = parseJson(text, name)
  if (isObject(value)) return value
  throw noTokens(name)
}

function parseJson(text: string, name: string): unknown {
  try {
    return parseExact(text)
  } catch {
    // Not kept as a cause: the parser quotes the text.
    throw noTokens(name)
  }
}

function noTokens(name: string): SyncError {
  const message = `The secret ${name} is neither a JSON object nor a plain refresh token; store it anew.`
  return new SyncError('SECRET_MISSING', message)
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
