import {
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type CustomFetchOptions,
  None,
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
} from 'oauth4webapi'
import { z } from 'zod'
import { isLoopback } from '../config/loopback.ts'
import { secretRef, secretRefOrText } from '../secrets/ref.ts'
import { type AuthDeps, defineAuth } from './auth.ts'
import { withHeader } from './header.ts'
import { createTokenCache } from './token-cache.ts'
import { requestToken } from './token-request.ts'

const list = z
  .union([z.string().min(1), z.array(z.string().min(1))])
  .transform((value) => (typeof value === 'string' ? [value] : value))

const tokenUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).protocol === 'https:' || isLoopback(new URL(text)), {
    error: 'expected https, as the client secret is sent there',
  })
  .refine((text) => new URL(text).username === '' && new URL(text).password === '', {
    error: 'expected a URL without user:password@; write client_id and client_secret instead',
  })

export const clientCredentialsConfig = z
  .strictObject({
    type: z.literal('oauth2_client_credentials'),
    token_url: tokenUrl,
    client_id: secretRefOrText,
    client_secret: secretRef.optional(),
    scopes: list.default([]).meta({ description: 'A list, or one string with blanks between.' }),
    audience: z.string().min(1).optional().meta({ description: 'For providers such as Auth0.' }),
    resource: list
      .default([])
      .meta({ description: 'RFC 8707: the API that the token is for, as a URI; a list repeats the parameter.' }),
    extra: z
      .record(z.string(), secretRefOrText)
      .default({})
      .meta({ description: 'Further parameters of the token request.' }),
    client_auth: z
      .enum(['basic', 'post', 'none'])
      .default('basic')
      .meta({ description: 'Where the client secret goes: the Authorization header, the body, nowhere.' }),
    request: z
      .enum(['form', 'json'])
      .default('form')
      .meta({ description: 'Form is the standard; some providers want JSON.' }),
  })
  .refine(({ client_auth, client_secret }) => client_auth === 'none' || client_secret !== undefined, {
    path: ['client_secret'],
    error: 'expected a secret, as client_auth is not none',
  })
  .refine(({ client_auth, client_secret }) => client_auth !== 'none' || client_secret === undefined, {
    path: ['client_secret'],
    error: 'expected no client_secret, as client_auth is none',
  })

export type ClientCredentialsConfig = z.output<typeof clientCredentialsConfig>

/** The client credentials grant (RFC 6749 section 4.4): a token of the client's own, renewed before it ends and after a 401. */
export default defineAuth({
  config: clientCredentialsConfig,
  create(config, deps) {
    const send = createGrant(config, deps)
    const cache = createTokenCache(
      () => requestToken(config.token_url, send, deps),
      () => deps.now(),
    )
    return {
      async sign(request) {
        const { value } = await cache.get()
        return withHeader(request, 'authorization', `Bearer ${value.reveal()}`)
      },
      async renew(rejected) {
        cache.drop(({ value }) => rejected.headers['authorization'] === `Bearer ${value.reveal()}`)
      },
    }
  },
})

/** Sends the token request once, as the configuration wants it written. */
function createGrant(config: ClientCredentialsConfig, deps: AuthDeps): () => Promise<Response> {
  const server = { issuer: config.token_url, token_endpoint: config.token_url }
  const client = { client_id: deps.secret(config.client_id).reveal() }
  const authenticate = clientAuth(config, deps)
  const options = {
    [customFetch]: config.request === 'json' ? asJson(deps.fetch) : deps.fetch,
    [allowInsecureRequests]: isLoopback(config.token_url),
    signal: deps.signal,
  }
  // Some providers call the very same grant by a name of their own.
  const { grant_type: grantType = 'client_credentials', ...extra } = config.extra
  const parameters = listParameters({ ...config, extra }, deps)
  const grant = deps.secret(grantType).reveal()
  return () => genericTokenEndpointRequest(server, client, authenticate, grant, parameters, options)
}

function clientAuth(config: ClientCredentialsConfig, deps: AuthDeps): ClientAuth {
  const secret = config.client_secret && deps.secret(config.client_secret)
  if (!secret || config.client_auth === 'none') return None()
  return config.client_auth === 'basic' ? ClientSecretBasic(secret.reveal()) : ClientSecretPost(secret.reveal())
}

function listParameters({ scopes, audience, resource, extra }: ClientCredentialsConfig, deps: AuthDeps): string[][] {
  return [
    ...(scopes.length > 0 ? [['scope', scopes.join(' ')]] : []),
    ...(audience === undefined ? [] : [['audience', audience]]),
    ...resource.map((uri) => ['resource', uri]),
    ...Object.entries(extra).map(([name, value]) => [name, deps.secret(value).reveal()]),
  ]
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
