import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { AuthorizationResponseError, validateAuthResponse } from 'oauth4webapi'
import type { AuthDeps } from '../auth/auth.ts'
import type { SignInServer } from '../auth/token/authorization-server.ts'
import type { SignInSettings } from '../auth/authorization/sign-in-settings.ts'
import { SyncError } from '../base/errors.ts'
import { sanitizeMessage } from '../http/error-message.ts'

/** How long a person may take. */
export const consentMs = 10 * 60_000

/** One request for consent: made again for each attempt, answered at most once. */
export interface Consent {
  /** What the browser is sent to. */
  readonly url: string
  /** 256 bits, in base64url. */
  readonly state: string
  /** RFC 7636; absent where the provider takes none. */
  readonly verifier?: string
  readonly redirectUrl: string
}

interface ConsentOptions {
  readonly settings: SignInSettings
  readonly clientId: string
  readonly redirectUrl: string
}

/** The authorization request (RFC 6749 section 4.1.1) with PKCE by S256. Throws `CONFIG_INVALID` where there is no such endpoint. */
export function createConsent(
  { metadata }: SignInServer,
  { settings, clientId, redirectUrl }: ConsentOptions,
  deps: Pick<AuthDeps, 'secret'>,
): Consent {
  const endpoint = metadata.authorization_endpoint
  if (endpoint === undefined)
    throw new SyncError(
      'CONFIG_INVALID',
      `${settings.label} has no authorization endpoint that is known; write authorize_url, or use --device.`,
    )
  const state = randomBytes(32).toString('base64url')
  const verifier = settings.pkce ? randomBytes(32).toString('base64url') : undefined
  const url = new URL(endpoint)
  const words: Record<string, string> = {
    ...Object.fromEntries(Object.entries(settings.extra).map(([name, value]) => [name, deps.secret(value).reveal()])),
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUrl,
    ...(settings.scopes.length > 0 && { scope: settings.scopes.join(settings.scopeSeparator) }),
    state,
    ...(verifier && { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }),
  }
  for (const [name, value] of Object.entries(words)) url.searchParams.set(name, value)
  // A blank as %20 is read as one everywhere; some providers take + for itself.
  url.search = url.searchParams.toString().replaceAll('+', '%20')
  return { url: url.href, state, ...(verifier && { verifier }), redirectUrl }
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

/** Whether a redirect answers this very request: compared in a time that does not depend on where the two differ. */
export function isAnswerTo({ state }: Pick<Consent, 'state'>, answer: URLSearchParams): boolean {
  const found = answer.getAll('state')
  return found.length === 1 && equalsSafely(found[0] as string, state)
}

export function equalsSafely(found: string, expected: string): boolean {
  // Of equal length, as the comparison wants it.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(found), digest(expected))
}

/**
 * Checks a redirect that has the right state and gives what oauth4webapi wants for the token request. Throws
 * `AUTH_FAILED`: the provider refused (RFC 6749 section 4.1.2.1), the issuer is another one (RFC 9207), there is no code.
 */
export function readConsentAnswer(
  answer: URLSearchParams,
  {
    consent,
    server,
    settings,
  }: { readonly consent: Consent; readonly server: SignInServer; readonly settings: SignInSettings },
  deps: Pick<AuthDeps, 'redactor'>,
): URLSearchParams {
  const parameters = server.issuerKnown ? answer : checkUnknownIssuer(answer, server, settings)
  try {
    const checked = validateAuthResponse(server.metadata, { client_id: 'client' }, parameters, consent.state)
    const codes = checked.getAll('code')
    if (codes.length === 1 && codes[0] !== '') return checked
  } catch (thrown) {
    throw toRefusal(thrown, { answer, settings, server }, deps)
  }
  throw new SyncError('AUTH_FAILED', `${settings.label} sent the browser back without a code; try again.`)
}

/** Nobody has told the issuer, so that it must at least live where consent was asked for or the code is sent. */
function checkUnknownIssuer(
  answer: URLSearchParams,
  { metadata }: SignInServer,
  { label }: SignInSettings,
): URLSearchParams {
  const rest = new URLSearchParams(answer)
  rest.delete('iss')
  const own = [metadata.authorization_endpoint, metadata.token_endpoint]
  const wrong = answer.getAll('iss').find((issuer) => !own.some((endpoint) => sameOrigin(issuer, endpoint)))
  if (wrong === undefined) return rest
  const { origin } = URL.parse(wrong) ?? { origin: 'null' }
  const hint =
    origin === 'null' ? '' : `; if ${origin} is ${label}, write issuer: with its full address in the connector`
  throw new SyncError(
    'AUTH_FAILED',
    `The answer comes from another authorization server than the one that was asked, and was not used${hint}.`,
  )
}

function sameOrigin(one: string, other: string | undefined): boolean {
  const origin = URL.parse(one)?.origin
  return origin !== undefined && other !== undefined && origin === URL.parse(other)?.origin
}

interface Refused {
  readonly answer: URLSearchParams
  readonly settings: SignInSettings
  readonly server: SignInServer
}

/** What each code of RFC 6749 section 4.1.2.1 means for the one who reads the terminal. */
const meanings: Readonly<Record<string, string>> = {
  access_denied: 'access was not given, so nothing was saved; run the command again to be asked once more',
  invalid_scope: 'a scope is unknown or not allowed for this client; check scopes',
  unauthorized_client: 'this client may not ask in this way; check its settings there',
  unsupported_response_type: 'this client may not ask for a code; check its settings there',
  invalid_request: 'it does not understand the request; check client_id, redirect_url and extra',
  server_error: 'it failed on its side; try again later',
  temporarily_unavailable: 'it is not available; try again later',
}

function toRefusal(
  thrown: unknown,
  { answer, settings, server }: Refused,
  deps: Pick<AuthDeps, 'redactor'>,
): SyncError {
  const { label } = settings
  if (thrown instanceof AuthorizationResponseError) {
    const redact = (text: string): string => deps.redactor.redact(text)
    const error = sanitizeMessage(answer.get('error') ?? '', redact) ?? 'an error'
    const description = sanitizeMessage(answer.get('error_description') ?? '', redact)
    const words = description === undefined ? error : `${error}: ${description}`
    const meaning = meanings[error] ?? 'nothing was saved'
    return new SyncError('AUTH_FAILED', `${label} answered ${words.replace(/\.$/, '')} - ${meaning}.`, {
      details: { error },
    })
  }
  if (answer.get('iss') !== null || server.metadata.authorization_response_iss_parameter_supported)
    if (answer.get('iss') !== server.metadata.issuer)
      return new SyncError(
        'AUTH_FAILED',
        `The answer does not come from the issuer ${server.metadata.issuer}, and was not used; check issuer, and run the command again.`,
      )
  return new SyncError('AUTH_FAILED', `${label} sent the browser back with an answer that makes no sense; try again.`)
}
