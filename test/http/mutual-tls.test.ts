import assert from 'node:assert/strict'
import { type ServerOptions, createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { inspect } from 'node:util'
import { SyncError } from '../../src/base/errors.ts'
import { type TlsSecrets, createClientTls } from '../../src/http/client-tls.ts'
import { createDispatcher } from '../../src/http/dispatcher.ts'
import { findTlsFailure } from '../../src/http/tls-failure.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { createSelfSigned } from '../support/self-signed.ts'
import { type TestClient, failsWith, testClient } from './support.ts'

const server = createSelfSigned()
const client = createSelfSigned({ name: 'reporting' })
const stranger = createSelfSigned({ name: 'stranger' })

interface Api {
  readonly origin: string
  /** The subject of the certificate that came with each request; undefined where none came. */
  readonly seen: (string | undefined)[]
}

async function startApi(context: TestContext, options: ServerOptions = {}): Promise<Api> {
  const seen: (string | undefined)[] = []
  const api = createServer({ ...server, ...options }, (request, response) => {
    seen.push((request.socket as TLSSocket).getPeerX509Certificate()?.subject)
    response.end('{}')
  })
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    api.closeAllConnections()
    api.close()
  })
  return { origin: `https://127.0.0.1:${(api.address() as AddressInfo).port}`, seen }
}

/** The TLS 1.2 of Node says by an alert that it wants a certificate; its TLS 1.3 merely closes the connection. */
const guarded: ServerOptions = { ca: [client.cert], requestCert: true, maxVersion: 'TLSv1.2' }

function secretsOf(pems: { cert?: string; key?: string; ca?: string }): TlsSecrets {
  const { cert, key, ca } = pems
  return {
    ...(cert && { cert: new Secret(cert) }),
    ...(key && { key: new Secret(key) }),
    ...(ca && { ca: [new Secret(ca)] }),
  }
}

interface ClientOptions {
  readonly pems: { cert?: string; key?: string; ca?: string }
  /** Those that get the certificate. */
  readonly origins: readonly string[]
  readonly allowed?: readonly string[]
}

function clientOf(context: TestContext, { pems, origins, allowed = origins }: ClientOptions): TestClient {
  const dispatcher = createDispatcher(createClientTls(secretsOf(pems), new Set(origins), Date.now()))
  const known = new Map(allowed.map((origin) => [origin, { credentials: origins.includes(origin) }]))
  return testClient(context, allowed[0] as string, { dispatcher, origins: known })
}

test('a server that asks for a certificate gets ours', async (context) => {
  const api = await startApi(context, { ...guarded, maxVersion: 'TLSv1.3' })
  const { get } = clientOf(context, { pems: { ...client, ca: server.cert }, origins: [api.origin] })
  assert.equal((await get('/')).status, 200)
  assert.deepEqual(api.seen, ['CN=reporting'])
})

test('a further authority is trusted beside those of the system, and without a certificate too', async (context) => {
  const api = await startApi(context)
  const { get } = clientOf(context, { pems: { ca: server.cert }, origins: [api.origin] })
  assert.equal((await get('/')).status, 200)
  const other = clientOf(context, { pems: { ca: stranger.cert }, origins: [api.origin] })
  const error = await failsWith(other.get('/'), 'TLS_FAILED')
  assert.match(error.message, /name it under `tls: \{ca: file:ca\.pem\}`/)
  assert.equal(error.details['attempts'], 1)
})

test('an origin that may have no credentials does not see the certificate, though it asks for one', async (context) => {
  const api = await startApi(context, guarded)
  const foreign = await startApi(context, guarded)
  const allowed = [api.origin, foreign.origin]
  const { get, send } = clientOf(context, { pems: { ...client, ca: server.cert }, origins: [api.origin], allowed })
  await get('/')
  await failsWith(send({ url: `${foreign.origin}/` }), 'TLS_FAILED')
  assert.deepEqual(api.seen, ['CN=reporting'])
  assert.deepEqual(foreign.seen, [], 'it would have let us in, had it seen the certificate')
})

test('a server that does not get the certificate it wants is not asked again', async (context) => {
  const api = await startApi(context, guarded)
  const { get } = clientOf(context, { pems: { ca: server.cert }, origins: [api.origin] })
  const error = await failsWith(get('/'), 'TLS_FAILED')
  assert.match(error.message, /a client certificate that it knows .*`tls: \{cert: secret:NAME, key: secret:NAME\}`/)
  assert.equal(error.details['attempts'], 1)
  assert.deepEqual(api.seen, [])
})

test('https to a port that speaks plain http is said at once', async (context) => {
  const { createServer: createPlain } = await import('node:http')
  const plain = createPlain((_, response) => void response.end('{}'))
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
  context.after(() => plain.close())
  const origin = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`
  const error = await failsWith(clientOf(context, { pems: {}, origins: [origin] }).get('/'), 'TLS_FAILED')
  assert.match(error.message, /does not speak TLS 1\.2 or later .*check the scheme and the port/)
})

const expired = createSelfSigned({ to: '20240229000000Z' })
const early = createSelfSigned({ from: '20980101000000Z' })

const unusable: readonly [name: string, pems: { cert?: string; key?: string; ca?: string }, message: RegExp][] = [
  ['the key of another', { cert: client.cert, key: stranger.key }, /tls\.key does not belong to the certificate/],
  ['an expired certificate', expired, /tls\.cert expired on 2024-02-29: ask the provider/],
  ['a certificate of the future', early, /tls\.cert is valid only from 2098-01-01 on/],
  ['a key in place of the certificate', { cert: client.key, key: client.key }, /tls\.cert is no certificate/],
  ['a certificate in place of the key', { cert: client.cert, key: client.cert }, /tls\.key is a public key or a cert/],
  ['an authority that is none', { ca: 'hunter2' }, /tls\.ca is no certificate/],
]
for (const [name, pems, message] of unusable) {
  test(`${name} is refused in one sentence before anything is sent`, () => {
    assert.throws(
      () => createClientTls(secretsOf(pems), new Set(), Date.UTC(2025, 0, 1)),
      (thrown: unknown) => {
        assert.ok(thrown instanceof SyncError)
        assert.equal(thrown.code, 'CONFIG_INVALID')
        assert.match(thrown.message, message)
        assert.ok(!inspect(thrown, { depth: 9 }).includes('hunter2'))
        return true
      },
    )
  })
}

test('what a failed handshake says is told apart from a broken connection', () => {
  for (const code of ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'])
    assert.equal(findTlsFailure(code)?.side, 'client', code)
  for (const code of ['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'])
    assert.equal(findTlsFailure(code)?.side, 'server', code)
  for (const code of ['ECONNRESET', 'UND_ERR_SOCKET', 'ENOTFOUND', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'])
    assert.equal(findTlsFailure(code), undefined, code)
})
