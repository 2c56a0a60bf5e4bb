import type { ProviderPreset } from './provider.ts'

/**
 * Microsoft Entra ID, endpoints of version 2. `offline_access` brings the refresh token and is not named in the answer.
 * Each renewal brings another refresh token of 90 days; the one before stays good. The port of `http://localhost` is
 * left out of the comparison with what is registered.
 *
 * Sources: https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow,
 * https://learn.microsoft.com/en-us/entra/identity-platform/reply-url#localhost-exceptions,
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-device-code,
 * https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens
 */
export const microsoft: ProviderPreset = {
  label: 'Microsoft',
  authorizeUrl: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize',
  tokenUrl: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token',
  deviceUrl: 'https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode',
  account: {
    key: 'tenant',
    default: 'common',
    pattern: /^[A-Za-z0-9][A-Za-z0-9.-]*$/,
    expected: "expected the directory's id or domain, or common, organizations or consumers",
  },
  clientAuth: 'post',
  pkce: true,
  redirect: { kind: 'any_port', host: 'localhost' },
  rotates: true,
  scopes: ['offline_access'],
  unnamedScopes: ['offline_access', 'openid', 'profile', 'email'],
  // A scope of Microsoft Graph may be asked for without its address, and comes back with or without it.
  covers: (granted, asked) =>
    granted.toLowerCase() === `https://graph.microsoft.com/${asked}`.toLowerCase() ||
    asked.toLowerCase() === `https://graph.microsoft.com/${granted}`.toLowerCase(),
}
