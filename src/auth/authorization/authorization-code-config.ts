import { z } from 'zod'
import { secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { checkClientAuth, clientAuthKeys } from '../token/client-auth.ts'
import { httpToken } from '../credential-location/header.ts'
import { type ProviderName, providerNames, providers } from './providers/index.ts'
import type { ProviderPreset } from './providers/provider.ts'
import { secureUrl } from '../../syntax/secure-url.ts'

const list = z
  .union([z.string().min(1), z.array(z.string().min(1))])
  .transform((value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter((scope) => scope !== '') : value))

const parameters = z.record(z.string(), secretRefOrText).default({})

const keys = z.strictObject({
  type: z.literal('oauth2_authorization_code'),
  provider: z
    .enum(providerNames as [ProviderName, ...ProviderName[]])
    .optional()
    .meta({ description: 'Ready settings of a provider; keys that are set here override them.', examples: ['github'] }),
  tenant: z
    .string()
    .optional()
    .meta({
      description: 'With provider microsoft: the directory; common if absent.',
      examples: ['acme.onmicrosoft.com'],
    }),
  domain: z
    .string()
    .optional()
    .meta({
      description: 'With provider salesforce: where to sign in; login.salesforce.com if absent.',
      examples: ['test.salesforce.com'],
    }),
  shop: z
    .string()
    .optional()
    .meta({ description: 'With provider shopify: the name of the shop.', examples: ['acme'] }),
  issuer: secureUrl.optional().meta({
    description: 'Finds the endpoints by OpenID discovery or RFC 8414; also checked against the iss of RFC 9207.',
    examples: ['https://auth.acme.example'],
  }),
  authorize_url: secureUrl.optional().meta({
    description: 'The authorization endpoint, to which the browser is sent for consent.',
    examples: ['https://auth.acme.example/authorize'],
  }),
  token_url: secureUrl
    .optional()
    .meta({ description: 'The token endpoint.', examples: ['https://auth.acme.example/token'] }),
  device_url: secureUrl.optional().meta({
    description: 'The device authorization endpoint (RFC 8628), for headrace connect --device.',
    examples: ['https://auth.acme.example/device'],
  }),
  redirect_url: secureUrl.optional().meta({
    description:
      'The redirect URL that is registered with the provider. headrace connect listens on a loopback one, and asks for the address after any other.',
    examples: ['http://127.0.0.1:8976/callback'],
  }),
  ...clientAuthKeys,
  client_auth: clientAuthKeys.client_auth
    .unwrap()
    .optional()
    .meta({
      description: 'How the client authenticates; none without a secret, else basic, or what the provider wants.',
      examples: ['post'],
    }),
  scopes: list.default([]).meta({
    description: 'The scopes to ask for: a list, or one text with spaces or commas between.',
    examples: [['repo']],
  }),
  scope_separator: z
    .enum([' ', ','])
    .optional()
    .meta({ description: 'What separates scopes in the request; a space is the standard.', examples: [','] }),
  extra: parameters.meta({
    description: 'Further parameters of the authorization request.',
    examples: [{ access_type: 'offline' }],
  }),
  token_extra: parameters.meta({
    description: 'Further parameters of the token request that carries the code.',
    examples: [{ account_id: '12' }],
  }),
  pkce: z
    .boolean()
    .optional()
    .meta({
      description: 'Proof key for code exchange (RFC 7636, S256); on unless the provider refuses it.',
      examples: [false],
    }),
  token_field: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'The member of the token response that has the tokens, if they are not at its top.',
      examples: ['authed_user'],
    }),
  place: z
    .strictObject({
      in: z.literal('header').default('header').meta({ description: 'The token goes into a header.' }),
      name: z
        .stringFormat('header name', httpToken)
        .meta({ description: 'The name of the header.', examples: ['X-Access-Token'] }),
      prefix: z
        .string()
        .regex(/^[\x20-\x7e]*$/)
        .default('')
        .meta({ description: 'Text right before the token; write the space between them too.', examples: ['Token '] }),
    })
    .optional()
    .meta({ description: 'Where requests carry the token, if not as Authorization: Bearer.' }),
  tokens: secretRef
    .refine(({ store, version, pointer }) => store !== 'env' && version === undefined && pointer === undefined, {
      error: 'expected secret:NAME or file:PATH without @ and #, as headrace connect writes there',
    })
    .meta({
      description: 'Where headrace connect saves the tokens: secret:NAME or file:PATH.',
      examples: ['secret:acme-tokens'],
    }),
  tokens_key: secretRef.optional().meta({
    description: 'A secret of at least 32 characters that encrypts the saved tokens.',
    examples: ['env:TOKENS_KEY'],
  }),
})

/** What stands in a connector file under `type: oauth2_authorization_code`. */
export const authorizationCodeConfig = keys
  .superRefine((config, context) => {
    const report = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, input: config })
    checkClientAuth({ ...config, client_auth: clientAuthOf(config) }, context)
    const { provider, issuer, token_url: tokenUrl, authorize_url: authorizeUrl, device_url: deviceUrl } = config
    if (!provider && !issuer) {
      if (!tokenUrl) report('token_url', 'expected token_url, or issuer or provider, which know it')
      if (!authorizeUrl && !deviceUrl)
        report('authorize_url', 'expected authorize_url, or issuer or provider, which know it')
    }
    checkAccount(config, report)
  })
  .meta({
    description:
      'The OAuth 2.0 authorization code grant (RFC 6749 section 4.1): a person consents once, by headrace connect.',
    examples: [
      {
        type: 'oauth2_authorization_code',
        provider: 'github',
        scopes: ['repo'],
        client_id: 'acme',
        client_secret: 'secret:acme-secret',
        tokens: 'secret:acme-tokens',
      },
    ],
  })

export type AuthorizationCodeConfig = z.output<typeof keys>

/** As written; else none for a client without a secret or key, what the provider wants, or basic. */
export function clientAuthOf(
  config: Pick<AuthorizationCodeConfig, 'client_auth' | 'client_secret' | 'private_key' | 'provider'>,
): NonNullable<AuthorizationCodeConfig['client_auth']> {
  if (config.client_auth) return config.client_auth
  if (config.private_key) return 'private_key_jwt'
  if (!config.client_secret) return 'none'
  return config.provider ? providers[config.provider].clientAuth : 'basic'
}

function checkAccount(
  config: Pick<AuthorizationCodeConfig, 'provider' | 'tenant' | 'domain' | 'shop' | 'authorize_url' | 'token_url'>,
  report: (path: string, message: string) => void,
): void {
  const preset: ProviderPreset | undefined = config.provider && providers[config.provider]
  for (const key of ['tenant', 'domain', 'shop'] as const) {
    const value = config[key]
    const wanted = preset?.account?.key === key ? preset.account : undefined
    if (value !== undefined && !wanted) {
      const [owner] = providerNames.filter((name) => (providers[name] as ProviderPreset).account?.key === key)
      report(key, `expected no ${key}, which is for provider: ${owner ?? 'none'}`)
    } else if (wanted && value !== undefined && !wanted.pattern.test(value)) report(key, wanted.expected)
    else if (wanted && value === undefined && !wanted.default && !(config.authorize_url && config.token_url))
      report(key, `this key is missing: ${wanted.expected}`)
  }
}
