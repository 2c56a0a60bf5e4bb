import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, suite, test } from 'node:test'
import { inspect } from 'node:util'
import { authConfig } from '../../src/auth/index.ts'
import { oauth1Methods } from '../../src/auth/signature/oauth1-signature.ts'
import { type SecretRef, parseSecretRef } from '../../src/secrets/ref.ts'
import { failsWith, serve, testClient } from '../http/support.ts'
import { skipOAuth1, startOAuth1 } from '../support/oauth1/provider.ts'
import { authOf, createWorld, request } from './helpers.ts'

const secrets = { CONSUMER: 'consumer &secret', TOKEN: 'a-token', TOKEN_SECRET: 'token+secret' }
const twoLegged = { type: 'oauth1', consumer_key: 'acme', consumer_secret: 'env:CONSUMER' }
const threeLegged = { ...twoLegged, token: 'env:TOKEN', token_secret: 'env:TOKEN_SECRET' }
const parties = {
  clients: { acme: { secret: secrets.CONSUMER } },
  tokens: { [secrets.TOKEN]: { client: 'acme', secret: secrets.TOKEN_SECRET } },
}

/** A directory for token files. */
function makeDir(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-oauth1-'))
  context.after(() => rmSync(dir, { recursive: true }))
  return dir
}

const tokensRef = parseSecretRef('file:tokens.json') as SecretRef

suite('oauthlib as the provider', { skip: skipOAuth1 }, () => {
  test('every method of signing is accepted, two-legged and three-legged, with queries, forms and JSON', async (context) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const pem = privateKey.export({ format: 'pem', type: 'pkcs1' }).toString()
    const acme = { secret: secrets.CONSUMER, rsa_key: publicKey.export({ format: 'pem', type: 'spki' }).toString() }
    await using provider = await startOAuth1({ ...parties, clients: { acme } })
    const world = createWorld(context, { ...secrets, KEY: pem })
    world.now = Date.now()
    for (const signature of oauth1Methods)
      for (const base of [twoLegged, threeLegged]) {
        const config = { ...base, signature, ...(signature.startsWith('RSA') && { private_key: 'env:KEY' }) }
        const client = testClient(context, provider.url, { auth: authOf(config, world.deps) })
        assert.equal((await client.get('/rows?a=1+2&a=%C3%BC&b=&c')).status, 200)
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const body = 'a=2&a=1&b=x+y%26&%C3%BC='
        assert.equal(
          (await client.send({ method: 'POST', url: `${provider.url}/rows?z=1`, headers, body })).status,
          200,
        )
        const json = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"a":"b=c"}' } as const
        assert.equal((await client.send({ ...json, url: `${provider.url}/r%C3%BCws` })).status, 200)
      }
  })

  test('NetSuite: token-based authentication with HMAC-SHA256 and the account as realm', async (context) => {
    const clients = { acme: { secret: secrets.CONSUMER, realm: '1234567_SB1' } }
    await using provider = await startOAuth1({ ...parties, clients })
    const world = createWorld(context, secrets)
    world.now = Date.now()
    const netsuite = { ...threeLegged, signature: 'HMAC-SHA256', realm: '1234567_SB1' }
    const path = '/services/rest/query/v1/suiteql?limit=1000&offset=0'
    const post = {
      method: 'POST',
      url: provider.url + path,
      headers: { prefer: 'transient' },
      body: '{"q":"SELECT 1"}',
    } as const
    assert.equal(
      (await testClient(context, provider.url, { auth: authOf(netsuite, world.deps) }).send(post)).status,
      200,
    )
    const other = authOf({ ...netsuite, realm: '1234567_sb1' }, world.deps)
    await failsWith(testClient(context, provider.url, { auth: other }).send(post), 'AUTH_REJECTED')
  })

  test('a wrong secret ends at once, in the words of the provider and without a secret', async (context) => {
    await using provider = await startOAuth1(parties)
    const world = createWorld(context, { ...secrets, CONSUMER: 'hunter2-is-wrong' })
    world.now = Date.now()
    const client = testClient(context, provider.url, { auth: authOf(threeLegged, world.deps) })
    const error = await failsWith(client.get('/rows'), 'AUTH_REJECTED')
    assert.match(error.message, /the signature is not accepted/)
    assert.equal(client.meter.requests, 1)
    for (const leak of ['hunter2', secrets.TOKEN_SECRET, 'oauth_signature'])
      assert.ok(!inspect(error, { depth: 9 }).includes(leak))
  })

  test('a clock that is ten minutes off costs one request', async (context) => {
    await using provider = await startOAuth1(parties)
    for (const skew of [-700_000, 700_000]) {
      const world = createWorld(context, secrets)
      world.now = Date.now() + skew
      const client = testClient(context, provider.url, { auth: authOf(threeLegged, world.deps) })
      assert.equal((await client.get('/rows')).status, 200)
      assert.equal((await client.get('/rows')).status, 200)
      assert.deepEqual([client.meter.requests, client.meter.retries, client.lines], [3, 0, []])
    }
  })

  test('a nonce that was seen before is refused, so no two requests share one, a hundred at once neither', async (context) => {
    await using provider = await startOAuth1(parties)
    const world = createWorld(context, secrets)
    world.now = Date.now()
    const auth = authOf(threeLegged, world.deps)
    const client = testClient(context, provider.url, { auth })
    await Promise.all(Array.from({ length: 100 }, () => client.get('/rows')))
    const { headers } = await auth.sign({ method: 'GET', url: `${provider.url}/rows`, headers: {} })
    const replay = {
      uri: `${provider.url}/rows`,
      method: 'GET',
      headers: { Authorization: headers['authorization'] ?? '' },
    }
    assert.deepEqual(await provider.verify([replay, replay]), [true, false])
  })

  test('saved tokens sign, and are read again once they are refused', async (context) => {
    await using provider = await startOAuth1(parties)
    const dir = makeDir(context)
    const world = createWorld(context, secrets, { dir })
    world.now = Date.now()
    const store = world.deps.tokens(tokensRef)
    await store.replace({ token: 'revoked', token_secret: 'revoked-secret' }, world.deps.signal)
    const auth = authOf({ ...twoLegged, tokens: 'file:tokens.json' }, world.deps)
    const client = testClient(context, provider.url, { auth })
    await failsWith(client.get('/rows'), 'AUTH_REJECTED')
    await store.replace({ token: secrets.TOKEN, token_secret: secrets.TOKEN_SECRET }, world.deps.signal)
    assert.equal((await client.get('/rows')).status, 200)
    rmSync(join(dir, 'tokens.json'))
    await Promise.all(Array.from({ length: 20 }, () => client.get('/rows')))
    assert.equal(world.deps.redactor.redact(`x ${secrets.TOKEN_SECRET} revoked-secret`), 'x [secret] [secret]')
  })
})

