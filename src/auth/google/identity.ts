import type { AuthClient } from 'google-auth-library'
import { SyncError } from '../../base/errors.ts'
import { sanitizeMessage } from '../../http/error-message.ts'
import { findTlsFailure } from '../../http/tls-failure.ts'
import { Secret } from '../../secrets/secret.ts'
import type { AuthDeps } from '../auth.ts'
import { readClaims } from '../token/token-claims.ts'
import type { Token } from '../token/token-request.ts'

/** Who this program runs as, in the eyes of Google. */
export interface Identity {
  /** The project that pays for calls of a person's own login. */
  readonly quotaProject?: string
  accessToken(): Promise<Token>
  idToken(audience: string): Promise<Token>
  /** The address of the service account. Throws `AUTH_FAILED` where it is a person. */
  email(): Promise<string>
}

/** Longest time for one step, in milliseconds: where there is no cloud, nobody answers for its metadata server. */
const patience = 20_000

/**
 * Finds Application Default Credentials: GOOGLE_APPLICATION_CREDENTIALS, the login of gcloud, or the metadata server.
 * All but the metadata server is asked through `deps.fetch`. Throws `AUTH_FAILED` with what to do, `AUTH_UNAVAILABLE`.
 */
export async function openIdentity(scopes: readonly string[], deps: AuthDeps): Promise<Identity> {
  const { GoogleAuth } = await import('google-auth-library')
  const auth = new GoogleAuth({
    scopes: [...scopes],
    // Of no use here, but without one the library runs gcloud to find it.
    projectId: 'none',
    clientOptions: { transporterOptions: { fetchImplementation: deps.fetch } },
  })
  const step = <Result>(work: () => Promise<Result>): Promise<Result> => within(work, deps)
  const client: AuthClient = await step(() => auth.getClient())
  const { quotaProjectId } = client
  return {
    ...(quotaProjectId !== undefined && { quotaProject: quotaProjectId }),
    accessToken: () =>
      step(async () => {
        const { token } = await client.getAccessToken()
        return toToken(token, client.credentials.expiry_date, deps)
      }),
    idToken: (audience) =>
      step(async () => {
        const { idTokenProvider } = await auth.getIdTokenClient(audience)
        const token = await idTokenProvider.fetchIdToken(audience)
        return toToken(token, Number(readClaims(token)?.['exp']) * 1_000, deps)
      }),
    email: async () => {
      const { client_email: email } = await step(() => auth.getCredentials())
      if (typeof email === 'string' && email !== '') return email
      throw new SyncError(
        'AUTH_FAILED',
        'Google: subject needs a service account to act for a person, but this is the login of a person; use key_file, or gcloud auth application-default login --impersonate-service-account=ACCOUNT.',
      )
    },
  }
}

function toToken(text: string | null | undefined, endsAt: number | null | undefined, deps: AuthDeps): Token {
  if (!text) throw new SyncError('AUTH_FAILED', 'Google gave no token for the identity that this program runs as.')
  const value = new Secret(text)
  deps.redactor.addShortLived(value)
  const lifetime = Number(endsAt ?? Number.NaN) - deps.now()
  const account = readClaims(text)?.['email']
  return {
    value,
    ...(lifetime > 0 && { lifetime }),
    ...(typeof account === 'string' && { account }),
  }
}

async function within<Result>(work: () => Promise<Result>, { redactor, signal }: AuthDeps): Promise<Result> {
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const stop = AbortSignal.any([signal, AbortSignal.timeout(patience)])
  const give = (): void => reject(stop.reason)
  stop.addEventListener('abort', give, { once: true })
  try {
    return await Promise.race([work(), stopped])
  } catch (thrown) {
    if (signal.aborted) throw new SyncError('INTERRUPTED', 'The run was told to stop while it signed in to Google.')
    throw thrown instanceof SyncError ? thrown : toGoogleError(thrown, (text) => redactor.redact(text))
  } finally {
    stop.removeEventListener('abort', give)
  }
}

const login = 'on your own machine run gcloud auth application-default login'

/** Not kept as a cause: the library's errors carry requests and responses, and with them tokens. */
function toGoogleError(thrown: unknown, redact: (text: string) => string): SyncError {
  const {
    message = '',
    code,
    status,
    response,
  } = thrown as {
    readonly message?: string
    readonly code?: unknown
    readonly status?: number
    readonly response?: { readonly status?: number; readonly data?: unknown }
  }
  const failed = (what: string): SyncError => new SyncError('AUTH_FAILED', `Google: ${what}.`)
  if (/default credentials|Unable to find credentials/.test(message))
    return failed(
      `this program runs without an identity; ${login}, in Google Cloud give the service a service account, elsewhere use key_file`,
    )
  if (/GOOGLE_APPLICATION_CREDENTIALS environment variable:/.test(message))
    return failed(
      'the file that GOOGLE_APPLICATION_CREDENTIALS names cannot be read as credentials; check its path and content',
    )
  if (/Cannot fetch ID token/.test(message))
    return failed('this identity can have no ID token; use a service account, or leave out audience')
  const words = sanitizeMessage(findWords(response?.data), redact)
  if (words !== undefined && /invalid_grant|invalid_rapt/.test(words))
    return failed(`the login has run out (${words}); ${login} once more`)
  const answer = response?.status ?? status ?? Number(code)
  if (answer === 403 || answer === 404)
    return failed(
      `the metadata server has no token for this machine (${answer}); give it a service account that may have the scopes`,
    )
  const tls = findTlsFailure(String(code))
  if (tls) return failed(`the token endpoint ${tls.reason}`)
  if (answer >= 400 && answer < 500) return failed(`sign-in was refused with ${answer}${words ? `: ${words}` : ''}`)
  const reason = words ?? (typeof code === 'string' ? code : answer >= 500 ? String(answer) : 'no answer in time')
  return new SyncError('AUTH_UNAVAILABLE', `Google: no token could be had (${reason}); try again later, or ${login}.`)
}

/** `invalid_grant: Bad Request`; Google's other APIs have an object there. */
function findWords(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { error, error_description: description } = data as Readonly<Record<string, unknown>>
  const words = [error, description].filter((word) => typeof word === 'string' && word !== '')
  return words.length > 0 ? words.join(': ') : undefined
}
