import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Reply, html, json, startEndpoint, text } from '../auth/token-endpoint.ts'
import { startConsentServer } from '../support/consent-server.ts'
import { createPerson } from '../support/person.ts'
import { type Attempt, land, startAttempt } from './helpers.ts'

/** Consents at a provider of which only the token endpoint matters. */
async function answerWith(attempt: Attempt, more: Record<string, string> = {}): Promise<string> {
  const { searchParams } = new URL(await attempt.url)
  const query = new URLSearchParams({ code: 'the-code', state: searchParams.get('state') ?? '', ...more })
  return (await land(`${searchParams.get('redirect_uri')}?${query.toString()}`)).body
}

const authorize = { authorize_url: 'https://acme.example/authorize' }

suite('what token endpoints answer', () => {
  test('GitHub: errors with 200, scopes with commas, a form where no JSON is asked for', async (context) => {
    const refusal = { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' }
    const form = new URLSearchParams({ access_token: 'gho_a', scope: 'repo,user', token_type: 'bearer' }).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const endpoint = await startEndpoint(context, json(refusal), text(form, 200, type))
    const keys = { provider: 'github', token_url: endpoint.url, scopes: ['repo', 'user:email'] }
    const refused = startAttempt(context, keys)
    await answerWith(refused)
    assert.match(
      (await refused.error).message,
      /refused: bad_verification_code: The code passed is incorrect or expired/,
    )
    const attempt = startAttempt(context, keys)
    await answerWith(attempt)
    const { tokens, scopes } = await attempt.result
    assert.equal(tokens.access_token, 'gho_a')
    assert.equal(tokens.scope, 'repo user')
    assert.equal(tokens.expires_at, undefined)
    assert.deepEqual(scopes.missing, [])
    const sent = new URLSearchParams(endpoint.requests[1]?.body)
    assert.equal(sent.get('client_secret'), 'a-client-secret-of-some-length')
    assert.equal(sent.get('code'), 'the-code')
    assert.ok(sent.get('code_verifier'))
    assert.match(endpoint.requests[1]?.headers.accept ?? '', /json/)
  })

  test("Slack: the person's token inside authed_user, 200 with ok: false, the team told", async (context) => {
    const answer = {
      ok: true,
      team: { name: 'Acme' },
      authed_user: { id: 'U1', access_token: 'xoxp-1', scope: 'search:read' },
    }
    const endpoint = await startEndpoint(context, json({ ok: false, error: 'invalid_code' }), json(answer))
    const extra = { user_scope: 'search:read' }
    const keys = {
      provider: 'slack',
      token_url: endpoint.url,
      scopes: [],
      extra,
      redirect_url: 'http://localhost:0/back',
    }
    const refused = startAttempt(context, keys)
    assert.equal(new URL(await refused.url).searchParams.get('user_scope'), 'search:read')
    await answerWith(refused)
    assert.match((await refused.error).message, /refused: invalid_code/)
    const attempt = startAttempt(context, keys)
    await answerWith(attempt)
    const { tokens, facts } = await attempt.result
    assert.equal(tokens.access_token, 'xoxp-1')
    assert.equal(facts['team.name'], 'Acme')
  })

  test('QuickBooks names the company in the redirect, Salesforce the API in the answer, both say how long', async (context) => {
    const token = { access_token: 'a', refresh_token: 'r', expires_in: '3600', x_refresh_token_expires_in: 8_726_400 }
    const endpoint = await startEndpoint(
      context,
      json(token),
      json({ access_token: 'a', instance_url: 'https://acme.my.salesforce.com' }),
    )
    const redirect = { token_url: endpoint.url, redirect_url: 'http://localhost:0/back' }
    const quickbooks = startAttempt(context, { provider: 'quickbooks', ...redirect })
    await answerWith(quickbooks, { realmId: '4620816365' })
    const { facts, tokens, renewableUntil } = await quickbooks.result
    assert.deepEqual(facts, { realmId: '4620816365' })
    const since = Date.parse(tokens.obtained_at ?? '')
    assert.equal(Date.parse(tokens.expires_at ?? '') - since, 3_600_000)
    assert.equal(Date.parse(renewableUntil ?? '') - since, 8_726_400_000)
    const salesforce = startAttempt(context, { provider: 'salesforce', ...redirect })
    await answerWith(salesforce)
    assert.deepEqual((await salesforce.result).facts, { instance_url: 'https://acme.my.salesforce.com' })
  })

  test('Shopify is asked for a token that expires, with commas between scopes', async (context) => {
    const endpoint = await startEndpoint(context, json({ access_token: 'shpat_1', scope: 'write_orders' }))
    const keys = { provider: 'shopify', shop: 'acme', token_url: endpoint.url, redirect_url: 'http://localhost:0/back' }
    const attempt = startAttempt(context, { ...keys, scopes: ['read_orders', 'read_products'] })
    const { searchParams } = new URL(await attempt.url)
    assert.equal(searchParams.get('scope'), 'read_orders,read_products')
    assert.equal(searchParams.has('code_challenge'), false)
    await answerWith(attempt)
    assert.deepEqual((await attempt.result).scopes.missing, ['read_products'])
    assert.equal(new URLSearchParams(endpoint.requests[0]?.body).get('expiring'), '1')
  })

  const odd: readonly (readonly [string, Reply, RegExp])[] = [
    ['a web page', html, /did not answer with a JSON object but with a web page \(Sign in to Acme\)/],
    ['no token', json({ token_type: 'bearer' }), /without an access_token/],
    ['a server error', json({}, 500), /answered 500/],
    ['a redirect', text('', 302, { location: 'https://evil.example' }), /points elsewhere/],
    ['a token that needs proof of a key', json({ access_token: 'abcd', token_type: 'DPoP' }), /needs proof of a key/],
  ]
  for (const [what, reply, words] of odd)
    test(`${what} ends it in one sentence, and nothing is saved`, async (context) => {
      const endpoint = await startEndpoint(context, reply)
      const attempt = startAttempt(context, { ...authorize, token_url: endpoint.url })
      assert.match(await answerWith(attempt), /did not work/)
      assert.match((await attempt.error).message, words)
      assert.equal(endpoint.requests.length, 1, 'a code is tried once')
      assert.deepEqual(attempt.saved, [])
    })

  test('a lifetime that is zero, text, absent or huge does no harm', async (context) => {
    for (const [lifetime, known] of [
      [0, false],
      ['600', true],
      [undefined, false],
      [1e300, true],
      ['soon', false],
    ] as const) {
      const endpoint = await startEndpoint(context, json({ access_token: 'abcd', expires_in: lifetime }))
      const attempt = startAttempt(context, { ...authorize, token_url: endpoint.url })
      await answerWith(attempt)
      assert.equal((await attempt.result).tokens.expires_at !== undefined, known, String(lifetime))
    }
  })

  test('a redirect without a code, or with two of them, brings nothing', async (context) => {
    const endpoint = await startEndpoint(context, json({ access_token: 'abcd' }))
    for (const query of ['code=', 'code=a&code=b', 'error=a&error=b']) {
      const attempt = startAttempt(context, { ...authorize, token_url: endpoint.url })
      const { searchParams } = new URL(await attempt.url)
      await land(`${searchParams.get('redirect_uri')}?${query}&state=${searchParams.get('state')}`)
      assert.equal((await attempt.error).code, 'AUTH_FAILED', query)
    }
    assert.equal(endpoint.requests.length, 0)
  })

  test('words of the provider cannot steer the terminal', async (context) => {
    const endpoint = await startEndpoint(context, json({}))
    const attempt = startAttempt(context, { ...authorize, token_url: endpoint.url })
    const { searchParams } = new URL(await attempt.url)
    const query = new URLSearchParams({
      error: 'x\u001b[2J',
      error_description: 'a\r\nb\u0007',
      state: searchParams.get('state') ?? '',
    })
    await land(`${searchParams.get('redirect_uri')}?${query.toString()}`)
    assert.doesNotMatch((await attempt.error).message, /\p{Cc}/u)
  })
})

suite('an issuer', () => {
  test('tells its endpoints by OpenID discovery', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, { issuer: server.issuer })
    await land(await createPerson().consent(await attempt.url))
    assert.ok((await attempt.result).tokens.refresh_token)
  })

  test('tells its endpoints by RFC 8414 where it knows no OpenID', async (context) => {
    const notFound = json({}, 404)
    const endpoint = await startEndpoint(context, notFound)
    const issuer = new URL('/tenant', endpoint.url).href
    const metadata = { issuer, authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` }
    endpoint.replies = [notFound, text(JSON.stringify(metadata)), json({ access_token: 'abcd' })]
    const attempt = startAttempt(context, { issuer })
    assert.equal(new URL(await attempt.url).pathname, '/tenant/authorize')
    await answerWith(attempt)
    await attempt.result
    assert.deepEqual(
      endpoint.requests.map(({ url }) => url),
      ['/tenant/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/tenant', '/tenant/token'],
    )
  })

  test('that is another one, leads to plain http, answers a page or not at all is not used', async (context) => {
    const endpoint = await startEndpoint(context, json({}))
    const { origin: issuer } = new URL(endpoint.url)
    const good = { issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t` }
    const cases: readonly (readonly [Reply, RegExp])[] = [
      [json({ ...good, issuer: 'https://evil.example' }), /does not describe itself as it should/],
      [json({ ...good, token_endpoint: 'http://evil.example/t' }), /names a token_endpoint that is not https/],
      [json({ ...good, token_endpoint: undefined }), /names no token_endpoint/],
      [html, /does not describe itself as it should/],
      [json({}, 404), /answers 404/],
    ]
    for (const [reply, words] of cases) {
      endpoint.replies = [reply]
      const error = await startAttempt(context, { issuer }).error
      assert.equal(error.code, 'AUTH_FAILED')
      assert.match(error.message, words)
    }
    const error = await startAttempt(context, { issuer: 'http://127.0.0.1:9' }).error
    assert.equal(error.code, 'AUTH_UNAVAILABLE')
  })
})
