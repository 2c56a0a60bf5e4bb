import { SyncError } from '../../base/errors.ts'
import { unknownCaller } from '../caller.ts'
import { oneLine } from '../../base/words/line.ts'

/** Somebody who has proved to a provider who he is. */
export interface Identity {
  /** For people to read. */
  readonly name: string
  /** What he answers to on the allow-list, in lower case: e-mails, `@domain`, `github:user`, `github-org:organisation`. */
  readonly aliases: readonly string[]
}

/** What ties the way to the provider to the way back. */
export interface Attempt {
  readonly state: string
  readonly nonce: string
  /** PKCE (RFC 7636). */
  readonly verifier: string
  readonly redirectUri: string
}

/** With whom people sign in. */
export interface SignInProvider {
  /** Where the browser goes. */
  begin(attempt: Attempt): Promise<URL>
  /** What it comes back with. Throws `CALLER_UNKNOWN`, and `CALLER_UNCHECKED` where the provider cannot be reached. */
  finish(back: URLSearchParams, attempt: Attempt): Promise<Identity>
  /** Whose an access token is that the provider gave to this very application. Throws as above. */
  checkToken(token: string): Promise<Identity>
}

/** What the providers are made with. */
export interface ProviderDeps {
  readonly fetch: typeof fetch
  readonly clientId: string
  clientSecret(): Promise<string>
  readonly signal: AbortSignal
}

/** Of a failed exchange with the provider: whether it refused, or could not be reached. The cause may hold a token, so it is left out. */
export function toSignInError(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown
  const { code, error } = thrown as { readonly code?: unknown; readonly error?: unknown }
  // RFC 6749 sections 4.1.2.1 and 5.2: words such as access_denied.
  if (typeof error === 'string') return unknownCaller(`The provider refused the sign-in: ${oneLine(error, 60)}.`)
  if (typeof code === 'string' && code.startsWith('OAUTH_'))
    return unknownCaller(`The provider's answer does not fit the sign-in (${code}): start again.`)
  return uncheckedCaller()
}

export function uncheckedCaller(): SyncError {
  const message = 'The sign-in provider cannot be reached, so nobody can be let in: try again.'
  return new SyncError('CALLER_UNCHECKED', message, { details: { retryAfter: 10 } })
}

/** A provider that is out of order has not refused anybody, regardless of what its answer is taken for. Throws `CALLER_UNCHECKED`. */
export function noticeOutage(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await send(input, init)
    if (response.status >= 500 || response.status === 429) throw uncheckedCaller()
    return response
  }
}
