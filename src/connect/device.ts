import { allowInsecureRequests, customFetch, deviceAuthorizationRequest, deviceCodeGrantRequest } from 'oauth4webapi'
import type { AuthDeps } from '../auth/auth.ts'
import { type TokenFields, parseAnswer } from '../auth/token/token-answer.ts'
import { requestAnswer } from '../auth/token/token-request.ts'
import { isLoopback } from '../syntax/loopback.ts'
import { SyncError } from '../base/errors.ts'
import { Secret } from '../secrets/secret.ts'
import { type SignIn, revealAll } from './exchange.ts'
import { type Connection, requestConnection } from './token-grant.ts'

/** What the person does on any device. */
export interface DevicePrompt {
  /** Where to go. */
  readonly url: string
  /** What to enter there. */
  readonly code: string
  /** The same with the code in it, where the provider has one. */
  readonly completeUrl?: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

interface DeviceGrant extends DevicePrompt {
  readonly deviceCode: string
  /** Between two polls, in milliseconds. */
  readonly interval: number
}

/** RFC 8628 section 3.5: what each `slow_down` adds to the interval, and the interval where none is told. */
const stepMs = 5_000
const longestMs = 30 * 60_000

/** The device authorization grant (RFC 8628). `tell` shows the person what to do. Throws `AUTH_*`, `CONFIG_INVALID`. */
export async function connectDevice(
  signIn: SignIn,
  tell: (prompt: DevicePrompt) => void,
  deps: AuthDeps,
): Promise<Connection> {
  const grant = await startDevice(signIn, deps)
  tell(grant)
  let { interval } = grant
  for (;;) {
    await waitFor(interval, deps)
    if (deps.now() >= grant.expiresAt) throw expired(signIn)
    const answer = await poll(signIn, grant, deps)
    if (typeof answer === 'object') return answer
    if (answer === 'slow_down') interval += stepMs
    // Section 3.5: after a connection that timed out the client waits longer and longer.
    if (answer === 'unreachable') interval = Math.min(interval * 2, 60_000)
  }
}

async function startDevice({ settings, server, client }: SignIn, deps: AuthDeps): Promise<DeviceGrant> {
  const endpoint = server.metadata.device_authorization_endpoint
  if (endpoint === undefined)
    throw new SyncError(
      'CONFIG_INVALID',
      `${settings.label} has no device endpoint that is known; write device_url, or connect without --device.`,
    )
  const since = deps.now()
  const scope = settings.scopes.length > 0 ? { scope: settings.scopes.join(settings.scopeSeparator) } : undefined
  const send = (): Promise<Response> =>
    client.send(() =>
      deviceAuthorizationRequest(
        server.metadata,
        { client_id: client.clientId },
        client.authenticate,
        { ...revealAll(settings.extra, deps), ...scope },
        requestOptions(endpoint, deps),
      ),
    )
  const { fields } = await requestAnswer(endpoint, send, deps)
  const grant = readGrant(fields, since, settings.label)
  // Whoever has it gets the tokens.
  deps.redactor.add(new Secret(grant.deviceCode))
  return grant
}

function requestOptions(url: string, deps: AuthDeps) {
  return { [customFetch]: deps.fetch, [allowInsecureRequests]: isLoopback(url), signal: deps.signal }
}

function readGrant(fields: TokenFields, since: number, label: string): DeviceGrant {
  const { device_code: deviceCode, user_code: code, verification_uri_complete: completeUrl } = fields
  // Google wrote its own word before the RFC had one.
  const url = fields['verification_uri'] ?? fields['verification_url']
  if (!isText(deviceCode) || !isText(code) || !isWebUrl(url))
    throw new SyncError('AUTH_FAILED', `The device endpoint of ${label} did not answer with a code; check device_url.`)
  const seconds = (name: string, otherwise: number): number => {
    const value = Number(fields[name] ?? Number.NaN)
    return Number.isFinite(value) && value > 0 ? value * 1_000 : otherwise
  }
  return {
    deviceCode,
    code,
    url,
    ...(isWebUrl(completeUrl) && { completeUrl }),
    expiresAt: since + Math.min(seconds('expires_in', 10 * 60_000), longestMs),
    interval: Math.min(seconds('interval', stepMs), 60_000),
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** What is shown as a place to go must not be anything that a terminal or a browser would run. */
function isWebUrl(value: unknown): value is string {
  return isText(value) && /^https?:\/\/[\x21-\x7e]{1,2000}$/.test(value) && URL.canParse(value)
}

/** The tokens, or why there are none yet. */
async function poll(
  signIn: SignIn,
  grant: DeviceGrant,
  deps: AuthDeps,
): Promise<Connection | 'pending' | 'slow_down' | 'unreachable'> {
  const { settings, server, client } = signIn
  const url = server.metadata.token_endpoint
  let answered: Response | undefined
  const send = async (): Promise<Response> => {
    const response = await client.send(() =>
      deviceCodeGrantRequest(
        server.metadata,
        { client_id: client.clientId },
        client.authenticate,
        grant.deviceCode,
        requestOptions(url, deps),
      ),
    )
    answered = response.clone()
    return response
  }
  try {
    return await requestConnection(send, { url, settings }, deps)
  } catch (thrown) {
    switch (await errorOf(answered)) {
      case 'authorization_pending':
        return 'pending'
      case 'slow_down':
        return 'slow_down'
      case 'expired_token':
        throw expired(signIn)
      case 'access_denied':
        throw new SyncError(
          'AUTH_FAILED',
          `${settings.label} answered access_denied - access was not given, so nothing was saved; run the command again to be asked once more.`,
          { details: { error: 'access_denied' } },
        )
      default:
        if (thrown instanceof SyncError && thrown.code === 'AUTH_UNAVAILABLE') return 'unreachable'
        throw thrown
    }
  }
}

/** Of an answer that brought no token, regardless of its status: GitHub errs with 200. */
async function errorOf(answer: Response | undefined): Promise<unknown> {
  if (!answer) return undefined
  return parseAnswer(await answer.text(), answer.headers.get('content-type') ?? '')?.['error']
}

function expired({ settings }: SignIn): SyncError {
  return new SyncError(
    'AUTH_FAILED',
    `The code for ${settings.label} has expired before anybody entered it, and nothing was saved; run the command again for a new one.`,
    { details: { error: 'expired_token' } },
  )
}

async function waitFor(ms: number, deps: AuthDeps): Promise<void> {
  try {
    await deps.sleep(ms, deps.signal)
  } catch (cause) {
    if (!deps.signal.aborted) throw cause
    throw new SyncError('INTERRUPTED', 'The sign-in was left before it was done; nothing was saved.', { cause })
  }
}
