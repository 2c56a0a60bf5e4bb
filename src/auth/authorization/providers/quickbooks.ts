import type { ProviderPreset } from './provider.ts'

/**
 * The value of the refresh token changes every 24 hours at the latest. It ends after 100 days without use, and five
 * years after the consent in any case. The redirect names the company, `realmId`, which the paths of the API need.
 * Production apps take https only and no IP address; the keys of a development app also take
 * `redirect_url: http://localhost:8976/callback`. PKCE is not documented.
 *
 * Sources: https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0,
 * https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/set-redirect-uri,
 * https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq,
 * https://github.com/intuit/QuickBooks-V3-Java-SDK/releases/tag/v6.5.4 (five years)
 */
export const quickbooks: ProviderPreset = {
  label: 'QuickBooks',
  authorizeUrl: 'https://appcenter.intuit.com/connect/oauth2',
  tokenUrl: 'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
  clientAuth: 'basic',
  pkce: false,
  redirect: { kind: 'https_only', host: 'localhost' },
  rotates: true,
  facts: ['realmId'],
}
