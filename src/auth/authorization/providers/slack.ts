import type { ProviderPreset } from './provider.ts'

/**
 * `scopes` are those of the bot; those of the person go into `extra: {user_scope: ...}`, and the person's token comes
 * inside `authed_user`. Errors come with status 200 and `ok: false`. Tokens expire only where the app has token
 * rotation on: then after 12 hours, and each renewal uses the refresh token up. Redirects are https only, unless PKCE
 * is turned on for the app, for good: then `pkce: true` and `redirect_url: http://localhost:8976/callback` do without a
 * secret, but bring no bot scopes, and a refresh token ends after 30 days.
 *
 * Sources: https://docs.slack.dev/authentication/installing-with-oauth,
 * https://docs.slack.dev/reference/methods/oauth.v2.access, https://docs.slack.dev/authentication/using-token-rotation,
 * https://docs.slack.dev/authentication/using-pkce
 */
export const slack: ProviderPreset = {
  label: 'Slack',
  authorizeUrl: 'https://slack.com/oauth/v2/authorize',
  tokenUrl: 'https://slack.com/api/oauth.v2.access',
  clientAuth: 'basic',
  pkce: false,
  redirect: { kind: 'https_only', host: 'localhost' },
  rotates: true,
  scopeSeparator: ',',
  tokenField: 'authed_user',
  facts: ['team.name', 'team.id'],
}
