import { z } from 'zod'
import { durationMs } from '../../syntax/duration.ts'
import { instantOf, parseMoment } from '../../syntax/moment.ts'
import { compilePath } from '../../base/json/path.ts'
import { SyncError } from '../../base/errors.ts'

/** What a sign-in was answered with. */
export interface LoginAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON, regardless of what its content type says; undefined where it is none. */
  readonly json: unknown
}

const notPath = 'expected $ and a JSONPath such as $.token, header:NAME or cookie:NAME'

/** Where a token is found in the answer. */
export const tokenSource = z
  .string()
  .superRefine((text, context) => {
    if (/^(?:header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) return
    const message = text.startsWith('$') ? pathProblem(text) : notPath
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
  .meta({
    title: 'JSONPath, header:NAME or cookie:NAME',
    description: 'Where the response has the token; $ is the whole body.',
    examples: ['$.data.token', 'header:X-Auth-Token', 'cookie:SESSION'],
  })

/** How long a token lives. */
export const tokenLifetime = z
  .string()
  .superRefine((text, context) => {
    const message = text.startsWith('$')
      ? pathProblem(text)
      : durationMs(text) === undefined && 'expected a duration such as PT1H, or a JSONPath such as $.expires_in'
    if (typeof message === 'string') context.addIssue({ code: 'custom', message })
  })
  .meta({
    title: 'duration or JSONPath',
    description:
      'How long the token is valid: a duration, or where the response has the seconds or the time at which it expires.',
    examples: ['PT1H', '$.expires_in'],
  })

function pathProblem(path: string): string | undefined {
  try {
    compilePath(path)
    return undefined
  } catch (error) {
    if (error instanceof SyncError) return error.message
    throw error
  }
}

/** Reads numbers that a double would change as texts. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''), (_key, value: unknown, context?: { readonly source?: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) ? (context?.source ?? value) : value,
    )
  } catch {
    // Not kept as a cause: the parser quotes the text, and the text may hold a token.
    return undefined
  }
}

/** The token; undefined where there is none. */
export function findToken(source: string, answer: LoginAnswer): string | undefined {
  const [kind, name = ''] = source.split(':', 2)
  if (kind === 'header') return answer.headers.get(name)?.trim() || undefined
  if (kind === 'cookie') return findCookie(name, answer)?.value || undefined
  // Some answer with the bare token.
  if (source === '$' && answer.json === undefined)
    return /^\s*<|^\s*$/.test(answer.text) ? undefined : answer.text.trim()
  const found = compilePath(source)(answer.json)[0]
  return (typeof found === 'string' && found !== '') || typeof found === 'number' ? String(found) : undefined
}

/**
 * In milliseconds; undefined where the answer does not tell, or tells nonsense. `now`: milliseconds since 1970. A number
 * (also as text) of less than 30 years counts seconds, a greater one is a moment in seconds or milliseconds since 1970.
 */
export function findLifetime(
  lifetime: string | undefined,
  source: string,
  { answer, now }: { readonly answer: LoginAnswer; readonly now: number },
): number | undefined {
  if (lifetime === undefined) return source.startsWith('cookie:') ? cookieLifetime(source, answer) : undefined
  const fixed = durationMs(lifetime)
  if (fixed !== undefined) return fixed > 0 ? fixed : undefined
  const found = compilePath(lifetime)(answer.json)[0]
  const ms = typeof found === 'string' || typeof found === 'number' ? toLifetime(found, now) : undefined
  return ms !== undefined && ms > 0 ? ms : undefined
}

const thirtyYears = 30 * 365 * 86_400

function toLifetime(value: string | number, now: number): number | undefined {
  const seconds = value === '' ? Number.NaN : Number(value)
  if (Number.isFinite(seconds) && Math.abs(seconds) < thirtyYears) return seconds * 1_000
  const spoken = typeof value === 'string' ? durationMs(value) : undefined
  if (spoken !== undefined) return spoken
  const moment = parseMoment(value)
  return moment && Number(instantOf(moment) / 1_000_000n) - now
}

interface Cookie {
  readonly value: string
  readonly attributes: readonly string[]
}

/** RFC 6265 section 5.2; of two of one name the later counts. */
function findCookie(name: string, { headers }: LoginAnswer): Cookie | undefined {
  const cookies = headers.getSetCookie().map((line) => line.split(';').map((part) => part.trim()))
  const found = cookies.findLast(([pair = '']) => pair.slice(0, pair.indexOf('=')).trim() === name)
  if (!found) return undefined
  const [pair = '', ...attributes] = found
  return { value: pair.slice(pair.indexOf('=') + 1).trim(), attributes }
}

function cookieLifetime(source: string, answer: LoginAnswer): number | undefined {
  const { attributes = [] } = findCookie(source.slice('cookie:'.length), answer) ?? {}
  const age = attributes.map((one) => /^max-age=(\d+)$/i.exec(one)?.[1]).find((found) => found !== undefined)
  return age === undefined || Number(age) === 0 ? undefined : Number(age) * 1_000
}
