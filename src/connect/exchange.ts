import { allowInsecureRequests, authorizationCodeGrantRequest, customFetch, nopkce } from 'oauth4webapi'
import type { AuthDeps } from '../auth/auth.ts'
import type { SignInServer } from '../auth/token/authorization-server.ts'
import type { ClientAuthentication } from '../auth/token/client-auth.ts'
import type { SignInSettings } from '../auth/authorization/sign-in-settings.ts'
import { isLoopback } from '../syntax/loopback.ts'
import type { Consent } from './consent.ts'
import { type Connection, requestConnection } from './token-grant.ts'

export interface SignIn {
  readonly settings: SignInSettings
  readonly server: SignInServer
  readonly client: ClientAuthentication
}

/**
 * Trades the code for tokens (RFC 6749 section 4.1.3), once: a second try with the same code would have the provider
 * revoke what the first has brought. `answer` is what `readConsentAnswer` gave.
 */
export function exchangeCode(
  { settings, server, client }: SignIn,
  { consent, answer }: { readonly consent: Consent; readonly answer: URLSearchParams },
  deps: AuthDeps,
): Promise<Connection> {
  const url = server.metadata.token_endpoint
  const options = {
    [customFetch]: deps.fetch,
    [allowInsecureRequests]: isLoopback(url),
    signal: deps.signal,
    additionalParameters: revealAll(settings.tokenExtra, deps),
  }
  const send = (): Promise<Response> =>
    client.send(() =>
      authorizationCodeGrantRequest(
        server.metadata,
        { client_id: client.clientId },
        client.authenticate,
        answer,
        consent.redirectUrl,
        consent.verifier ?? nopkce,
        options,
      ),
    )
  return requestConnection(send, { url, settings, query: answer }, deps)
}

export function revealAll(words: SignInSettings['extra'], deps: Pick<AuthDeps, 'secret'>): Record<string, string> {
  return Object.fromEntries(Object.entries(words).map(([name, value]) => [name, deps.secret(value).reveal()]))
}
