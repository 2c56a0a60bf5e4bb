import { processClientCredentialsResponse } from 'oauth4webapi'
import { SyncError } from '../../base/errors.ts'
import { findTitle, extractErrorMessage } from '../../http/error-message.ts'
import { parseRetryAfter } from '../../http/retry-after.ts'
import { findTlsFailure } from '../../http/tls-failure.ts'
import type { Redactor } from '../../secrets/redactor.ts'
import { retry } from '../../secrets/retry.ts'
import { Secret } from '../../secrets/secret.ts'
import type { AuthDeps } from '../auth.ts'
import {
  type TokenFields,
  senderConstrainedType,
  findAnswerWords,
  isGrantRefusal,
  parseAnswer,
  readErrorCode,
  normalizeTokenResponse,
} from './token-answer.ts'
import { readGrant } from './token-claims.ts'
import { AnswerTooLarge } from './token-fetch.ts'

export interface Token {
  readonly value: Secret
  /** In milliseconds; absent where the provider does not say. */
  readonly lifetime?: number
  /** As granted; absent where the provider does not say. */
  readonly scopes?: readonly string[]
  /** Who signed in, for a person to see; absent where the provider does not say. */
  readonly account?: string
}

/** A token endpoint, as it may be named in messages. */
interface Endpoint {
  /** Without query and credentials. */
  readonly name: string
  readonly deps: AuthDeps
  /** For a grant that can be used up: what a refusal of it means is for who asked to say. */
  readonly singleUse?: boolean
}

const limits = { attempts: 3, base: 500, cap: 10_000 }

/**
 * Asks a token endpoint for an access token by `send`, in up to three tries, and makes the token known to the redactor.
 * Throws `AUTH_FAILED` with the provider's own words, `AUTH_UNAVAILABLE`, `INTERRUPTED`.
 */
export function requestToken(url: string, send: () => Promise<Response>, deps: AuthDeps): Promise<Token> {
  const endpoint = { name: describeEndpoint(url, deps.redactor), deps }
  return retry(() => requestOnce(send, endpoint), limits, { effects: deps, signal: deps.signal })
}

function describeEndpoint(url: string, redactor: Redactor): string {
  const { origin, pathname } = new URL(url)
  return redactor.redact(`${origin}${pathname}`)
}

async function requestOnce(send: () => Promise<Response>, endpoint: Endpoint): Promise<Token> {
  return readToken(await requestFields(send, endpoint), endpoint)
}

/** Asks once, for a grant that is used up by the asking, and gives all fields of the answer. Throws as `requestToken` does. */
export async function requestAnswer(
  url: string,
  send: () => Promise<Response>,
  deps: AuthDeps,
): Promise<{ readonly fields: TokenFields; readonly token: (of: TokenFields) => Promise<Token> }> {
  const endpoint = { name: describeEndpoint(url, deps.redactor), deps, usesUp: true }
  return { fields: await requestFields(send, endpoint), token: (of) => readToken(of, endpoint) }
}

async function requestFields(send: () => Promise<Response>, endpoint: Endpoint): Promise<TokenFields> {
  const response = await connect(send, endpoint)
  const text = await response.text()
  const fields = parseAnswer(text, response.headers.get('content-type') ?? '')
  if (response.status >= 500 || [408, 425, 429].includes(response.status))
    throw toUnavailable(response, fields, endpoint)
  if (!response.ok) throw toRefusal(response, { text, fields }, endpoint)
  if (!fields)
    throw failed(
      endpoint,
      `did not answer with a JSON object but with ${describeText(text, endpoint)}; check token_url`,
    )
  return fields
}

async function connect(send: () => Promise<Response>, endpoint: Endpoint): Promise<Response> {
  try {
    return await send()
  } catch (cause) {
    if (cause instanceof SyncError) throw cause
    if (cause instanceof AnswerTooLarge) throw failed(endpoint, 'answered with more than a token; check token_url')
    const code = errorCode(cause)
    const tls = findTlsFailure(code)
    if (tls) throw failed(endpoint, tls.reason)
    const message = `The token endpoint ${endpoint.name} could not be reached (${code}); try again later or check token_url.`
    throw new SyncError('AUTH_UNAVAILABLE', message, { details: { endpoint: endpoint.name, reason: code } })
  }
}

