import type { ProviderPreset } from './provider.ts'

/**
 * `domain` is login.salesforce.com, test.salesforce.com for sandboxes, or the org's own My Domain. The answer names no
 * lifetime (the org's session settings decide) but the address of the API, `instance_url`. `full` does not bring a
 * refresh token. Renewals replace it only where the app has refresh token rotation on. A callback URL must be
 * registered and is compared as a whole; the guide wants https, yet plain http is taken for localhost. Each domain is
 * an issuer of its own; whether a redirect carries `iss` is not documented.
 *
 * Sources: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm,
 * https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_tokens_scopes.htm,
 * https://help.salesforce.com/apex/HTViewHelpDoc?id=remoteaccess_oauth_refresh_token_flow.htm (rotation),
 * https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid_discovery_endpoint.htm (issuer),
 * https://developer.salesforce.com/docs/platform/isvforce/guide/secure-code-ac-eca.md (PKCE),
 * https://developer.salesforce.com/docs/atlas.en-us.sfdx_dev.meta/sfdx_dev/sfdx_dev_auth_connected_app.htm (localhost),
 * https://docs.devart.com/odbc-driver-for-salesforce/connect-to-salesforce/configure-oauth-authentication.md.html
 */
export const salesforce: ProviderPreset = {
  label: 'Salesforce',
  authorizeUrl: 'https://{domain}/services/oauth2/authorize',
  tokenUrl: 'https://{domain}/services/oauth2/token',
  account: {
    key: 'domain',
    default: 'login.salesforce.com',
    pattern: /^(?:[A-Za-z0-9-]+\.)+salesforce\.(?:com|mil)$/,
    expected: 'expected login.salesforce.com, test.salesforce.com or a My Domain such as acme.my.salesforce.com',
  },
  clientAuth: 'post',
  pkce: true,
  redirect: { kind: 'registered', host: 'localhost' },
  rotates: false,
  scopes: ['refresh_token'],
  unnamedScopes: ['refresh_token', 'offline_access'],
  covers: (granted, asked) => granted === 'full' && asked !== 'refresh_token',
  facts: ['instance_url'],
}
