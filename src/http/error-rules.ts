import type { ErrorRule } from '../config/connector.ts'
import { compilePath } from '../decode/json-path.ts'
import { SyncError } from '../errors.ts'
import type { Redact } from './describe.ts'
import { findWords, tidyWords } from './provider-words.ts'
import { saysRateLimited } from './rate-headers.ts'
import type { ApiResponse } from './send.ts'

/** What is to be done with a response. */
export interface Verdict {
  readonly action: 'accept' | 'fail' | 'retry' | 'rate_limited' | 'renew_auth' | 'restart_listing'
  /** A rule of the connector says so, rather than the status alone. */
  readonly byRule: boolean
  /** What the provider said, safe to print. */
  readonly words?: string | undefined
}

export type Judge = (response: ApiResponse) => Verdict

/** Judges responses by the connector's `errors:` rules, the first that matches, else by status. Throws CONFIG_INVALID. */
export function createJudge(rules: readonly ErrorRule[], redact: Redact, now: () => number): Judge {
  const compiled = rules.map(compileRule)
  return (response) => {
    const rule = compiled.find(({ matches }) => matches(response))
    if (rule?.action === 'ignore') return { action: 'accept', byRule: true }
    if (!rule && isOk(response)) return { action: 'accept', byRule: false }
    const told = rule?.message?.(response)
    const words = tidyWords(told, redact) ?? findWords(response.body.envelope, redact)
    return { action: rule?.action ?? judgeStatus(response, now()), byRule: rule !== undefined, words }
  }
}

interface CompiledRule {
  readonly matches: (response: ApiResponse) => boolean
  readonly action: ErrorRule['then']
  readonly message: ((response: ApiResponse) => string | undefined) | undefined
}

function compileRule(rule: ErrorRule): CompiledRule {
  const predicates = [matchStatus(rule), matchHeader(rule), matchBody(rule)].filter((test) => test !== undefined)
  return {
    matches: (response) => predicates.length > 0 && predicates.every((test) => test(response)),
    action: rule.then,
    message: rule.message === undefined ? undefined : readMessage(rule.message),
  }
}

function matchStatus({ status }: ErrorRule) {
  if (status === undefined) return undefined
  const wanted = [status].flat()
  return (response: ApiResponse) =>
    wanted.some((one) => one === response.status || one === `${Math.floor(response.status / 100)}xx`)
}

function matchHeader({ header }: ErrorRule) {
  if (!header) return undefined
  const pattern = compilePattern(header.matches)
  const name = header.name.toLowerCase()
  return (response: ApiResponse) => {
    const value = response.headers[name]
    return value !== undefined && pattern.test(value)
  }
}

function matchBody({ body }: ErrorRule) {
  if (body === undefined) return undefined
  const select = compilePath(body)
  return (response: ApiResponse) => select(response.body.envelope).length > 0
}

function readMessage(path: string) {
  const select = compilePath(path)
  return (response: ApiResponse) => {
    const found = select(response.body.envelope)[0]
    return found === undefined || typeof found === 'string' ? found : JSON.stringify(found)
  }
}

function compilePattern(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    throw new SyncError('CONFIG_INVALID', `errors: header.matches is not a regular expression: ${text}`, {
      cause: error,
    })
  }
}

function judgeStatus(response: ApiResponse, now: number): Verdict['action'] {
  const { status, headers } = response
  if (status === 401) return 'renew_auth'
  if (status === 429 || (status === 403 && saysRateLimited(headers, now))) return 'rate_limited'
  return status === 408 || status === 425 || status >= 500 ? 'retry' : 'fail'
}

export function isOk(response: Pick<ApiResponse, 'status'>): boolean {
  return response.status >= 200 && response.status < 300
}
