import type { ErrorRule } from './config.ts'
import { compilePath } from '../base/json/path.ts'
import { SyncError } from '../base/errors.ts'
import type { Redact } from './describe.ts'
import { extractErrorMessage, sanitizeMessage } from './error-message.ts'
import { saysRateLimited } from './rate-headers.ts'
import type { ApiResponse } from './send.ts'

/** What is to be done with a response. */
export interface Classification {
  readonly action: 'accept' | 'fail' | 'retry' | 'rate_limited' | 'renew_auth' | 'restart_listing'
  /** A rule of the connector says so, rather than the status alone. */
  readonly byRule: boolean
  /** As the connector file counts it, such as `errors[1]`. */
  readonly rule?: string | undefined
  /** What the provider said, safe to print. */
  readonly words?: string | undefined
}

export type ResponseClassifier = (response: ApiResponse) => Classification

/** Of a body that a rule looks at as text, the beginning; it bounds what a regular expression can cost. */
const longestText = 16 * 1024

/** Judges responses by the connector's `errors:` rules, the first that matches, else by status. Throws CONFIG_INVALID. */
export function createClassifier(rules: readonly ErrorRule[], redact: Redact, now: () => number): ResponseClassifier {
  const compiled = rules.map(compileRule)
  return (response) => {
    const at = compiled.findIndex(({ matches }) => matches(response))
    const rule = compiled[at]
    if (rule?.action === 'ignore') return { action: 'accept', byRule: mayIgnore(response, rule) }
    if (!rule && isOk(response)) return { action: 'accept', byRule: false }
    const told = rule?.message?.(response)
    const words = sanitizeMessage(told, redact) ?? extractErrorMessage(response.body.envelope, redact)
    const name = rule && `errors[${at}]`
    return { action: rule?.action ?? judgeStatus(response, now()), byRule: rule !== undefined, rule: name, words }
  }
}

/**
 * Whether a rule refuses an answer by its head alone, with any body: such a body is not decoded. The body
 * has the last word where a rule that asks for it comes first.
 */
export function createHeadClassifier(rules: readonly ErrorRule[]): (head: AnswerHead) => boolean {
  const compiled = rules.map(compileRule)
  return (head) => {
    const rule = compiled.find(({ matchesHead }) => matchesHead(head))
    return rule !== undefined && !rule.readsBody && rule.action !== 'ignore'
  }
}

/** A body that could not be decoded holds nothing only if it is empty, or if the rule has looked at it. */
function mayIgnore({ body }: ApiResponse, rule: CompiledRule): boolean {
  return body.undecoded !== true || rule.readsBody || body.text?.trim() === ''
}

type AnswerHead = Pick<ApiResponse, 'status' | 'headers'>

interface CompiledRule {
  readonly matches: (response: ApiResponse) => boolean
  /** Whether status and headers fit, as far as the rule asks for them. */
  readonly matchesHead: (head: AnswerHead) => boolean
  readonly readsBody: boolean
  readonly action: ErrorRule['then']
  readonly message: ((response: ApiResponse) => string | undefined) | undefined
}

function compileRule(rule: ErrorRule): CompiledRule {
  const ofHead = [matchStatus(rule), matchHeader(rule)].filter((test) => test !== undefined)
  const ofBody = [matchBody(rule), matchText(rule)].filter((test) => test !== undefined)
  const matchesHead = (head: AnswerHead): boolean => ofHead.every((test) => test(head))
  return {
    matches: (response) =>
      ofHead.length + ofBody.length > 0 && matchesHead(response) && ofBody.every((test) => test(response)),
    matchesHead,
    readsBody: ofBody.length > 0,
    action: rule.then,
    message: rule.message === undefined ? undefined : readMessage(rule.message),
  }
}

function matchStatus({ status }: ErrorRule) {
  if (status === undefined) return undefined
  const wanted = [status].flat()
  return (response: AnswerHead) =>
    wanted.some((one) => one === response.status || one === `${Math.floor(response.status / 100)}xx`)
}

function matchHeader({ header }: ErrorRule) {
  if (!header) return undefined
  const pattern = compilePattern(header.matches, 'header.matches')
  const name = header.name.toLowerCase()
  return (response: AnswerHead) => {
    const value = response.headers[name]
    return value !== undefined && pattern.test(value)
  }
}

function matchBody({ body }: ErrorRule) {
  if (body === undefined) return undefined
  const select = compilePath(body)
  return (response: ApiResponse) => select(response.body.envelope).length > 0
}

function matchText({ text }: ErrorRule) {
  if (text === undefined) return undefined
  const pattern = compilePattern(text, 'text')
  return ({ body }: ApiResponse) => pattern.test((body.text ?? '').slice(0, longestText))
}

function readMessage(path: string) {
  const select = compilePath(path)
  return (response: ApiResponse) => {
    const found = select(response.body.envelope)[0]
    return found === undefined || typeof found === 'string' ? found : JSON.stringify(found)
  }
}

function compilePattern(text: string, key: string): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    throw new SyncError('CONFIG_INVALID', `errors: ${key} is not a regular expression: ${text}`, {
      cause: error,
    })
  }
}

function judgeStatus(response: ApiResponse, now: number): Classification['action'] {
  const { status, headers, body } = response
  if (status === 401) return 'renew_auth'
  if (status === 429 || (status === 403 && saysRateLimited(headers, body.text ?? '', now))) return 'rate_limited'
  return status === 408 || status === 425 || status >= 500 ? 'retry' : 'fail'
}

export function isOk(response: Pick<ApiResponse, 'status'>): boolean {
  return response.status >= 200 && response.status < 300
}
