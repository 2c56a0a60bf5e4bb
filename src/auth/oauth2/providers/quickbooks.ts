import type { ProviderPreset } from './provider.ts'

/**
 * The value of the refresh token changes every 24 hours at the latest, and it ends after 100 days without use. The
 * redirect names the company, `realmId`, which the paths of the API need. Production apps take https only; the keys of a
 * development app also take `redirect_url: http://localhost:8976/callback`.
 *
 * Sources: https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/oauth-2.0,
 * https://developer.intuit.com/app/developer/qbo/docs/develop/authentication-and-authorization/faq
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
