import { z } from 'zod'
import { secureUrl } from '../../syntax/secure-url.ts'
import { secretRefOrText } from '../../secrets/ref.ts'
import { type AuthDeps, defineAuth } from '../auth.ts'
import { authorizationHeader } from '../credential-location/location.ts'
import { clientLines, tokenUrlLine } from '../example.ts'
import { checkClientAuth, clientAuthKeys, requestEncoding } from '../token/client-auth.ts'
import { scopeList } from '../token/scope-list.ts'
import { createTokenAuth } from '../token/token-auth.ts'
import { type Parameters, createTokenClient } from '../token/token-client.ts'
import { requestToken } from '../token/token-request.ts'

const config = z
  .strictObject({
    type: z.literal('oauth2_client_credentials'),
    token_url: secureUrl.meta({
      description: 'The token endpoint.',
      examples: ['https://auth.acme.example/token'],
    }),
    ...clientAuthKeys,
    scopes: scopeList.default([]),
    audience: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'The audience parameter of providers such as Auth0.',
        examples: ['https://api.acme.example'],
      }),
    resource: z
      .union([
        z
          .string()
          .min(1)
          .transform((uri) => [uri]),
        z.array(z.string().min(1)),
      ])
      .default([])
      .meta({
        description: 'The API that the token is for, as a URI (RFC 8707); a list repeats the parameter.',
        examples: ['https://api.acme.example/'],
      }),
    extra: z
      .record(z.string(), secretRefOrText)
      .default({})
      .meta({ description: 'Further parameters of the token request.', examples: [{ account_id: '12' }] }),
    request: requestEncoding,
  })
  .superRefine(checkClientAuth)
  .meta({
    description: 'The OAuth 2.0 client credentials grant (RFC 6749 section 4.4).',
    examples: [
      {
        type: 'oauth2_client_credentials',
        token_url: 'https://auth.acme.example/token',
        client_id: 'acme',
        client_secret: 'secret:acme-secret',
        scopes: ['orders.read'],
      },
    ],
  })

type ClientCredentialsConfig = z.output<typeof config>

/** The client credentials grant (RFC 6749 section 4.4): a token of the client's own, renewed before it ends and after a 401. */
export default defineAuth({
  config,
  writes: authorizationHeader,
  endpoints: ({ token_url: url }) => [url],
  example: {
    label: 'OAuth 2.0, client credentials',
    asksTokenUrl: true,
    lines: (options) => [tokenUrlLine(options), ...clientLines(options)],
  },
  create(keys, deps) {
    const send = createGrant(keys, deps)
    const { type: method, scopes, token_url: url } = keys
    return createTokenAuth(() => requestToken(url, send, deps), deps, { method, scopes })
  },
})

/** Sends the token request once. */
function createGrant(config: ClientCredentialsConfig, deps: AuthDeps): () => Promise<Response> {
  const send = createTokenClient(config, deps)
  const parameters = listParameters(config)
  return () => send('client_credentials', parameters)
}

function listParameters({ scopes, audience, resource }: ClientCredentialsConfig): Parameters {
  return [
    ...(scopes.length > 0 ? [['scope', scopes.join(' ')] as const] : []),
    ...(audience === undefined ? [] : [['audience', audience] as const]),
    ...resource.map((uri) => ['resource', uri] as const),
  ]
}
