import { type AuthDeps, defineAuth } from '../auth.ts'
import { type AuthorizationCodeConfig, authorizationCodeConfig } from '../authorization/authorization-code-config.ts'
import { type ExampleOptions, clientLines, scopesComment } from '../example.ts'
import { findServer } from '../token/authorization-server.ts'
import { createRotatingToken, renewalDeps } from '../token/rotating-token.ts'
import { sealTokens } from '../token/sealed-tokens.ts'
import { type SignInSettings, settingsOf } from '../authorization/sign-in-settings.ts'
import { createTokenAuth } from '../token/token-auth.ts'
import { type SendGrant, createTokenClient } from '../token/token-client.ts'
import type { TokenStore } from '../../secrets/token-store/contract.ts'

/**
 * The authorization code grant (RFC 6749 section 4.1): a person consents once by `headrace connect`; runs use what that
 * saved, and renew it by themselves.
 */
export default defineAuth({
  config: authorizationCodeConfig,
  writes: (config) => [`header ${settingsOf(config).header.name}`],
  endpoints(config) {
    const { tokenUrl, deviceUrl, issuer } = settingsOf(config)
    return [tokenUrl, deviceUrl, issuer].filter((url) => url !== undefined)
  },
  savesTokens: () => true,
  example: {
    label: 'OAuth 2.0, a person consents once in a browser',
    lines: (options) => [
      ...endpointLines(options),
      ...clientLines(options),
      scopesComment,
      'scopes: []',
      `# Where headrace connect ${options.name} saves what you consent to.`,
      `tokens: ${options.secret('tokens')}`,
    ],
  },
  create(config, deps) {
    const settings = settingsOf(config)
    const { scopes, header, tokenUrl, issuer = '', tokenField } = settings
    const client = createRefreshClient(config, settings, deps)
    const fetchToken = createRotatingToken(
      {
        store: openTokens(config, deps),
        // What a preset knows may change, and a refresh token that nobody saved is gone: the store sees for itself.
        rotates: true,
        url: tokenUrl ?? issuer,
        tokenField,
        open: async () => {
          const send = await client()
          return (refreshToken) => send('refresh_token', [['refresh_token', refreshToken]])
        },
        remedy: `Sign in once more: headrace connect ${quoteForShell(deps.file)}`,
      },
      deps,
    )
    return createTokenAuth(fetchToken, deps, { method: config.type, scopes, header })
  },
})

function endpointLines({ name, provider, tokenUrl = '', authorizeUrl = '', quote }: ExampleOptions): readonly string[] {
  if (provider === undefined) return [`authorize_url: ${quote(authorizeUrl)}`, `token_url: ${quote(tokenUrl)}`]
  return [`provider: ${quote(provider)}`, ...(provider === 'shopify' ? [`shop: ${name.replaceAll('_', '-')}`] : [])]
}

/** Where the tokens of a configuration lie, opened with its key if it has one. Throws `CONFIG_INVALID` for a weak key. */
export function openTokens(
  { tokens, tokens_key: key }: Pick<AuthorizationCodeConfig, 'tokens' | 'tokens_key'>,
  deps: Pick<AuthDeps, 'secret' | 'tokens'>,
): TokenStore {
  const store = deps.tokens(tokens)
  return key ? sealTokens(store, deps.secret(key)) : store
}

/** The issuer is asked for its token endpoint only when a token must be renewed, and once. */
function createRefreshClient(
  config: AuthorizationCodeConfig,
  settings: SignInSettings,
  deps: AuthDeps,
): () => Promise<SendGrant> {
  const renewal = renewalDeps(deps)
  const create = (tokenUrl: string): SendGrant => {
    const own = {
      ...config,
      client_auth: settings.clientAuth,
      token_url: tokenUrl,
      extra: {},
      request: 'form',
    } as const
    return createTokenClient(own, renewal)
  }
  // At once where the endpoint is known, so that a key of no use shows before the first request.
  let client = settings.tokenUrl === undefined ? undefined : Promise.resolve(create(settings.tokenUrl))
  return () => {
    client ??= findServer(settings, deps)
      .then(({ metadata }) => create(metadata.token_endpoint))
      .catch((error: unknown) => {
        client = undefined
        throw error
      })
    return client
  }
}

/** As it can be pasted into a shell. */
export function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
