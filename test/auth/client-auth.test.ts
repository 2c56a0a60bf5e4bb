import assert from 'node:assert/strict'
import { X509Certificate, createHash, generateKeyPairSync } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { decodeProtectedHeader } from 'jose'
import { createTokenFetch } from '../../src/auth/token/token-fetch.ts'
import { SyncError } from '../../src/base/errors.ts'
import { createClientTls } from '../../src/http/client-tls.ts'
import { createDispatcher } from '../../src/http/dispatcher.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { type OidcOptions, type OidcServer, startOidc } from '../support/oidc.ts'
import { createSelfSigned } from '../support/self-signed.ts'
import { authOf, createWorld, request, tokenOf } from './helpers.ts'
import { type Reply, json, startEndpoint } from './token-endpoint.ts'

const type = 'oauth2_client_credentials'
const secret = 'a-shared-secret-that-is-long-enough-for-every-hash-that-there-is-in-the-list'

async function start(context: TestContext, options: OidcOptions): Promise<OidcServer> {
  const server = await startOidc(options)
  context.after(() => server[Symbol.asyncDispose]())
  return server
}

async function errorOf(promise: Promise<unknown>): Promise<SyncError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SyncError, inspect(error))
  return error
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keys = {
  RS: rsa,
  PS: rsa,
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  Ed: generateKeyPairSync('ed25519'),
}
const pemOf = ({ privateKey }: typeof rsa): string => privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

const algorithms: readonly [algorithm: string, pair: typeof rsa][] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((name) => [name, rsa] as const),
  ...(['ES256', 'ES384', 'ES512'] as const).map((name) => [name, keys[name]] as const),
  ['EdDSA', keys.Ed],
  ['Ed25519', keys.Ed],
].map(([name, pair]) => [name as string, pair as typeof rsa])

function clientOf(algorithm: string, { publicKey }: typeof rsa): OidcOptions['clients'][number] {
  return {
    client_id: 'signer',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: algorithm,
    jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] },
  }
}

const signer = { type, client_id: 'signer', client_auth: 'private_key_jwt', private_key: 'env:KEY' }

for (const [algorithm, pair] of algorithms) {
  test(`the authorization server takes private_key_jwt with ${algorithm}`, async (context) => {
    const server = await start(context, { clients: [clientOf(algorithm, pair)] })
    const world = createWorld(context, { KEY: pemOf(pair) })
    world.now = Date.now()
    const auth = authOf({ ...signer, token_url: server.tokenUrl, algorithm, key_id: 'one' }, world.deps)
    assert.equal((await server.find(await tokenOf(auth)))?.clientId, 'signer')
    await auth.renew?.(await auth.sign(request))
    await tokenOf(auth)
    assert.equal(server.requests, 2, 'each token request carries an assertion of its own')
  })
}

for (const algorithm of ['HS256', 'HS384', 'HS512']) {
  test(`the authorization server takes client_secret_jwt with ${algorithm}`, async (context) => {
    const client = {
      client_id: 'sharer',
      client_secret: secret,
      token_endpoint_auth_method: 'client_secret_jwt',
      token_endpoint_auth_signing_alg: algorithm,
    } as const
    const server = await start(context, { clients: [client] })
    const world = createWorld(context, { SECRET: secret })
    world.now = Date.now()
    const config = { type, token_url: server.tokenUrl, client_id: 'sharer', client_secret: 'env:SECRET' }
    const auth = authOf({ ...config, client_auth: 'client_secret_jwt', algorithm }, world.deps)
    assert.equal((await server.find(await tokenOf(auth)))?.clientId, 'sharer')
  })
}

for (const minutes of [-10, 10]) {
  test(`a clock that is ${minutes} minutes off does not keep a client out, and is told of`, async (context) => {
    const server = await start(context, { clients: [clientOf('RS256', rsa)] })
    const world = createWorld(context, { KEY: pemOf(rsa) })
    world.now = Date.now() + minutes * 60_000
    const said: string[] = []
    const log = { ...world.deps.log, warn: (_: object, message: string) => void said.push(message) }
    const auth = authOf({ ...signer, token_url: server.tokenUrl }, { ...world.deps, log })
    assert.equal((await server.find(await tokenOf(auth)))?.clientId, 'signer')
    assert.equal(server.requests, minutes < 0 ? 2 : server.requests)
    if (server.requests === 2) assert.match(said.join(), /^The clock of this machine is (?:599|60[01]) s /)
    await auth.renew?.(await auth.sign(request))
    const before = server.requests
    await tokenOf(auth)
    assert.equal(server.requests, before + 1, 'what was learnt of the clock is kept')
  })
}

test('a key that the server does not know is refused in its words, and no part of it is told', async (context) => {
  const server = await start(context, { clients: [clientOf('RS256', rsa)] })
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const world = createWorld(context, { KEY: pemOf(other) })
  world.now = Date.now()
  const error = await errorOf(authOf({ ...signer, token_url: server.tokenUrl }, world.deps).sign(request))
  assert.equal(error.code, 'AUTH_FAILED')
  assert.match(error.message, /401: invalid_client: .*; check client_id, client_secret and client_auth\.$/)
  assert.equal(error.details['error'], 'invalid_client')
  assert.equal(server.requests, 1, 'it is refused for the key, not for the clock')
  assert.ok(!inspect(error, { depth: 9 }).includes(pemOf(other).split('\n')[1] as string))
})

