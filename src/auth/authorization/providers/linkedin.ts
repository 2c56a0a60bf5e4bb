import type { ProviderPreset } from './provider.ts'

/**
 * Access tokens last 60 days. A refresh token (365 days from the consent, renewals do not lengthen it) comes only to
 * apps that LinkedIn has approved for it; others must be connected again every 60 days. Whether its value stays is not
 * documented. PKCE is for native apps that LinkedIn has enabled for it, at another address and at 127.0.0.1 alone; here
 * a `code_verifier` is answered with `invalid_client`. Plain http at localhost is not documented; Auth.js and others
 * use it.
 *
 * Sources: https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow,
 * https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow-native,
 * https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens,
 * https://github.com/teamhanko/hanko/pull/2405 (PKCE), https://github.com/badgateway/oauth2-client/issues/141 (the
 * secret in the body), https://next-auth.js.org/providers/linkedin (localhost)
 */
export const linkedin: ProviderPreset = {
  label: 'LinkedIn',
  authorizeUrl: 'https://www.linkedin.com/oauth/v2/authorization',
  tokenUrl: 'https://www.linkedin.com/oauth/v2/accessToken',
  clientAuth: 'post',
  pkce: false,
  redirect: { kind: 'registered', host: 'localhost' },
  rotates: false,
}
