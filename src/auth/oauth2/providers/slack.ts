import type { ProviderPreset } from './provider.ts'

/**
 * `scopes` are those of the bot; those of the person go into `extra: {user_scope: ...}`, and the person's token comes
 * inside `authed_user`. Tokens expire only where the app has token rotation on: then each renewal brings another refresh
 * token. PKCE must be turned on for the app, for good, and then localhost may not ask for bot scopes, so it is left out.
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
  redirect: { kind: 'registered', host: 'localhost' },
  rotates: true,
  scopeSeparator: ',',
  tokenField: 'authed_user',
  facts: ['team.name', 'team.id'],
}
