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
    .meta({ description: 'Ready settings of a provider; keys that are written here go before them.' }),
  tenant: z.string().optional().meta({ description: 'With provider: microsoft, the directory; common where absent.' }),
  domain: z
    .string()
    .optional()
    .meta({ description: 'With provider: salesforce; login.salesforce.com where absent, test.salesforce.com to try.' }),
  shop: z.string().optional().meta({ description: 'With provider: shopify, the name of the shop.' }),
  issuer: secureUrl
    .optional()
    .meta({ description: 'Finds the URLs by OpenID discovery or RFC 8414, and is compared with the iss of RFC 9207.' }),
  authorize_url: secureUrl.optional().meta({ description: 'Where the browser is sent for consent.' }),
  token_url: secureUrl.optional(),
  device_url: secureUrl.optional().meta({ description: 'RFC 8628, for headrace connect --device.' }),
  redirect_url: secureUrl
    .optional()
    .meta({ description: 'As registered with the provider. A loopback one is listened on; any other is pasted.' }),
  ...clientAuthKeys,
  client_auth: clientAuthKeys.client_auth.unwrap().optional().meta({
    description: 'How the client proves who it is; none without a secret, else basic, or what provider wants.',
  }),
  scopes: list.default([]).meta({ description: 'A list, or one string with blanks between.' }),
  scope_separator: z.enum([' ', ',']).optional().meta({ description: 'Between scopes; a blank is the standard.' }),
  extra: parameters.meta({ description: 'Further parameters of the authorization request.' }),
  token_extra: parameters.meta({ description: 'Further parameters of the token request that brings the code.' }),
  pkce: z.boolean().optional().meta({ description: 'RFC 7636 with S256; on unless the provider refuses it.' }),
  token_field: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'A member of the token answer that holds the tokens, where its top holds none.' }),
  place: z
    .strictObject({
      in: z.literal('header').default('header'),
      name: z.stringFormat('header name', httpToken),
      prefix: z
        .string()
        .regex(/^[\x20-\x7e]*$/)
        .default(''),
    })
    .optional()
    .meta({ description: 'Where the API wants the token, if not as Authorization: Bearer.' }),
  tokens: secretRef
    .refine(({ store, version, pointer }) => store !== 'env' && version === undefined && pointer === undefined, {
      error: 'expected secret:NAME or file:PATH without @ and #, as headrace connect writes there',
    })
    .meta({ description: 'Where headrace connect saves the tokens: secret:NAME or file:PATH.' }),
  tokens_key: secretRef
    .optional()
    .meta({ description: 'A secret of at least 32 characters that encrypts the tokens where they are saved.' }),
})

/** What stands in a connector file under `type: oauth2_authorization_code`. */
export const authorizationCodeConfig = keys.superRefine((config, context) => {
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