test('the assertion names the token endpoint, or the audience that is configured, and the certificate', async (context) => {
  const endpoint = await startEndpoint(context, json({ access_token: 'the-token' }))
  const identity = createSelfSigned()
  const { deps } = createWorld(context, { KEY: identity.key, CERT: identity.cert })
  const config = { ...signer, token_url: endpoint.url, certificate: 'env:CERT' }
  await tokenOf(authOf(config, deps))
  await tokenOf(authOf({ ...config, assertion_audience: 'https://issuer.example' }, deps))
  const [first, second] = endpoint.requests.map(({ body }) => new URLSearchParams(body).get('client_assertion') ?? '')
  const claims = (jwt: string): Record<string, unknown> =>
    JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  const { iss, sub, aud, iat, exp } = claims(first as string)
  assert.deepEqual(
    { iss, sub, aud, iat, exp },
    { iss: 'signer', sub: 'signer', aud: endpoint.url, iat: 1_000, exp: 1_060 },
  )
  assert.equal(claims(second as string)['aud'], 'https://issuer.example')
  assert.notEqual(claims(second as string)['jti'], claims(first as string)['jti'])
  const der = new X509Certificate(identity.cert).raw
  const header = decodeProtectedHeader(first as string)
  assert.equal(header['x5t#S256'], createHash('sha256').update(der).digest('base64url'))
  assert.equal(header.x5t, createHash('sha1').update(der).digest('base64url'))
})

test('the authorization server takes the certificate of the connection in place of a secret', async (context) => {
  const identity = createSelfSigned()
  const client = createSelfSigned({ name: 'reporting' })
  const x5c = [new X509Certificate(client.cert).raw.toString('base64')]
  const jwk = new X509Certificate(client.cert).publicKey.export({ format: 'jwk' })
  const server = await start(context, {
    tls: { ...identity, ca: [client.cert] },
    clients: [
      { client_id: 'pki', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=reporting' },
      {
        client_id: 'self',
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [{ ...jwk, x5c }] },
      },
    ],
  })
  const tls = createClientTls(
    { cert: new Secret(client.cert), key: new Secret(client.key), ca: [new Secret(identity.cert)] },
    new Set([new URL(server.tokenUrl).origin]),
    Date.now(),
  )
  const dispatcher = createDispatcher(tls)
  context.after(() => dispatcher.destroy())
  const { deps } = createWorld(context)
  const fetch = createTokenFetch(dispatcher, 5_000)
  for (const [client_id, client_auth] of [
    ['pki', 'tls_client_auth'],
    ['self', 'self_signed_tls_client_auth'],
  ]) {
    const auth = authOf({ type, token_url: server.tokenUrl, client_id, client_auth }, { ...deps, fetch })
    assert.equal((await server.find(await tokenOf(auth)))?.clientId, client_id)
  }
})

test('an assertion that the token endpoint repeats in its refusal is not in the error', async (context) => {
  const endpoint = await startEndpoint(context, (response, incoming) => {
    const sent = new URLSearchParams(endpoint.requests.at(-1)?.body).get('client_assertion')
    json({ error: 'invalid_client', error_description: `cannot verify ${sent}` }, 401)(response, incoming)
  })
  for (const [method, more] of [
    ['private_key_jwt', { private_key: 'env:KEY' }],
    ['client_secret_jwt', { client_secret: 'env:SECRET' }],
  ] as const) {
    const world = createWorld(context, { KEY: pemOf(keys.ES256), SECRET: secret })
    const auth = authOf({ type, client_id: 'me', client_auth: method, token_url: endpoint.url, ...more }, world.deps)
    const error = await errorOf(auth.sign(request))
    assert.match(error.message, /cannot verify \[secret\]/)
  }
})

const takesBasic =
  (wanted: string): Reply =>
  (response, incoming) => {
    const sent = Buffer.from((incoming.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString()
    const isRight = sent === wanted
    json(isRight ? { access_token: 'abc' } : { error: 'invalid_client' }, isRight ? 200 : 401)(response, incoming)
  }

const basic = { type, client_id: 'my-app', client_secret: 'env:SECRET' }

test('client_auth basic is tried as it is where the server does not undo the encoding, and kept to', async (context) => {
  const endpoint = await startEndpoint(context, takesBasic('my-app:p%ss w+rd'))
  const auth = authOf({ ...basic, token_url: endpoint.url }, createWorld(context, { SECRET: 'p%ss w+rd' }).deps)
  assert.equal(await tokenOf(auth), 'abc')
  assert.equal(endpoint.requests.length, 2)
  await auth.renew?.(await auth.sign(request))
  await tokenOf(auth)
  assert.equal(endpoint.requests.length, 3)
})

test('a server that undoes the encoding is asked once, and a wrong secret twice', async (context) => {
  const endpoint = await startEndpoint(context, takesBasic('my%2Dapp:p%25ss'))
  const auth = authOf({ ...basic, token_url: endpoint.url }, createWorld(context, { SECRET: 'p%ss' }).deps)
  assert.equal(await tokenOf(auth), 'abc')
  assert.equal(endpoint.requests.length, 1)
  const wrong = authOf({ ...basic, token_url: endpoint.url }, createWorld(context, { SECRET: 'other%' }).deps)
  assert.match((await errorOf(wrong.sign(request))).message, /invalid_client/)
  assert.equal(endpoint.requests.length, 3)
  const plain = authOf(
    { ...basic, client_id: 'app', token_url: endpoint.url },
    createWorld(context, { SECRET: 'other' }).deps,
  )
  await errorOf(plain.sign(request))
  assert.equal(endpoint.requests.length, 4)
})

test('an answer that refuses the grant does not have the client named in another way', async (context) => {
  const endpoint = await startEndpoint(context, json({ error: 'invalid_grant' }, 401))
  const auth = authOf({ ...basic, token_url: endpoint.url }, createWorld(context, { SECRET: 'p%ss' }).deps)
  await errorOf(auth.sign(request))
  assert.equal(endpoint.requests.length, 1)
})