/** The name of the innermost error that has one, such as ECONNREFUSED. */
export function errorCode(thrown: unknown): string {
  const { cause, code, name } = thrown as { cause?: unknown; code?: unknown; name?: unknown }
  if (typeof code === 'string') return code
  if (typeof cause === 'object' && cause !== null) return errorCode(cause)
  if (name === 'TimeoutError') return 'no answer in time'
  return typeof name === 'string' ? name : 'unknown error'
}

function toUnavailable(response: Response, fields: TokenFields | undefined, endpoint: Endpoint): SyncError {
  const words = fields && findAnswerWords(fields, endpoint.deps.redactor)
  const waitMs = parseRetryAfter(response.headers.get('retry-after') ?? '', endpoint.deps.now())
  const message = `The token endpoint ${endpoint.name} answered ${response.status}${words ? ` (${words})` : ''}; try again later.`
  const details = { endpoint: endpoint.name, status: response.status, ...(waitMs !== undefined && { waitMs }) }
  return new SyncError('AUTH_UNAVAILABLE', message, { details })
}

interface ReadAnswer {
  readonly text: string
  readonly fields: TokenFields | undefined
}

function toRefusal({ status }: Response, { text, fields }: ReadAnswer, endpoint: Endpoint): SyncError {
  if (status >= 300 && status < 400) {
    return failed(
      endpoint,
      `answered ${status} and points elsewhere, where credentials do not go; write the right token_url`,
    )
  }
  const { redactor } = endpoint.deps
  const words =
    (fields && findAnswerWords(fields, redactor)) ??
    extractErrorMessage(fields ?? text, (dirty) => redactor.redact(dirty))
  const error = readErrorCode(fields)
  const hint = endpoint.singleUse && isGrantRefusal(error) ? '' : explainRefusal(fields?.['error'])
  return failed(endpoint, `refused with ${status}${words ? `: ${words}` : ''}${hint}`, error)
}

async function readToken(fields: TokenFields, endpoint: Endpoint): Promise<Token> {
  const { access_token: token, error } = fields
  if (typeof token !== 'string' || token === '') {
    const words = findAnswerWords(fields, endpoint.deps.redactor)
    throw failed(
      endpoint,
      error === undefined || error === null
        ? 'answered without an access_token; check token_url'
        : `refused: ${words ?? 'without a reason'}`,
      readErrorCode(fields),
    )
  }
  const value = new Secret(token)
  endpoint.deps.redactor.addShortLived(value)
  const type = senderConstrainedType(fields)
  if (type !== undefined)
    throw failed(
      endpoint,
      `gave a token of type ${type}, which needs proof of a key; ask the provider for bearer tokens`,
    )
  if (!/^[\x21-\x7e]+$/.test(token)) throw failed(endpoint, 'gave a token with characters that no HTTP header carries')
  const server = { issuer: endpoint.name }
  const { expires_in: seconds } = await processClientCredentialsResponse(
    server,
    { client_id: 'client' },
    normalizeTokenResponse(fields),
  )
  return { value, ...(seconds !== undefined && { lifetime: seconds * 1_000 }), ...readGrant(fields) }
}

function describeText(text: string, { deps }: Endpoint): string {
  if (text.trim() === '') return 'nothing'
  if (!text.trimStart().startsWith('<')) return 'other text'
  const title = findTitle(text, (dirty) => deps.redactor.redact(dirty))
  return title ? `a web page (${title})` : 'a web page'
}

function failed(endpoint: Endpoint, what: string, error?: string): SyncError {
  return new SyncError('AUTH_FAILED', `The token endpoint ${endpoint.name} ${what}.`, {
    details: { endpoint: endpoint.name, ...(error !== undefined && { error }) },
  })
}

/** What to do about the error codes of RFC 6749 section 5.2, RFC 7521 section 4 and RFC 8707 section 2. */
const hints: Readonly<Record<string, string>> = {
  invalid_client: 'check client_id, client_secret and client_auth',
  invalid_grant: 'check what the grant rests on: for an assertion its issuer, subject, audience and key',
  invalid_scope: 'check scopes: the provider does not know one of them, or does not allow it to this client',
  unauthorized_client: 'the provider does not allow this grant to the client; enable it there',
  unsupported_grant_type: 'the provider does not know this grant; check type and token_url',
  invalid_target: 'check resource and audience',
}

/** What to do about the error code of a token endpoint; goes on after the provider's words, empty where nothing is known. */
function explainRefusal(error: unknown): string {
  return typeof error === 'string' && Object.hasOwn(hints, error) ? `; ${hints[error] ?? ''}` : ''
}
