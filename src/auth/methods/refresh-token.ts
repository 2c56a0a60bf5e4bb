import { z } from 'zod'
import { secureUrl } from '../../syntax/secure-url.ts'
import { type SecretRef, secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { type AuthDeps, defineAuth } from '../auth.ts'
import { authorizationHeader } from '../credential-location/location.ts'
import { clientLines, tokenUrlLine } from '../example.ts'
import { checkClientAuth, clientAuthKeys, requestEncoding } from '../token/client-auth.ts'
import { scopeList } from '../token/scope-list.ts'
import { createRotatingToken, renewalDeps } from '../token/rotating-token.ts'
import { createTokenAuth } from '../token/token-auth.ts'
import { createTokenClient } from '../token/token-client.ts'

const refreshTokenConfig = z
  .strictObject({
    type: z.literal('oauth2_refresh_token'),
    token_url: secureUrl.meta({
      description: 'The token endpoint.',
      examples: ['https://auth.acme.example/token'],
    }),
    ...clientAuthKeys,
    refresh_token: secretRef.meta({
      description: 'Where the refresh token is stored; a new one from the provider is saved there too.',
      examples: ['secret:acme-refresh'],
    }),
    rotates: z
      .boolean()
      .default(true)
      .meta({
        description:
          'Whether the provider replaces refresh tokens. With false the token is never written, so env:NAME is allowed.',
        examples: [false],
      }),
    scopes: scopeList.default([]),
    extra: z
      .record(z.string(), secretRefOrText)
      .default({})
      .meta({ description: 'Further parameters of the token request.', examples: [{ account_id: '12' }] }),
    token_field: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: 'The member of the token response that has the tokens, if they are not at its top.',
        examples: ['authed_user'],
      }),
    request: requestEncoding,
  })
  .superRefine(checkClientAuth)
  .superRefine(({ refresh_token: ref, rotates }, context) => {
    if (!rotates || (ref.store !== 'env' && ref.version === undefined)) return
    const what = ref.store === 'env' ? 'an environment variable' : 'one version of a secret'
    const message = `expected secret:NAME or file:PATH, as a token that the provider replaces cannot be saved in ${what}; or rotates: false, if it never does`
    context.addIssue({ code: 'custom', path: ['refresh_token'], message, input: ref })
  })
  .meta({
    description: 'The OAuth 2.0 refresh token grant (RFC 6749 section 6), with a refresh token from elsewhere.',
    examples: [
      {
        type: 'oauth2_refresh_token',
        token_url: 'https://auth.acme.example/token',
        client_id: 'acme',
        client_secret: 'secret:acme-secret',
        refresh_token: 'secret:acme-refresh',
      },
    ],
  })

/** The refresh token grant (RFC 6749 section 6), for a refresh token that was got by other means. */
export default defineAuth({
  config: refreshTokenConfig,
  writes: authorizationHeader,
  endpoints: ({ token_url: url }) => [url],
  savesTokens: ({ rotates }) => rotates,
  example: {
    label: 'OAuth 2.0, a refresh token that I have',
    asksTokenUrl: true,
    lines: (options) => [
      tokenUrlLine(options),
      ...clientLines(options),
      '# One that the provider puts in its place is saved here.',
      `refresh_token: ${options.secret('refresh-token')}`,
    ],
  },
  create(config, deps) {
    const { scopes, rotates, token_url: url, token_field: tokenField, refresh_token: ref } = config
    const send = createTokenClient(config, renewalDeps(deps))
    const scope = scopes.length > 0 ? [['scope', scopes.join(' ')] as const] : []
    const fetchToken = createRotatingToken(
      {
        store: deps.tokens(ref),
        rotates,
        url,
        tokenField,
        open: async () => (refreshToken) => send('refresh_token', [['refresh_token', refreshToken], ...scope]),
        remedy: remedyOf(ref, deps),
      },
      deps,
    )
    return createTokenAuth(fetchToken, deps, { method: config.type, scopes })
  },
})

function remedyOf(ref: SecretRef, { file }: Pick<AuthDeps, 'file'>): string {
  const field = ref.pointer === undefined ? '' : ` in its field ${ref.pointer}`
  switch (ref.store) {
    case 'secret': {
      const name = ref.name.replace(/^.*\/secrets\//, '').replace(/\/versions\/[^/]*$/, '')
      const project = /^projects\/([^/]+)\//.exec(ref.name)?.[1]
      const flags = project === undefined ? '' : ` --project=${project}`
      return `Get a new refresh token from the provider and store it${field}: gcloud secrets versions add ${name} --data-file=-${flags}`
    }
    case 'file':
      return `Get a new refresh token from the provider and store it in the file ${ref.name}${field}, beside ${file} unless its path is absolute.`
    case 'env':
      return `Get a new refresh token from the provider and set ${ref.name}${field} to it.`
  }
}
