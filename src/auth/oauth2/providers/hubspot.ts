import type { ProviderPreset } from './provider.ts'

/**
 * Access tokens last half an hour; the refresh token stays the same. Client id and secret go into the body. Plain http is
 * taken for localhost only.
 *
 * Sources: https://developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide,
 * https://developers.hubspot.com/docs/apps/legacy-apps/authentication/oauth-quickstart-guide
 */
export const hubspot: ProviderPreset = {
  label: 'HubSpot',
  authorizeUrl: 'https://app.hubspot.com/oauth/authorize',
  tokenUrl: 'https://api.hubapi.com/oauth/v3/token',
  clientAuth: 'post',
  pkce: false,
  redirect: { kind: 'registered', host: 'localhost' },
  rotates: false,
  facts: ['hub_id'],
}
