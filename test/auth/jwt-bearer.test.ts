import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { authConfig } from '../../src/auth/index.ts'
import { startAssertionServer } from './assertion-server.ts'
import { authOf, createWorld, request, tokenOf } from './helpers.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const now = (): number => Math.floor(Date.now() / 1_000)

test('a service account of Google signs in by its key file, field by field', async (context) => {
  const server = await startAssertionServer(context, {
    key: publicKey,
    verify: { algorithms: ['RS256'], issuer: 'etl@acme.iam.gserviceaccount.com' },
    refuse: ({ scope, exp = 0, iat = 0, sub }, form) => {
      if (form.get('grant_type') !== grant) return 'grant_type'
      if (scope !== 'https://www.googleapis.com/auth/drive.readonly') return 'scope'
      if (sub !== 'someone@acme.example') return 'sub'
      return exp - iat > 3600 ? 'more than an hour' : undefined
    },
  })
  const world = createWorld(context, { KEY: pem, EMAIL: 'etl@acme.iam.gserviceaccount.com' })
  world.now = Date.now()
  const config = {
    type: 'jwt_bearer',
    token_url: server.url,
    issuer: 'env:EMAIL',
    subject: 'someone@acme.example',
    private_key: 'env:KEY',
    key_id: 'abc123',
    scopes: 'https://www.googleapis.com/auth/drive.readonly',
  }
  const auth = authOf(config, world.deps)
  assert.equal(await tokenOf(auth), 'token-1')
  assert.equal(await tokenOf(auth), 'token-1', 'a token is kept for its lifetime')
  await auth.renew?.(await auth.sign(request))
  assert.equal(await tokenOf(auth), 'token-2', 'and another is had by another assertion')
})

test('a connected app of Salesforce signs in for a user', async (context) => {
  const server = await startAssertionServer(context, {
    key: publicKey,
    verify: { algorithms: ['RS256'], audience: 'https://login.salesforce.com', issuer: 'consumer-key' },
    refuse: ({ sub, exp = 0 }) => (sub === 'etl@acme.example' && exp - now() <= 180 ? undefined : 'user or expiry'),
    answer: {
      instance_url: 'https://acme.my.salesforce.com',
      id: 'https://login.salesforce.com/id/00D/005',
      expires_in: null,
    },
  })
  const world = createWorld(context, { KEY: pem })
  world.now = Date.now()
  const auth = authOf(
    {
      type: 'jwt_bearer',
      token_url: server.url,
      issuer: 'consumer-key',
      subject: 'etl@acme.example',
      audience: 'https://login.salesforce.com',
      private_key: 'env:KEY',
    },
    world.deps,
  )
  assert.equal(await tokenOf(auth), 'token-1')
})

test('Box has its own claims, wants the client in the body and an assertion of at most a minute', async (context) => {
  const server = await startAssertionServer(context, {
    key: publicKey,
    verify: { algorithms: ['RS256', 'RS384', 'RS512'], issuer: 'client-1', subject: '4711' },
    refuse: ({ box_sub_type: kind, exp = 0, jti = '' }, form) => {
      if (form.get('client_id') !== 'client-1' || form.get('client_secret') !== 'box-client-secret') return 'client'
      if (kind !== 'enterprise') return 'box_sub_type'
      if (exp > now() + 60) return 'exp'
      return jti.length >= 16 && jti.length <= 128 ? undefined : 'jti'
    },
  })
  const world = createWorld(context, { KEY: pem, SECRET: 'box-client-secret' })
  world.now = Date.now()
  const auth = authOf(
    {
      type: 'jwt_bearer',
      token_url: server.url,
      issuer: 'client-1',
      subject: '4711',
      claims: { box_sub_type: 'enterprise' },
      algorithm: 'RS512',
      key_id: 'key-1',
      private_key: 'env:KEY',
      client_id: 'client-1',
      client_secret: 'env:SECRET',
    },
    world.deps,
  )
  assert.equal(await tokenOf(auth), 'token-1')
})

test('DocuSign wants the scope as a claim, and a bare host as the audience', async (context) => {
  const server = await startAssertionServer(context, {
    key: publicKey,
    verify: {
      algorithms: ['RS256'],
      audience: 'account-d.docusign.com',
      issuer: 'integration-key',
      subject: 'user-guid',
    },
    refuse: ({ scope }) => (scope === 'signature impersonation' ? undefined : 'scope'),
  })
  const world = createWorld(context, { KEY: pem })
  world.now = Date.now()
  const auth = authOf(
    {
      type: 'jwt_bearer',
      token_url: server.url,
      issuer: 'integration-key',
      subject: 'user-guid',
      audience: 'account-d.docusign.com',
      scopes: ['signature', 'impersonation'],
      private_key: 'env:KEY',
    },
    world.deps,
  )
  assert.equal(await tokenOf(auth), 'token-1')
})

