import type { AuthDeps } from '../auth/auth.ts'
import { type OAuth1Config, createOAuth1Client } from '../auth/methods/oauth1.ts'
import {
  type OAuth1Client,
  type OAuth1Token,
  authorizeOAuth1,
  createNonce,
} from '../auth/signature/oauth1-signature.ts'
import { formatTime } from '../auth/token/saved-token.ts'
import { SyncError } from '../base/errors.ts'
import { readWords } from '../http/error-message.ts'
import { Secret } from '../secrets/secret.ts'
import type { ConnectContext } from './authorization-code.ts'
import { type PendingConsent, askInBrowser } from './browser.ts'
import { equalsSafely } from './consent.ts'
import { choosePlace } from './redirect-target.ts'
import type { Connection } from './token-grant.ts'
import { oneLine } from '../base/words/line.ts'

interface Endpoints {
  readonly requestToken: string
  readonly authorize: string
  readonly accessToken: string
}

interface Dance {
  readonly config: OAuth1Config
  readonly endpoints: Endpoints
  readonly client: OAuth1Client
  readonly deps: AuthDeps
}

/**
 * The three legs of OAuth 1.0a (RFC 5849 section 2): a request token, the person's consent, the access token. Throws
 * `AUTH_*`, `CONFIG_INVALID`, `REQUEST_INVALID`, `INTERRUPTED`.
 */
export async function connectOAuth1(config: OAuth1Config, context: ConnectContext): Promise<Connection> {
  const { connector, options, ui, deps, save } = context
  if (options.mode === 'device')
    throw new SyncError('REQUEST_INVALID', 'OAuth 1.0a knows no device code; leave out --device, or use --paste.')
  const dance: Dance = { config, endpoints: endpointsOf(config), client: createOAuth1Client(config, deps), deps }
  const place = choosePlace({
    // A redirect must be registered with most providers of that time, so that the port should stay the same.
    redirect: { kind: 'registered', host: 'localhost' },
    paste: options.mode === 'paste',
    ...(config.redirect_url !== undefined && { redirectUrl: config.redirect_url }),
    ...(options.port !== undefined && { port: options.port }),
  })
  const begin = async (redirectUrl: string): Promise<PendingConsent> => {
    const temporary = await requestToken(dance, redirectUrl)
    const url = new URL(dance.endpoints.authorize)
    url.searchParams.set('oauth_token', temporary.token)
    return {
      url: url.href,
      isAnswer: (query) => isAnswerTo(query, temporary),
      async finish(query) {
        const connection = await accessToken(dance, temporary, readVerifier(query, labelOf(dance)))
        await save(connection)
        return connection
      },
    }
  }
  return askInBrowser({ label: labelOf(dance), connector, place, begin }, ui, deps)
}

function endpointsOf(config: OAuth1Config): Endpoints {
  const { request_token_url: request, authorize_url: authorize, access_token_url: access } = config
  if (request !== undefined && authorize !== undefined && access !== undefined)
    return { requestToken: request, authorize, accessToken: access }
  throw new SyncError(
    'CONFIG_INVALID',
    'The method oauth1 needs request_token_url, authorize_url and access_token_url to be connected; write them under auth.',
  )
}

const labelOf = ({ endpoints }: Pick<Dance, 'endpoints'>): string => new URL(endpoints.authorize).host

/** Section 2.2: the redirect names the request token, which stands for `state`; one who refuses may be named by `denied`. */
function isAnswerTo(query: URLSearchParams, { token }: OAuth1Token): boolean {
  const named = [...query.getAll('oauth_token'), ...query.getAll('denied')]
  return named.length > 0 && named.every((found) => equalsSafely(found, token))
}

function readVerifier(query: URLSearchParams, label: string): string {
  const [verifier, ...more] = query.getAll('oauth_verifier')
  if (verifier !== undefined && verifier !== '' && more.length === 0) return verifier
  throw new SyncError(
    'AUTH_FAILED',
    `${label} sent the browser back without a verifier - access was not given, so nothing was saved; run the command again to be asked once more.`,
    { details: { error: 'access_denied' } },
  )
}