test('a retry bears a nonce and a timestamp of its own', async (context) => {
  const world = createWorld(context, secrets)
  const seen: string[] = []
  const origin = await serve(context, (incoming, response) => {
    seen.push(incoming.headers.authorization ?? '')
    world.now += 2_000
    response.writeHead(seen.length < 3 ? 503 : 200).end('{}')
  })
  await testClient(context, origin, { auth: authOf(twoLegged, world.deps) }).get('/')
  for (const field of ['oauth_nonce', 'oauth_timestamp', 'oauth_signature'])
    assert.equal(new Set(seen.map((header) => new RegExp(`${field}="([^"]+)"`).exec(header)?.[1])).size, 3, field)
})

test('an origin that may not have the credentials gets no signature', async (context) => {
  const seen: (string | undefined)[] = []
  const origin = await serve(context, (incoming, response) => {
    seen.push(incoming.headers.authorization)
    response.end('{}')
  })
  const { deps } = createWorld(context, secrets)
  const origins = new Map([[origin, { credentials: false }]])
  await testClient(context, origin, { auth: authOf(twoLegged, deps), origins }).get('/')
  assert.deepEqual(seen, [undefined])
})

test('without saved tokens somebody has to connect', async (context) => {
  const { deps } = createWorld(context, secrets, { dir: makeDir(context) })
  const auth = authOf({ ...twoLegged, tokens: 'file:tokens.json' }, { ...deps, file: "acme's.yaml" })
  const check = async () => {
    const error = await failsWith(auth.sign(request), 'RECONNECT_NEEDED')
    assert.match(
      error.message,
      /tokens\.json holds no OAuth 1\.0a token; sign in once: headrace connect 'acme'\\''s\.yaml'\.$/,
    )
  }
  await check()
  await deps.tokens(tokensRef).replace({ refresh_token: 'of another kind' }, deps.signal)
  await check()
  await deps.tokens(tokensRef).replace({ token: 't', token_secret: 's' }, deps.signal)
  assert.match((await auth.sign(request)).headers['authorization'] ?? '', /oauth_token="t"/)
})

test('a private key that is none is refused without a word of it', (context) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  for (const KEY of ['hunter2', privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()]) {
    const { deps } = createWorld(context, { KEY })
    const config = { type: 'oauth1', consumer_key: 'acme', signature: 'RSA-SHA1', private_key: 'env:KEY' }
    assert.throws(
      () => authOf(config, deps),
      (error: Error) =>
        'code' in error && error.code === 'CONFIG_INVALID' && !inspect(error).includes(KEY.slice(30, 60) || 'hunter2'),
    )
  }
})

for (const [what, config] of Object.entries({
  'a literal consumer secret': { ...twoLegged, consumer_secret: 'hunter2' },
  'a literal token': { ...threeLegged, token: 'hunter2' },
  'no consumer secret': { type: 'oauth1', consumer_key: 'acme' },
  'RSA without a key': { ...twoLegged, signature: 'RSA-SHA256' },
  'a key without RSA': { ...twoLegged, private_key: 'env:K' },
  'a token without its secret': { ...twoLegged, token: 'env:T' },
  'a token secret without its token': { ...twoLegged, token_secret: 'env:T' },
  'tokens beside a token': { ...threeLegged, tokens: 'secret:t' },
  'tokens in the environment': { ...twoLegged, tokens: 'env:T' },
  'an unknown signature': { ...twoLegged, signature: 'HMAC-MD5' },
  'a request_token_url without TLS': { ...twoLegged, request_token_url: 'http://a.example/t' },
  'a realm of two lines': { ...twoLegged, realm: 'a\nb' },
})) {
  test(`the configuration is refused: ${what}`, () => {
    const { success, error } = authConfig.safeParse(config)
    assert.equal(success, false)
    assert.ok(!JSON.stringify(error?.issues).includes('hunter2'))
  })
}