test('Adobe has metascopes that are claims, and its own name for the parameter', async (context) => {
  const metascope = 'https://ims-na1.adobelogin.com/s/ent_analytics_bulk_ingest_sdk'
  const server = await startAssertionServer(context, {
    key: publicKey,
    param: 'jwt_token',
    verify: {
      audience: 'https://ims-na1.adobelogin.com/c/client-1',
      issuer: 'ORG@AdobeOrg',
      subject: 'x@techacct.adobe.com',
    },
    refuse: (claims, form) =>
      claims[metascope] === true && form.get('client_secret') === 'adobe-client-secret' ? undefined : 'metascope',
    // Adobe counts milliseconds, but says so in its documentation alone.
    answer: { expires_in: 86_399_994 },
  })
  const world = createWorld(context, { KEY: pem, SECRET: 'adobe-client-secret' })
  world.now = Date.now()
  const auth = authOf(
    {
      type: 'jwt_bearer',
      token_url: server.url,
      issuer: 'ORG@AdobeOrg',
      subject: 'x@techacct.adobe.com',
      audience: 'https://ims-na1.adobelogin.com/c/client-1',
      claims: { [metascope]: true },
      assertion_param: 'jwt_token',
      private_key: 'env:KEY',
      client_id: 'client-1',
      client_secret: 'env:SECRET',
    },
    world.deps,
  )
  assert.equal(await tokenOf(auth), 'token-1')
})

test('a shared secret signs where the algorithm says so', async (context) => {
  const secret = 'a-shared-secret-of-some-forty-characters'
  const server = await startAssertionServer(context, { key: new TextEncoder().encode(secret) })
  const world = createWorld(context, { KEY: secret })
  world.now = Date.now()
  const config = { type: 'jwt_bearer', token_url: server.url, issuer: 'me', private_key: 'env:KEY', algorithm: 'HS256' }
  assert.equal(await tokenOf(authOf(config, world.deps)), 'token-1')
})

test('claims may be secrets, lists and objects, and one of null takes out what would stand there', async (context) => {
  const server = await startAssertionServer(context, { key: publicKey })
  const world = createWorld(context, { KEY: pem, TENANT: 'tenant-of-acme' })
  world.now = Date.now()
  const claims = { tenant: 'env:TENANT', roles: ['a', 'b'], about: { deep: 1 }, scope: null, jti: null }
  const config = {
    type: 'jwt_bearer',
    token_url: server.url,
    issuer: 'me',
    private_key: 'env:KEY',
    scopes: ['s'],
    claims,
  }
  await tokenOf(authOf(config, world.deps))
  const { iat, exp, ...rest } = server.taken[0] ?? {}
  assert.deepEqual(rest, {
    iss: 'me',
    aud: server.url,
    tenant: 'tenant-of-acme',
    roles: ['a', 'b'],
    about: { deep: 1 },
  })
  assert.equal((exp ?? 0) - (iat ?? 0), 45)
  assert.equal(server.requests[0]?.get('scope'), 's')
})

for (const minutes of [-10, 10]) {
  test(`a clock that is ${minutes} minutes off is mended by that of the endpoint, once`, async (context) => {
    const server = await startAssertionServer(context, { key: publicKey })
    const world = createWorld(context, { KEY: pem })
    world.now = Date.now() + minutes * 60_000
    const said: string[] = []
    const log = { ...world.deps.log, warn: (_: object, message: string) => void said.push(message) }
    const config = { type: 'jwt_bearer', token_url: server.url, issuer: 'me', private_key: 'env:KEY' }
    const auth = authOf(config, { ...world.deps, log })
    assert.equal(await tokenOf(auth), 'token-1')
    assert.equal(server.requests.length, 2)
    assert.match(said.join(), minutes < 0 ? / s behind / : / s ahead of /)
    await auth.renew?.(await auth.sign(request))
    assert.equal(await tokenOf(auth), 'token-2')
    assert.equal(server.requests.length, 3)
  })
}

test('a refusal for another reason than the clock is told in the words of the provider', async (context) => {
  const server = await startAssertionServer(context, {
    key: publicKey,
    refuse: () => "user hasn't approved this consumer",
  })
  const world = createWorld(context, { KEY: pem })
  world.now = Date.now()
  const config = { type: 'jwt_bearer', token_url: server.url, issuer: 'me', private_key: 'env:KEY' }
  const failed = authOf(config, world.deps).sign(request)
  await assert.rejects(failed, (thrown: Error) => {
    assert.match(
      thrown.message,
      /400: invalid_grant: user hasn't approved this consumer; check what the grant rests on/,
    )
    assert.ok(!inspect(thrown, { depth: 9, showHidden: true }).includes(server.requests[0]?.get('assertion') ?? 'none'))
    return true
  })
  assert.equal(server.requests.length, 1)
})

test('a private key belongs into a secret, and a client secret needs its client', () => {
  const config = { type: 'jwt_bearer', token_url: 'https://a.example/token', issuer: 'me' }
  assert.ok(!authConfig.safeParse({ ...config, private_key: pem }).success)
  assert.ok(!authConfig.safeParse({ ...config, private_key: 'env:KEY', client_secret: 'env:S' }).success)
  assert.ok(!authConfig.safeParse({ ...config, private_key: 'env:KEY', token_url: 'http://a.example/token' }).success)
})
