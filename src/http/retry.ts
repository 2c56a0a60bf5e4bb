import type { RetryConfig } from './config.ts'
import { type ErrorCode, SyncError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { backoff } from '../base/backoff.ts'
import { TransportError } from './transport-error.ts'
import { describeRequest, describeUrl, type Redact } from './describe.ts'
import type { ResponseClassifier, Classification } from './error-rules.ts'
import { type BearerError, readBearerError } from './bearer-error.ts'
import { extractErrorMessage, sanitizeMessage } from './error-message.ts'
import { readRetryAfter, readWait } from './rate-headers.ts'
import type { ApiRequest, ApiResponse, Middleware } from './send.ts'
import { mayWait, type WaitDeps, waitUntil } from './wait.ts'

export interface RetryOptions {
  readonly retry: RetryConfig
  readonly judge: ResponseClassifier
  readonly wait: WaitDeps
  readonly redact: Redact
  readonly log: Log
}

/** Why an attempt failed, and whether another may do better. */
interface Failure {
  readonly code: ErrorCode
  /** Goes on after the method and the URL. */
  readonly reason: string
  readonly retry: boolean
  readonly status?: number
  /** What the API said of the token. */
  readonly refused?: BearerError | undefined
  /** Milliseconds that the provider asks to wait. */
  readonly wait?: number | undefined
  readonly cause?: unknown
  /** Thrown as it is once no attempt is left. */
  readonly error?: SyncError
}

/**
 * Sends until a response is accepted, with waits in between: the provider's, else our own with full jitter. Throws the
 * last failure once the attempts or the time are used up, and RATE_LIMITED with `retryAt` (milliseconds since 1970) at
 * once where the provider's wait goes beyond `max_elapsed` or the deadline.
 */
export function retryFailures(options: RetryOptions): Middleware {
  const { retry, wait, redact, log } = options
  const { effects, meter } = wait
  return (next) => async (request, signal) => {
    const giveUpAt = effects.now() + retry.max_elapsed
    for (let attempts = 1; ; attempts++) {
      if (attempts > 1) meter.retries++
      const outcome = await sendOnce(() => next(request, signal), options)
      if ('status' in outcome && 'body' in outcome) return outcome
      const now = effects.now()
      const until = Math.ceil(now + (outcome.wait ?? backoff(attempts, retry, effects.random())))
      const retryAt = outcome.wait === undefined ? undefined : until
      const failure = { ...outcome, attempts, retryAt }
      if (!outcome.retry || attempts >= retry.attempts) throw toError(failure, request, redact)
      if (until > giveUpAt || !mayWait(until, wait)) throw toError(comeBack(failure, until), request, redact)
      log.warn(
        { url: describeUrl(request.url, redact), status: outcome.status, attempt: attempts, wait_ms: until - now },
        `${describeRequest(request, redact)} ${outcome.reason}; trying again`,
      )
      if (!(await waitUntil(until, wait, signal))) throw toError(comeBack(failure, until), request, redact)
    }
  }
}

type FinalFailure = Failure & { readonly attempts: number; readonly retryAt: number | undefined }

/** A wait that the provider asked for is a rate limit regardless of the status, as the run can come back then. */
function comeBack(failure: FinalFailure, until: number): FinalFailure {
  return failure.wait === undefined ? failure : { ...failure, code: 'RATE_LIMITED', retryAt: until }
}

async function sendOnce(
  send: () => Promise<ApiResponse>,
  { judge, wait, redact }: RetryOptions,
): Promise<ApiResponse | Failure> {
  const response = await send().catch(toBroken)
  if (!('body' in response)) return response
  const verdict = judge(response)
  const { problem, envelope } = response.body
  if (verdict.action === 'accept' && verdict.byRule) return { ...response, ignored: true }
  if (verdict.action === 'accept' && !problem && response.status !== 202) return response
  await response.body.rows[Symbol.asyncDispose]()
  if (verdict.action === 'accept' && response.status === 202) return notReady(extractErrorMessage(envelope, redact))
  if (verdict.action === 'accept' && problem && isCut(problem)) return toBroken(problem)
  if (verdict.action === 'accept' && problem) throw addWords(problem, extractErrorMessage(envelope, redact))
  return toRefusal(response, { ...verdict, redact }, wait.effects.now())
}

/** A 202 says that the work goes on (RFC 9110 section 15.3.3): what comes with it is no data. */
function notReady(words: string | undefined): Failure {
  const said = words === undefined ? '' : `, ${JSON.stringify(words)}`
  return {
    code: 'RESPONSE_INVALID',
    reason: `was answered 202${said}, so that its data is not there yet: add { status: 202, then: retry } to errors, or then: ignore if it is data all the same`,
    retry: false,
  }
}

function addWords(problem: SyncError, words: string | undefined): SyncError {
  if (problem.details['words'] !== true || words === undefined) return problem
  return new SyncError(problem.code, `${problem.message}: ${JSON.stringify(words)}`, { details: { words } })
}

/** A connection that closes ends a body without a length as if it were whole: its end shows only in the decoder. */
const isCut = (error: SyncError): boolean => error.details['cut'] === true

/** Whatever else is thrown below (the decoder, the signing, a refused origin) is final. */
function toBroken(error: unknown): Failure {
  if (error instanceof SyncError && isCut(error))
    return { code: error.code, reason: 'was answered with a body that ends too early', retry: true, error }
  if (!(error instanceof TransportError)) throw error
  return { code: error.code, reason: error.message, retry: error.retry, cause: error.cause }
}

function toRefusal(
  response: ApiResponse,
  { action, words: told, rule, redact }: Classification & { readonly redact: Redact },
  now: number,
): Failure {
  const { status, headers } = response
  const refused = status === 401 || status === 403 ? readBearerError(headers) : undefined
  const words = told ?? sanitizeMessage(refused?.description ?? refused?.error, redact)
  const by = rule === undefined ? '' : ` (${rule})`
  const reason = `was answered ${status}${words === undefined ? '' : `, ${JSON.stringify(words)}`}${by}`
  const failed = { reason, status, refused, retry: false }
  switch (action) {
    case 'retry':
      return { ...failed, code: 'API_UNAVAILABLE', retry: true, wait: readRetryAfter(headers, now) }
    case 'rate_limited':
      return { ...failed, code: 'RATE_LIMITED', retry: true, wait: readWait(headers, now) ?? unsaidWait(status, rule) }
    case 'renew_auth':
      return { ...failed, code: 'AUTH_REJECTED' }
    case 'restart_listing':
      return { ...failed, code: 'LISTING_EXPIRED' }
    case 'fail':
    case 'accept':
      return { ...failed, code: 'API_REFUSED' }
  }
}

/** GitHub asks for a minute at least where its secondary limit names no moment, and blocks whoever comes sooner. */
const unsaidWait = (status: number, rule: string | undefined): number | undefined =>
  status === 403 && rule === undefined ? 60_000 : undefined

const advice: Partial<Record<ErrorCode, string>> = {
  API_REFUSED: '; check the path, the parameters and what the credential may read',
  AUTH_REJECTED: '; the API does not accept the credential: check `auth` and its secrets',
  LISTING_EXPIRED: '; the listing has to start again',
  RATE_LIMITED: '; lower `rate_limit` or run again later',
}

function toError(failure: FinalFailure, request: ApiRequest, redact: Redact): SyncError {
  const { code, reason, status, refused, attempts, retryAt, cause, error } = failure
  if (error) return error
  const tries = attempts === 1 ? '' : `, after ${attempts} attempts`
  return new SyncError(code, `${describeRequest(request, redact)} ${reason}${tries}${advise(failure, redact)}.`, {
    cause,
    details: {
      attempts,
      ...(status === undefined ? {} : { status }),
      ...(refused && { error: redact(refused.error) }),
      ...(retryAt === undefined ? {} : { retryAt }),
    },
  })
}

/** What broke without an answer says itself what to do. */
function advise({ code, status, refused, retryAt }: FinalFailure, redact: Redact): string {
  if (retryAt !== undefined) return `; it may be asked again at ${new Date(retryAt).toISOString()}`
  if (status === undefined) return ''
  if (refused?.error !== 'insufficient_scope') return advice[code] ?? ''
  const needed = sanitizeMessage(refused.scope, redact)
  return `; the token lacks ${needed === undefined ? 'a scope' : `the scope ${needed}`}: add it to \`scopes\` and sign in anew`
}
