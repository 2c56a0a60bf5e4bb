import type { ProviderPreset } from './provider.ts'

/**
 * Offline tokens. With `expiring=1` they last an hour and each renewal uses the refresh token up, which lasts 90 days;
 * public apps get no others. The token goes into a header of its own. Granting `write_x` covers `read_x`. The redirect
 * must have the host of the app's own URL (not documented; the refusal says so), so that most apps need a
 * `redirect_url`. Whether plain http is taken for localhost is not documented, and reports differ. PKCE is not
 * documented; the Shopify CLI uses it, with a client of its own.
 *
 * Sources: https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant,
 * https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens,
 * https://shopify.dev/docs/apps/build/security/credentials-and-data/use-expiring-offline-access-tokens
 */
export const shopify: ProviderPreset = {
  label: 'Shopify',
  authorizeUrl: 'https://{shop}.myshopify.com/admin/oauth/authorize',
  tokenUrl: 'https://{shop}.myshopify.com/admin/oauth/access_token',
  account: {
    key: 'shop',
    pattern: /^[A-Za-z0-9][A-Za-z0-9-]*(?:\.myshopify\.com)?$/,
    expected: 'expected the name of the shop, such as acme of acme.myshopify.com',
    fill: (value) => value.replace(/\.myshopify\.com$/, ''),
  },
  clientAuth: 'post',
  pkce: false,
  redirect: { kind: 'https_only', host: 'localhost' },
  rotates: true,
  scopeSeparator: ',',
  tokenExtra: { expiring: '1' },
  header: { name: 'x-shopify-access-token', prefix: '' },
  covers: (granted, asked) => granted === asked.replace(/^(unauthenticated_)?read_/, '$1write_'),
}
