import type { ProviderPreset } from './provider.ts'

/**
 * `domain` is login.salesforce.com, test.salesforce.com for sandboxes, or the org's own My Domain. The answer names no
 * lifetime (the org's session settings decide) but the address of the API, `instance_url`. A callback URL must be
 * registered and is compared as a whole; plain http is taken for localhost only.
 *
 * Sources: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm,
 * https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_tokens_scopes.htm,
 * https://developer.salesforce.com/docs/atlas.en-us.sfdx_dev.meta/sfdx_dev/sfdx_dev_auth_connected_app.htm (localhost)
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
