import type { ProviderPreset } from './provider.ts'

/**
 * Access tokens last half an hour. Client id and secret go into the body. Plain http is taken for localhost only, and
 * no IP address at all. One who refuses is not sent back. That the refresh token stays the same is not documented;
 * clients report it. The token endpoint knows `code_verifier`, but no guide has a challenge, so it is left out.
 *
 * Sources: https://developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide,
 * https://developers.hubspot.com/docs/apps/legacy-apps/authentication/oauth-quickstart-guide,
 * https://developers.hubspot.com/docs/methods/oauth2/oauth2-quickstart (redirects),
 * https://github.com/HGData/mk-node-hubspot/pull/19 (refresh token)
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
