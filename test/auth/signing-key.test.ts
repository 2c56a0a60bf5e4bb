import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { jwtVerify } from 'jose'
import { signAssertion } from '../../src/auth/assertion/assertion.ts'
import { type SigningKey, readPrivateKey, readSharedKey } from '../../src/auth/assertion/signing-key.ts'
import { SyncError } from '../../src/base/errors.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { es256, hs256, payload, rs256 } from './rfc7515.ts'

const read = (text: string, algorithm?: 'RS256' | 'PS256' | 'ES256'): SigningKey =>
  readPrivateKey(new Secret(text), { where: 'auth.private_key', algorithm })

function refusalOf(text: string, algorithm?: 'RS256' | 'ES256'): SyncError {
  try {
    read(text, algorithm)
  } catch (thrown) {
    assert.ok(thrown instanceof SyncError, inspect(thrown))
    return thrown
  }
  return assert.fail('the key was taken')
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pkcs8 = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

test('the keys of RFC 7515 sign what its appendix A shows', () => {
  const input = Buffer.from(`${rs256.header}.${payload}`)
  const { key, algorithm } = read(JSON.stringify(rs256.jwk))
  assert.equal(algorithm, 'RS256')
  assert.ok(!(key instanceof Uint8Array))
  assert.equal(sign('sha256', input, key).toString('base64url'), rs256.signature)

  const ec = read(JSON.stringify(es256.jwk))
  assert.equal(ec.algorithm, 'ES256')
  assert.ok(!(ec.key instanceof Uint8Array))
  const publicKey = { key: createPublicKey(ec.key), dsaEncoding: 'ieee-p1363' } as const
  const shown = Buffer.from(es256.signature, 'base64url')
  assert.ok(verify('sha256', Buffer.from(`${es256.header}.${payload}`), publicKey, shown))

  const bytes = Buffer.from(hs256.key, 'base64url')
  const mac = createHmac('sha256', bytes).update(`${hs256.header}.${payload}`).digest('base64url')
  assert.equal(mac, hs256.signature)
})

test('an assertion has the header and the claims of the example in RFC 7523', async () => {
  const signing = { ...read(JSON.stringify(es256.jwk)), keyId: '16' }
  const claims = {
    iss: 'https://jwt-idp.example.com',
    sub: 'mailto:mike@example.com',
    aud: 'https://jwt-rp.example.net',
    nbf: 1300815780,
    'http://claims.example.com/member': true,
  }
  const jwt = await signAssertion(signing, { claims, now: 1_300_815_780_000, lifetime: 3_600_000 })
  const key = createPublicKey(read(JSON.stringify(es256.jwk)).key as never)
  const { payload: seen, protectedHeader } = await jwtVerify(jwt, key, { currentDate: new Date(1_300_815_790_000) })
  const { iat, jti, ...rest } = seen
  assert.deepEqual(protectedHeader, { alg: 'ES256', typ: 'JWT', kid: '16' })
  assert.deepEqual(rest, { ...claims, exp: 1300819380 })
  assert.equal(iat, 1300815780)
  assert.equal(jti?.length, 36)
})

test('PEM is read as PKCS#8, PKCS#1 and SEC1, also in one line with written line breaks', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  const ed = generateKeyPairSync('ed25519').privateKey
  const forms: readonly [string, string][] = [
    [pkcs8, 'RS256'],
    [rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(), 'RS256'],
    [ec.export({ type: 'sec1', format: 'pem' }).toString(), 'ES384'],
    [ec.export({ type: 'pkcs8', format: 'pem' }).toString(), 'ES384'],
    [ed.export({ type: 'pkcs8', format: 'pem' }).toString(), 'EdDSA'],
    [pkcs8.replaceAll('\n', String.raw`\n`), 'RS256'],
    [pkcs8.replaceAll('\n', '\r\n'), 'RS256'],
    [JSON.stringify({ ...ed.export({ format: 'jwk' }), alg: 'Ed25519' }), 'Ed25519'],
  ]
  for (const [text, algorithm] of forms) {
    const signing = read(text)
    assert.equal(signing.algorithm, algorithm, text.slice(0, 40))
    const jwt = await signAssertion(signing, { claims: {}, now: Date.now(), lifetime: 60_000 })
    await jwtVerify(jwt, createPublicKey(signing.key as never))
  }
})

test('the algorithm asked for is taken where the key can do it, and a JWK brings its own and its kid', () => {
  assert.equal(read(pkcs8, 'PS256').algorithm, 'PS256')
  const jwk = rsa.privateKey.export({ format: 'jwk' })
  const { algorithm, keyId } = read(JSON.stringify({ ...jwk, alg: 'PS384', kid: 'first' }))
  assert.deepEqual([algorithm, keyId], ['PS384', 'first'])
  assert.match(refusalOf(pkcs8, 'ES256').message, /does not fit algorithm ES256: it can sign RS256, /)
})

test('a shared secret signs with HMAC', async () => {
  for (const algorithm of ['HS256', 'HS384', 'HS512'] as const) {
    const signing = readSharedKey(new Secret('short but theirs'), algorithm)
    const jwt = await signAssertion(signing, { claims: { iss: 'me' }, now: Date.now(), lifetime: 60_000 })
    const { protectedHeader } = await jwtVerify(jwt, signing.key)
    assert.equal(protectedHeader.alg, algorithm)
  }
})

const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'correct horse' } as const
const legacy = { type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'correct horse' } as const
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey

const unusable: readonly [name: string, text: string, message: RegExp][] = [
  ['encrypted', rsa.privateKey.export(encrypted).toString(), /is encrypted with a passphrase/],
  ['encrypted in the old way', rsa.privateKey.export(legacy).toString(), /is encrypted with a passphrase/],
  ['public', rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(), /is a public key/],
  ['public, as a JWK', JSON.stringify(rsa.publicKey.export({ format: 'jwk' })), /is a public key/],
  ['cut off', `${pkcs8.slice(0, 400)}\n-----END PRIVATE KEY-----\n`, /cannot be read: check that it was stored whole/],
  ['a password', 'hunter2-hunter2', /is no private key: expected PEM/],
  ['a whole key file', JSON.stringify({ type: 'service_account', private_key: pkcs8 }), /NAME#private_key/],
  ['a set of keys', JSON.stringify({ keys: [] }), /is a set of keys/],
  ['no JSON after all', '{ "kty": ', /begins like JSON but is none/],
  ['a JWK without its members', '{"kty":"RSA","d":"AQAB"}', /is a JWK that cannot be read/],
  ['too weak', weak.export({ type: 'pkcs8', format: 'pem' }).toString(), /RSA of 2048 bits or more/],
  [
    'for key agreement',
    generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    /signs no token/,
  ],
]
for (const [name, text, message] of unusable) {
  test(`a key that is ${name} is refused in one sentence, which does not quote it`, () => {
    const error = refusalOf(text)
    assert.equal(error.code, 'CONFIG_INVALID')
    assert.match(error.message, message)
    const shown = inspect(error, { depth: 9, showHidden: true })
    for (const line of text.split('\n').filter((part) => part.length > 20 && !part.startsWith('-----'))) {
      assert.ok(!shown.includes(line.slice(0, 20)), 'the message holds a part of the key')
    }
  })
}
