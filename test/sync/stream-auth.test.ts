import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createApp } from '../../src/run/app.ts'
import { createSelfSigned } from '../support/self-signed.ts'
import { type Harness, createHarness } from './harness.ts'

interface Seen {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Server {
  readonly url: string
  readonly seen: readonly Seen[]
}

type Answer = (seen: Seen) => object

interface Identity {
  readonly cert: string
  readonly key: string
}

async function serve(
  context: TestContext,
  answer: Answer,
  tls?: Identity & { readonly ca: string[]; readonly requestCert: boolean },
): Promise<Server> {
  const seen: Seen[] = []
  const server = tls ? createSecureServer(tls) : createServer()
  server.on('request', (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() }
      seen.push(one)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(one)))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

function open(context: TestContext, baseUrl: string, connector: string): Harness {
  const harness = createHarness(baseUrl)
  context.after(() => harness[Symbol.dispose]())
  harness.connector = connector
  return harness
}

const rows: Answer = () => [{ id: 1 }]
const env = { ID: 'client-one', SECRET: 'secret-of-client-one', OTHER: 'secret-of-client-two', KEY: 'key-for-reports' }
const app = createApp(env, { logLevel: 'silent' })
const overrides = { secretStore: app.secretStore.bind(app) }

test('a stream with an auth of its own signs by it, and each sign-in is done once for all that share it', async (context) => {
  const api = await serve(context, rows)
  let tokens = 0
  const authority = await serve(context, () => ({ access_token: `token-${++tokens}`, expires_in: 3600 }))
  const sign = (id: string, secret: string): string =>
    `{ type: oauth2_client_credentials, token_url: "${authority.url}/token", client_id: ${id}, client_secret: "env:${secret}" }`
  const stream = (name: string, more = ''): string => `  - { name: ${name}, path: /${name}${more} }\n`
  const harness = open(
    context,
    api.url,
    `auth: ${sign('one', 'SECRET')}\nstreams:\n` +
      stream('first') +
      stream('second', `, auth: ${sign('two', 'OTHER')}`) +
      stream('third') +
      stream('fourth', `, auth: ${sign('two', 'OTHER')}`) +
      stream('open', ', auth: { type: none }') +
      stream('keyed', ', auth: [{ type: api_key, name: X-Key, value: "env:KEY" }]'),
  )
  const record = await harness.run({}, overrides)
  assert.equal(record.status, 'complete', JSON.stringify(record))
  const signed = Object.fromEntries(api.seen.map(({ path, headers }) => [path, headers.authorization]))
  assert.deepEqual(signed, {
    '/first': 'Bearer token-1',
    '/second': 'Bearer token-2',
    '/third': 'Bearer token-1',
    '/fourth': 'Bearer token-2',
    '/open': undefined,
    '/keyed': undefined,
  })
  assert.equal(api.seen.find(({ path }) => path === '/keyed')?.headers['x-key'], 'key-for-reports')
  assert.equal(api.seen.filter(({ headers }) => headers['x-key'] !== undefined).length, 1)
  assert.equal(authority.seen.length, 2)
  const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
  const encoded = (secret: string): string => secret.replaceAll('-', '%2D')
  assert.deepEqual(
    authority.seen.map(({ headers }) => headers.authorization),
    [basic('one', encoded(env.SECRET)), basic('two', encoded(env.OTHER))],
    'the token endpoint needs no entry among origins, and gets the credential of its own client alone',
  )
  assert.ok(authority.seen.every(({ headers, body }) => headers['x-key'] === undefined && !body.includes('key-for')))
})

test('a missing secret is told with the stream that needs it', async (context) => {
  const api = await serve(context, rows)
  const harness = open(
    context,
    api.url,
    'auth: { type: bearer, token: "env:KEY" }\nstreams:\n  - { name: a, path: /a }\n' +
      '  - { name: b, path: /b, auth: { type: bearer, token: "env:ABSENT" } }\n',
  )
  const { error } = await harness.run({}, overrides)
  assert.equal(error?.code, 'SECRET_MISSING')
  assert.match(
    error?.message ?? '',
    /env:ABSENT \(needed for streams\[1\]\.auth\.token, used by stream b of api\.yaml\)/,
  )
  assert.equal(api.seen.length, 0)
})

test('a key that is of no use ends the run before any request, whichever stream has it', async (context) => {
  const api = await serve(context, rows)
  const harness = open(
    context,
    api.url,
    'streams:\n  - { name: a, path: /a }\n  - { name: b, path: /b, auth: { type: jwt_bearer, token_url: "https://a.example/t", issuer: me, private_key: "env:KEY" } }\n',
  )
  const { error } = await harness.run({}, overrides)
  assert.equal(error?.code, 'CONFIG_INVALID')
  assert.match(error?.message ?? '', /^Stream b: The secret of auth\.private_key is no private key: expected PEM/)
  assert.equal(api.seen.length, 0)
})

test('the rules for credentials hold for the auth of a stream too', async (context) => {
  const refused: readonly [string, RegExp][] = [
    ['{ type: bearer, token: hunter2-hunter2 }', /streams\[0\]\.auth.*token.*reference to a secret/],
    ['{ type: bearer, token: "env:KEY", tokn: x }', /unknown key/],
    [
      '{ type: jwt_bearer, token_url: "https://a.example/t", issuer: me, private_key: "env:KEY", claims: { password: hunter2 } }',
      /streams\[0\]\.auth\.claims\.password: expected a reference/,
    ],
    [
      '{ type: oauth2_client_credentials, token_url: "https://a.example/t", client_id: me, client_auth: tls_client_auth }',
      /streams\[0\]\.auth\.client_auth: tls_client_auth proves who the client is by its certificate: add tls:/,
    ],
  ]
  for (const [auth, message] of refused) {
    const harness = open(context, 'https://api.example', `streams:\n  - { name: a, path: /a, auth: ${auth} }\n`)
    await assert.rejects(harness.run({}, overrides), { code: 'CONFIG_INVALID', message })
  }
  const plain = open(
    context,
    'http://api.example',
    'streams:\n  - { name: a, path: /a, auth: { type: bearer, token: "env:KEY" } }\n',
  )
  await assert.rejects(plain.run({}, overrides), { code: 'CONFIG_INVALID', message: /base_url: expected https:\/\// })
  const inDefaults = open(
    context,
    'http://127.0.0.1:9',
    'defaults: { auth: { type: none } }\nstreams:\n  - { name: a, path: /a }\n',
  )
  await assert.rejects(inDefaults.run({}, overrides), {
    code: 'CONFIG_INVALID',
    message: /defaults\.auth: unknown key: it belongs into each stream/,
  })
})

test('API and token endpoint get the certificate of tls, and its connections end with the run', async (context) => {
  const identity = createSelfSigned()
  const client = createSelfSigned({ name: 'reporting' })
  const tls = { ...identity, ca: [client.cert], requestCert: true }
  const authority = await serve(context, () => ({ access_token: 'the-token', expires_in: 3600 }), tls)
  const api = await serve(context, rows, tls)
  const harness = open(
    context,
    api.url,
    `auth: { type: oauth2_client_credentials, token_url: "${authority.url}/token", client_id: me, client_auth: tls_client_auth }\n` +
      'tls: { cert: "env:CERT", key: "env:PRIVATE", ca: ["env:CA"] }\nstreams:\n  - { name: a, path: /a }\n',
  )
  const secured = createApp({ CERT: client.cert, PRIVATE: client.key, CA: identity.cert }, { logLevel: 'silent' })
  const record = await harness.run({}, { secretStore: secured.secretStore.bind(secured) })
  assert.equal(record.status, 'complete', JSON.stringify(record))
  assert.equal(api.seen[0]?.headers.authorization, 'Bearer the-token')
  assert.equal(authority.seen.length, 1)

  const swapped = createApp({ CERT: client.cert, PRIVATE: identity.key, CA: identity.cert }, { logLevel: 'silent' })
  const { error } = await harness.run({}, { secretStore: swapped.secretStore.bind(swapped) })
  assert.equal(error?.code, 'CONFIG_INVALID')
  assert.match(error?.message ?? '', /The secret of tls\.key does not belong to the certificate of tls\.cert/)
  assert.equal(api.seen.length, 1)
})

test('the certificate of tls is shown to the endpoint of a login, wherever it is', async (context) => {
  const identity = createSelfSigned()
  const client = createSelfSigned({ name: 'reporting' })
  const tls = { ...identity, ca: [client.cert], requestCert: true }
  const authority = await serve(context, () => ({ token: 'the-token' }), tls)
  const api = await serve(context, rows, tls)
  const harness = open(
    context,
    api.url,
    `auth: { type: login, request: { url: "${authority.url}/login" }, token: $.token }\n` +
      'tls: { cert: "env:CERT", key: "env:PRIVATE", ca: ["env:CA"] }\nstreams:\n  - { name: a, path: /a }\n',
  )
  const secured = createApp({ CERT: client.cert, PRIVATE: client.key, CA: identity.cert }, { logLevel: 'silent' })
  const record = await harness.run({}, { secretStore: secured.secretStore.bind(secured) })
  assert.equal(record.status, 'complete', JSON.stringify(record))
  assert.equal(api.seen[0]?.headers.authorization, 'Bearer the-token')
})
