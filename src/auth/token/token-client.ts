import { type CustomFetchOptions, allowInsecureRequests, customFetch, genericTokenEndpointRequest } from 'oauth4webapi'
import { isLoopback } from '../../syntax/loopback.ts'
import type { SecretRef } from '../../secrets/ref.ts'
import type { AuthDeps } from '../auth.ts'
import { type ClientAuthConfig, createClientAuth } from './client-auth.ts'

export interface TokenClientConfig extends ClientAuthConfig {
  readonly token_url: string
  /** Further parameters of every request; `grant_type` among them takes the place of the grant's own name. */
  readonly extra: Readonly<Record<string, SecretRef | string>>
  /** A form is the standard (RFC 6749 section 4); some providers want JSON. */
  readonly request: 'form' | 'json'
}

/** Names and values, a name as often as it takes. */
export type Parameters = readonly (readonly [name: string, value: string])[]

/** Sends one token request: no retry, no look at the answer. */
export type SendGrant = (grantType: string, parameters: Parameters) => Promise<Response>

/** A client of one token endpoint, which says who it is as the configuration wants it. Throws `CONFIG_INVALID` for an unusable key. */
export function createTokenClient(config: TokenClientConfig, deps: AuthDeps): SendGrant {
  const server = { issuer: config.token_url, token_endpoint: config.token_url }
  const client = createClientAuth(config, deps)
  const options = {
    [customFetch]: config.request === 'json' ? asJson(deps.fetch) : deps.fetch,
    [allowInsecureRequests]: isLoopback(config.token_url),
    signal: deps.signal,
  }
  // Some providers call the very same grant by a name of their own.
  const { grant_type: grantName, ...more } = config.extra
  const extra = Object.entries(more).map(([name, value]) => [name, deps.secret(value).reveal()])
  return (grantType, parameters) => {
    const name = grantName === undefined ? grantType : deps.secret(grantName).reveal()
    const pairs = [...parameters.map((pair) => [...pair]), ...extra]
    const { clientId, authenticate } = client
    return client.send(() =>
      genericTokenEndpointRequest(server, { client_id: clientId }, authenticate, name, pairs, options),
    )
  }
}

type FormRequest = CustomFetchOptions<'POST', URLSearchParams>

/** The same parameters as a JSON object, a repeated one as a list: no standard, but the wish of some providers. */
function asJson(send: typeof fetch): (url: string, init: FormRequest) => Promise<Response> {
  return (url, init) => {
    const groups = Map.groupBy(new URLSearchParams(String(init.body)), ([name]) => name)
    const fields = Array.from(groups, ([name, pairs]) => {
      const values = pairs.map(([, value]) => value)
      return [name, values.length === 1 ? values[0] : values] as const
    })
    const headers = { ...init.headers, 'content-type': 'application/json' }
    return send(url, { ...init, headers, body: JSON.stringify(Object.fromEntries(fields)) })
  }
}
