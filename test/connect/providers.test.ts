import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type AuthorizationCodeConfig,
  authorizationCodeConfig,
} from '../../src/auth/authorization/authorization-code-config.ts'
import { type ProviderPreset, providerNames, providers } from '../../src/auth/authorization/providers/index.ts'
import { settingsOf } from '../../src/auth/authorization/sign-in-settings.ts'
import { choosePlace } from '../../src/connect/redirect-target.ts'
import { compareScopes } from '../../src/connect/token-grant.ts'
import { configOf } from './helpers.ts'

const read = (keys: object): AuthorizationCodeConfig => authorizationCodeConfig.parse(configOf(keys))
const problemsOf = (keys: object): readonly string[] =>
  authorizationCodeConfig
    .safeParse(configOf(keys))
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
const account = { shopify: { shop: 'acme' } } as const

suite('a provider by its name', () => {
  for (const name of providerNames)
    test(`${name} needs no more than scopes, a client and a place for the tokens`, () => {
      const settings = settingsOf(read({ provider: name, ...(name === 'shopify' && account.shopify) }))
      for (const url of [settings.authorizeUrl, settings.tokenUrl]) {
        assert.match(url ?? '', /^https:\/\/[a-z0-9.-]+\.com\//)
        assert.doesNotMatch(url ?? '', /[{}]/)
      }
      assert.ok(settings.scopes.includes('read'))
    })

  test('keys of the connector go before those of the provider', () => {
    const loopback = 'http://127.0.0.1:1234/token'
    const keys = {
      provider: 'google',
      token_url: loopback,
      authorize_url: 'https://other.example/auth',
      client_auth: 'basic',
    }
    const settings = settingsOf(read({ ...keys, extra: { prompt: 'none' }, pkce: false }))
    assert.equal(settings.tokenUrl, loopback)
    assert.equal(settings.authorizeUrl, 'https://other.example/auth')
    assert.equal(settings.clientAuth, 'basic')
    assert.deepEqual(settings.extra, { access_type: 'offline', prompt: 'none' })
    assert.equal(settings.pkce, false)
    assert.equal(settings.issuer, undefined, 'the issuer of another endpoint is not known')
  })

  test('the account stands in the address: a directory, a sandbox, a shop', () => {
    const tokenUrl = (keys: object): string | undefined => settingsOf(read(keys)).tokenUrl
    assert.equal(tokenUrl({ provider: 'microsoft' }), 'https://login.microsoftonline.com/common/oauth2/v2.0/token')
    assert.equal(
      tokenUrl({ provider: 'microsoft', tenant: 'acme.onmicrosoft.com' }),
      'https://login.microsoftonline.com/acme.onmicrosoft.com/oauth2/v2.0/token',
    )
    assert.equal(
      tokenUrl({ provider: 'salesforce', domain: 'test.salesforce.com' }),
      'https://test.salesforce.com/services/oauth2/token',
    )
    for (const shop of ['acme', 'acme.myshopify.com'])
      assert.equal(tokenUrl({ provider: 'shopify', shop }), 'https://acme.myshopify.com/admin/oauth/access_token')
  })

  test('an account that would lead elsewhere is refused, and so is one for another provider', () => {
    assert.match(problemsOf({ provider: 'shopify' })[0] ?? '', /^shop: this key is missing/)
    for (const shop of ['evil.example/x', 'acme.evil.example', 'a@b', ''])
      assert.match(problemsOf({ provider: 'shopify', shop })[0] ?? '', /^shop: expected the name of the shop/)
    for (const domain of ['evil.example', 'login.salesforce.com.evil.example', 'salesforce.com#'])
      assert.match(problemsOf({ provider: 'salesforce', domain })[0] ?? '', /^domain: expected login/)
    assert.match(problemsOf({ provider: 'microsoft', tenant: '../x' })[0] ?? '', /^tenant: expected/)
    assert.match(
      problemsOf({ provider: 'github', shop: 'acme' })[0] ?? '',
      /^shop: expected no shop, which is for provider: shopify/,
    )
  })

  test('what a redirect of GitHub names as its issuer is known', () => {
    assert.equal(settingsOf(read({ provider: 'github' })).issuer, 'https://github.com/login/oauth')
    const own = { provider: 'github', authorize_url: 'https://github.acme.example/login/oauth/authorize' }
    assert.equal(settingsOf(read(own)).issuer, undefined)
  })

  test('Slack sends nobody to plain http, unless the connector says that its app may', () => {
    const placeOf = (keys: object): object =>
      choosePlace({ ...settingsOf(read({ provider: 'slack', ...keys })), paste: false })
    assert.deepEqual(placeOf({}), { kind: 'paste', redirectUrl: 'https://localhost/callback', registered: true })
    const redirect_url = 'http://localhost:8976/callback'
    assert.deepEqual(placeOf({ redirect_url, pkce: true }), {
      kind: 'listen',
      host: 'localhost',
      port: 8976,
      path: '/callback',
      registered: true,
    })
  })

  test('the token goes where the API wants it', () => {
    assert.deepEqual(settingsOf(read({ provider: 'shopify', shop: 'a' })).header, {
      name: 'x-shopify-access-token',
      prefix: '',
    })
    assert.deepEqual(settingsOf(read({ provider: 'slack' })).header, { name: 'authorization', prefix: 'Bearer ' })
    const place = { name: 'X-Token', prefix: 'Token ' }
    assert.deepEqual(settingsOf(read({ provider: 'slack', place })).header, { name: 'x-token', prefix: 'Token ' })
  })

  test('a client says who it is as its provider wants it, and a public one not at all', () => {
    const authOf = (keys: object): string => settingsOf(read(keys)).clientAuth
    assert.equal(authOf({ provider: 'hubspot' }), 'post')
    assert.equal(authOf({ provider: 'xero' }), 'basic')
    assert.equal(authOf({ provider: 'xero', client_secret: undefined }), 'none')
    assert.equal(authOf({ provider: 'microsoft', client_secret: undefined, private_key: 'env:KEY' }), 'private_key_jwt')
  })

  test('what cannot work is refused with the key that is missing', () => {
    assert.match(problemsOf({}).join('\n'), /token_url: expected token_url, or issuer or provider/)
    assert.match(problemsOf({ token_url: 'https://a.example/t' }).join('\n'), /authorize_url: expected authorize_url/)
    assert.deepEqual(problemsOf({ issuer: 'https://a.example' }), [])
    assert.match(problemsOf({ issuer: 'http://a.example' }).join('\n'), /issuer: expected https/)
    for (const tokens of ['env:TOKENS', 'secret:t@3', 'secret:t#field'])
      assert.match(problemsOf({ provider: 'github', tokens }).join('\n'), /tokens: expected secret:NAME or file:PATH/)
  })
})

suite('scopes asked for against scopes granted', () => {
  const missing = (preset: ProviderPreset, asked: readonly string[], granted: readonly string[]): readonly string[] => {
    const settings = { ...settingsOf(read({ provider: 'github' })), preset, scopes: asked }
    return compareScopes(settings, granted).missing
  }

  test('GitHub normalizes them', () => {
    const { github } = providers
    assert.deepEqual(missing(github, ['repo:status', 'user:email', 'read:user'], ['repo', 'user']), [])
    assert.deepEqual(missing(github, ['read:org', 'write:org'], ['admin:org']), [])
    assert.deepEqual(missing(github, ['write:org', 'admin:org'], ['read:org']), ['write:org', 'admin:org'])
    assert.deepEqual(missing(github, ['write:org'], ['admin:gpg_key']), ['write:org'])
    assert.deepEqual(missing(github, ['repo', 'gist'], ['gist']), ['repo'])
  })

  test('Google writes two of them out, Microsoft leaves some unnamed and shortens others, Shopify counts writing for reading', () => {
    const { google, microsoft, shopify } = providers
    assert.deepEqual(missing(google, ['email'], ['https://www.googleapis.com/auth/userinfo.email']), [])
    assert.deepEqual(missing(microsoft, ['offline_access', 'Mail.Read'], ['https://graph.microsoft.com/Mail.Read']), [])
    assert.deepEqual(missing(microsoft, ['https://graph.microsoft.com/Mail.Read'], ['User.Read']), [
      'https://graph.microsoft.com/Mail.Read',
    ])
    assert.deepEqual(missing(shopify, ['read_orders', 'write_products'], ['write_orders', 'read_products']), [
      'write_products',
    ])
  })

  test('a provider that names none has granted what was asked for (RFC 6749 section 5.1)', () => {
    const settings = settingsOf(read({ provider: 'hubspot', scopes: ['oauth'] }))
    assert.deepEqual(compareScopes(settings), { asked: ['oauth'], missing: [] })
  })
})
