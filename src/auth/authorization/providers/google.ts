import type { ProviderPreset } from './provider.ts'

/**
 * A refresh token comes only with `access_type=offline`, and again only when the person is asked again. A client of the
 * kind "Desktop app" takes any loopback port; one of the kind "Web application" takes what is registered. While the
 * consent screen is in testing, a refresh token ends after 7 days. The redirect carries `iss`, though discovery does
 * not say so.
 *
 * Sources: https://developers.google.com/identity/protocols/oauth2/native-app,
 * https://developers.google.com/identity/protocols/oauth2/web-server#offline,
 * https://developers.google.com/identity/protocols/oauth2/resources/loopback-migration,
 * https://developers.google.com/identity/protocols/oauth2/limited-input-device,
 * https://github.com/openiddict/openiddict-core/issues/2428 (`iss`)
 */
export const google: ProviderPreset = {
  label: 'Google',
  issuer: 'https://accounts.google.com',
  authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
  tokenUrl: 'https://oauth2.googleapis.com/token',
  deviceUrl: 'https://oauth2.googleapis.com/device/code',
  clientAuth: 'post',
  pkce: true,
  redirect: { kind: 'any_port', host: '127.0.0.1' },
  rotates: false,
  extra: { access_type: 'offline', prompt: 'consent' },
  covers: (granted, asked) =>
    /^(?:email|profile)$/.test(asked) && granted === `https://www.googleapis.com/auth/userinfo.${asked}`,
}