/** Section 2.1. */
async function requestToken(dance: Dance, callback: string): Promise<OAuth1Token> {
  const url = new URL(dance.endpoints.requestToken)
  if (dance.config.scopes.length > 0) url.searchParams.set('scope', dance.config.scopes.join(' '))
  const fields = await post(dance, { url: url.href, extra: { oauth_callback: callback } })
  if (fields.get('oauth_callback_confirmed') !== 'true')
    throw new SyncError(
      'AUTH_FAILED',
      `${url.origin}${url.pathname} did not confirm the address to come back to (OAuth 1.0 without a, which is not safe); check request_token_url.`,
    )
  return readToken(fields, dance, dance.endpoints.requestToken)
}

/** Section 2.3. */
async function accessToken(dance: Dance, temporary: OAuth1Token, verifier: string): Promise<Connection> {
  const since = dance.deps.now()
  const url = dance.endpoints.accessToken
  const fields = await post(dance, { url, token: temporary, extra: { oauth_verifier: verifier } })
  const { token, secret } = readToken(fields, dance, url)
  const seconds = Number(fields.get('oauth_expires_in') ?? Number.NaN)
  const name = fields.get('screen_name') ?? fields.get('user_id') ?? undefined
  return {
    tokens: {
      obtained_at: formatTime(since),
      token,
      token_secret: secret,
      ...(seconds > 0 && { expires_at: formatTime(since + seconds * 1_000) }),
    },
    scopes: { asked: dance.config.scopes, missing: [] },
    ...(name !== undefined && { account: oneLine(dance.deps.redactor.redact(name), 200) }),
    facts: {},
  }
}

interface Call {
  readonly url: string
  readonly token?: OAuth1Token
  readonly extra: Readonly<Record<string, string>>
}

/** One signed POST; the fields of its answer, which is a form. */
async function post({ client, deps }: Dance, { url, token, extra }: Call): Promise<URLSearchParams> {
  const request = { method: 'POST', url, headers: {} } as const
  const call = { request, token, now: deps.now(), nonce: createNonce(), extra: { oauth_version: '1.0', ...extra } }
  const name = describe(url)
  const response = await deps
    .fetch(url, { method: 'POST', headers: { authorization: authorizeOAuth1(call, client) }, signal: deps.signal })
    .catch((cause: unknown) => {
      if (deps.signal.aborted) throw new SyncError('INTERRUPTED', 'The sign-in was left before it was done.', { cause })
      throw new SyncError('AUTH_UNAVAILABLE', `${name} could not be reached; try again later or check its URL.`, {
        cause,
      })
    })
  const text = await response.text()
  const fields = new URLSearchParams(text)
  if (response.ok) return fields
  const tidy = readWords(fields.get('oauth_problem') ?? text, (dirty) => deps.redactor.redact(dirty))
  const said = tidy === undefined ? '' : `: ${tidy.replace(/\.$/, '')}`
  if (response.status >= 500 || response.status === 429)
    throw new SyncError('AUTH_UNAVAILABLE', `${name} answered ${response.status}${said}; try again later.`)
  const hint =
    'check consumer_key, consumer_secret, signature, the address to come back to, and the clock of this computer'
  throw new SyncError('AUTH_FAILED', `${name} refused with ${response.status}${said}; ${hint}.`)
}

function readToken(fields: URLSearchParams, { deps }: Dance, url: string): OAuth1Token {
  const token = fields.get('oauth_token')
  const secret = fields.get('oauth_token_secret')
  if (!token || secret === null)
    throw new SyncError(
      'AUTH_FAILED',
      `${describe(url)} answered without oauth_token and oauth_token_secret; check its URL.`,
    )
  for (const value of [token, secret]) deps.redactor.add(new Secret(value))
  return { token, secret }
}

function describe(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
