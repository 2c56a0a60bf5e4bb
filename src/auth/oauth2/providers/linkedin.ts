import type { ProviderPreset } from './provider.ts'

/**
 * Access tokens last 60 days. A refresh token (365 days from the consent, renewals do not lengthen it) comes only to apps
 * that LinkedIn has approved for it; others must be connected again every 60 days. PKCE is for native apps, at another
 * address.
 *
 * Sources: https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow,
 * https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens
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
