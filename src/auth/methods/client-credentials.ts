import { z } from 'zod'
import { secureUrl } from '../../syntax/secure-url.ts'
import { secretRefOrText } from '../../secrets/ref.ts'
import { type AuthDeps, defineAuth } from '../auth.ts'
import { authorizationHeader } from '../credential-location/location.ts'
import { clientLines, tokenUrlLine } from '../example.ts'
import { checkClientAuth, clientAuthKeys } from '../token/client-auth.ts'
import { scopeList } from '../token/scope-list.ts'
import { createTokenAuth } from '../token/token-auth.ts'
import { type Parameters, createTokenClient } from '../token/token-client.ts'
import { requestToken } from '../token/token-request.ts'

const config = z
  .strictObject({
    type: z.literal('oauth2_client_credentials'),
    token_url: secureUrl,
    ...clientAuthKeys,
    scopes: scopeList.default([]),
    audience: z.string().min(1).optional().meta({ description: 'For providers such as Auth0.' }),
    resource: z
      .union([
        z
          .string()
          .min(1)
          .transform((uri) => [uri]),
        z.array(z.string().min(1)),
      ])
      .default([])
      .meta({ description: 'RFC 8707: the API that the token is for, as a URI; a list repeats the parameter.' }),
    extra: z
      .record(z.string(), secretRefOrText)
      .default({})
      .meta({ description: 'Further parameters of the token request.' }),
    request: z
      .enum(['form', 'json'])
      .default('form')
      .meta({ description: 'Form is the standard; some providers want JSON.' }),
  })
  .superRefine(checkClientAuth)

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
