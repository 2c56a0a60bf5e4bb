import type { ProviderPreset } from './provider.ts'

/**
 * Access tokens last half an hour, an unused refresh token 60 days. A renewal uses it up but for 30 minutes of grace.
 * Redirects are https, or http at localhost. Requests also need the header `xero-tenant-id`, whose value
 * GET https://api.xero.com/connections tells. The issuer is that of discovery and of the tokens; whether a redirect
 * carries `iss` is not documented. Neither is PKCE beside a secret; the settings of Nango leave it on.
 *
 * Sources: https://developer.xero.com/documentation/guides/oauth2/auth-flow,
 * https://developer.xero.com/documentation/guides/oauth2/pkce-flow, https://developer.xero.com/faq/oauth2,
 * https://github.com/XeroAPI/xero-netstandard-oauth2-app/issues/4 (issuer),
 * https://github.com/NangoHQ/nango/blob/master/packages/providers/providers.yaml
 */
export const xero: ProviderPreset = {
  label: 'Xero',
  issuer: 'https://identity.xero.com',
  authorizeUrl: 'https://login.xero.com/identity/connect/authorize',
  tokenUrl: 'https://identity.xero.com/connect/token',
  clientAuth: 'basic',
  pkce: true,
  redirect: { kind: 'registered', host: 'localhost' },
  rotates: true,
  scopes: ['offline_access'],
}
