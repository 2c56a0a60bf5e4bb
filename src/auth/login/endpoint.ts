import { SyncError } from '../../base/errors.ts'
import { findTitle, extractErrorMessage } from '../../http/error-message.ts'
import { parseRetryAfter } from '../../http/retry-after.ts'
import { findTlsFailure } from '../../http/tls-failure.ts'
import { retry } from '../../secrets/retry.ts'
import { Secret } from '../../secrets/secret.ts'
import type { AuthDeps } from '../auth.ts'
import { type LoginAnswer, findLifetime, findToken, parseBody } from './answer.ts'
import type { RenderedLogin } from './request.ts'
import { findAnswerWords } from '../token/token-answer.ts'
import { AnswerTooLarge } from '../token/token-fetch.ts'
import { type Token, errorCode } from '../token/token-request.ts'

interface Endpoint {
  /** As it may be named in messages: without query and secrets. */
  readonly name: string
  /** Where the token is, and how long it lives. */
  readonly source: string
  readonly lifetime?: string | undefined
  readonly deps: AuthDeps
}

const limits = { attempts: 3, base: 500, cap: 10_000 }

/**
 * Signs in, in up to three tries, and makes the token known to the redactor. Throws `AUTH_FAILED` with the provider's own
 * words, `AUTH_UNAVAILABLE`, `INTERRUPTED`.
 */
export function requestLogin(
  render: () => RenderedLogin,
  where: Pick<Endpoint, 'source' | 'lifetime'>,
  deps: AuthDeps,
): Promise<Token> {
  return retry(
    () => {
      const { url, init } = render()
      const { origin, pathname } = new URL(url)
      const endpoint = { ...where, name: deps.redactor.redact(origin + pathname), deps }
      return loginOnce(() => deps.fetch(url, { ...init, signal: deps.signal }), endpoint)
    },
    limits,
    { effects: deps, signal: deps.signal },
  )
}

async function loginOnce(send: () => Promise<Response>, endpoint: Endpoint): Promise<Token> {
  const asked = endpoint.deps.now()
  const response = await connect(send, endpoint)
  const text = await response.text()
  const answer: LoginAnswer = { status: response.status, headers: response.headers, text, json: parseBody(text) }
  // Forms that set a cookie like to send the browser on, so a redirect is no refusal.
  const token = answer.status < 400 ? findToken(endpoint.source, answer) : undefined
  if (token === undefined) throw toError(answer, endpoint)
  const value = new Secret(token)
  // A header may have given `Bearer TOKEN`.
  for (const part of new Set([token, token.split(' ').at(-1) ?? '']))
    endpoint.deps.redactor.addShortLived(new Secret(part))
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(token))
    throw failed(endpoint, 'gave a token with characters that no HTTP header carries')
  const lifetime = findLifetime(endpoint.lifetime, endpoint.source, { answer, now: asked })
  return { value, ...(lifetime !== undefined && { lifetime }) }
}

async function connect(send: () => Promise<Response>, endpoint: Endpoint): Promise<Response> {
  try {
    return await send()
  } catch (cause) {
    if (cause instanceof SyncError) throw cause
    if (cause instanceof AnswerTooLarge) throw failed(endpoint, 'answered with more than a token; check request.url')
    const code = errorCode(cause)
    const tls = findTlsFailure(code)
    if (tls) throw failed(endpoint, tls.reason)
    const message = `The sign-in at ${endpoint.name} could not be reached (${code}); try again later or check request.url.`
    throw new SyncError('AUTH_UNAVAILABLE', message, { details: { endpoint: endpoint.name, reason: code } })
  }
}

function toError(answer: LoginAnswer, endpoint: Endpoint): SyncError {
  const { status, headers } = answer
  const { source, name, deps } = endpoint
  if (status >= 500 || [408, 425, 429].includes(status)) {
    const waitMs = parseRetryAfter(headers.get('retry-after') ?? '', deps.now())
    const details = { endpoint: name, status, ...(waitMs !== undefined && { waitMs }) }
    return new SyncError('AUTH_UNAVAILABLE', `The sign-in at ${name} answered ${status}; try again later.`, { details })
  }
  if (status >= 400) {
    const words = extractErrorMessage(answer.json ?? answer.text, (text) => deps.redactor.redact(text))
    return failed(endpoint, `refused with ${status}${words ? `: ${words}` : ''}; check request and its secrets`)
  }
  if (status >= 300)
    return failed(endpoint, `answered ${status} without ${source} and points elsewhere; write the right request.url`)
  return failed(endpoint, `answered ${describeBody(answer, endpoint)} that has no ${source}; check request and token`)
}

/** Of a body that was accepted little is quoted: what is not where it was looked for may be the token. */
function describeBody({ status, text, json }: LoginAnswer, { deps }: Endpoint): string {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    const words = findAnswerWords(json as Readonly<Record<string, unknown>>, deps.redactor)
    return words ? `${status} (${words})` : `${status} with JSON`
  }
  if (text.trim() === '') return `${status} with nothing`
  if (!text.trimStart().startsWith('<')) return `${status} with other text`
  const title = findTitle(text, (dirty) => deps.redactor.redact(dirty))
  return `${status} with a web page${title ? ` (${title})` : ''}`
}

function failed({ name }: Endpoint, what: string): SyncError {
  return new SyncError('AUTH_FAILED', `The sign-in at ${name} ${what}.`, { details: { endpoint: name } })
}
