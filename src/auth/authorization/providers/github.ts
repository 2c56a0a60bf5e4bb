import type { ProviderPreset } from './provider.ts'

/**
 * Tokens of an OAuth app do not expire and come without a refresh token; those of a GitHub App last 8 hours, and each
 * renewal uses the refresh token up. Errors come with status 200. `repo` stands for `repo:status` and so on. PKCE does
 * not stand in for the secret, as no client is a public one; only the device flow goes without.
 *
 * Sources: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps (loopback ports,
 * device flow), https://github.blog/changelog/2025-07-14-pkce-support-for-oauth-and-github-app-authentication,
 * https://docs.github.com/en/apps/github-authentication-discovery-endpoints (issuer),
 * https://github.com/nextauthjs/next-auth/issues/13409 (`iss` in the redirect, since April 2026),
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps (normalized scopes),
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
 */
export const github: ProviderPreset = {
  label: 'GitHub',
  issuer: 'https://github.com/login/oauth',
  authorizeUrl: 'https://github.com/login/oauth/authorize',
  tokenUrl: 'https://github.com/login/oauth/access_token',
  deviceUrl: 'https://github.com/login/device/code',
  clientAuth: 'post',
  pkce: true,
  redirect: { kind: 'any_port', host: '127.0.0.1' },
  rotates: true,
  covers,
}

const verbs = ['read', 'write', 'admin']

/** `user` covers `user:email` and `read:user`, `write:org` covers `read:org`. */
function covers(granted: string, asked: string): boolean {
  const [head = '', tail] = asked.split(':')
  if (tail === undefined) return false
  if (granted === head || (granted === tail && head === 'read')) return true
  const [grantedVerb = '', grantedArea] = granted.split(':')
  return grantedArea === tail && verbs.includes(head) && verbs.indexOf(grantedVerb) > verbs.indexOf(head)
}
