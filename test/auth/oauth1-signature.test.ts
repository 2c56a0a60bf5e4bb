import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  type OAuth1Client,
  type OAuth1Token,
  authorizeOAuth1,
  createNonce,
  oauth1Methods,
  signatureBase,
} from '../../src/auth/signature/oauth1-signature.ts'
import type { ApiRequest } from '../../src/http/send.ts'
import { type SignedCall, skipOAuth1, startOAuth1 } from '../support/oauth1/provider.ts'

const photos: OAuth1Client = {
  consumerKey: 'dpf43f3p2l4k3l03',
  consumerSecret: 'kd94hf93k423kf44',
  signature: 'HMAC-SHA1',
  realm: 'Photos',
}

const form = { 'content-type': 'application/x-www-form-urlencoded' }

test('the three requests of RFC 5849 section 1.2 are signed as they stand there', () => {
  const request = { method: 'POST', headers: {} } as const
  const initiate = authorizeOAuth1(
    {
      request: { ...request, url: 'https://photos.example.net/initiate' },
      now: 137_131_200_000,
      nonce: 'wIjqoS',
      extra: { oauth_callback: 'http://printer.example.com/ready' },
    },
    photos,
  )
  const expected = [
    'OAuth realm="Photos"',
    'oauth_consumer_key="dpf43f3p2l4k3l03"',
    'oauth_signature_method="HMAC-SHA1"',
    'oauth_timestamp="137131200"',
    'oauth_nonce="wIjqoS"',
    'oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready"',
    'oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D"',
  ]
  assert.equal(initiate, expected.join(', '))
  const token = authorizeOAuth1(
    {
      request: { ...request, url: 'https://photos.example.net/token' },
      token: { token: 'hh5s93j4hdidpola', secret: 'hdhd0244k9j7ao03' },
      now: 137_131_201_000,
      nonce: 'walatlh',
      extra: { oauth_verifier: 'hfdp7dh39dks9884' },
    },
    photos,
  )
  assert.match(token, /oauth_signature="gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D"$/)
  const resource = authorizeOAuth1(
    {
      request: { ...request, method: 'GET', url: 'http://photos.example.net/photos?file=vacation.jpg&size=original' },
      token: { token: 'nnch734d00sl2jdk', secret: 'pfkkdhi9sl3r4s00' },
      now: 137_131_202_000,
      nonce: 'chapoH',
    },
    photos,
  )
  assert.match(resource, /oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"$/)
})

const example: ApiRequest = {
  method: 'POST',
  url: 'http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b',
  headers: form,
  body: 'c2&a3=2+q',
}

test('the base string is that of RFC 5849 section 3.4.1.1, duplicate and empty parameters, %20 and + included', () => {
  const params = [
    ['oauth_consumer_key', '9djdj82h48djs9d2'],
    ['oauth_token', 'kkk9d7dh3k39sjv7'],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', '137131201'],
    ['oauth_nonce', '7d8f3e4a'],
  ] as const
  const expected =
    'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D' +
    '%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1' +
    '%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7'
  assert.equal(signatureBase(example, params), expected)
})

const bases: Readonly<Record<string, readonly [Partial<ApiRequest>, string]>> = {
  'the host in lower case, no port that http implies (3.4.1.2)': [
    { url: 'http://EXAMPLE.COM:80/r%20v/X?id=123' },
    'http%3A%2F%2Fexample.com%2Fr%2520v%2FX&id%3D123',
  ],
  'a port of its own (3.4.1.2)': [
    { url: 'https://www.example.net:8080/?q=1' },
    'https%3A%2F%2Fwww.example.net%3A8080%2F&q%3D1',
  ],
  'port 443 of http': [{ url: 'http://a.example:443' }, 'http%3A%2F%2Fa.example%3A443%2F&'],
  'an IPv6 host': [{ url: 'https://[2001:DB8::1]:443/a' }, 'https%3A%2F%2F%5B2001%3Adb8%3A%3A1%5D%2Fa&'],
  'characters beyond ASCII': [
    { url: 'https://a.example/ü?ß=é' },
    'https%3A%2F%2Fa.example%2F%25C3%25BC&%25C3%259F%3D%25C3%25A9',
  ],
  'percent escapes in lower case': [
    { url: 'https://a.example/%c3?a=%c3%a9%7e' },
    'https%3A%2F%2Fa.example%2F%25c3&a%3D%25C3%25A9~',
  ],
  'bytes that are no UTF-8': [{ url: 'https://a.example/?a=%ff%FE' }, 'https%3A%2F%2Fa.example%2F&a%3D%25FF%25FE'],
  'a percent sign alone': [
    { url: 'https://a.example/?a=5%&b=%zz' },
    'https%3A%2F%2Fa.example%2F&a%3D5%2525%26b%3D%2525zz',
  ],
  'an equals sign in a value': [{ url: 'https://a.example/?a=b=c&&' }, 'https%3A%2F%2Fa.example%2F&a%3Db%253Dc'],
  'names in the order of their encoded bytes': [
    { url: 'https://a.example/?a%3D=1&a=2&a-b=3&a.=4&A=5&a=1' },
    'https%3A%2F%2Fa.example%2F&A%3D5%26a%3D1%26a%3D2%26a%253D%3D1%26a-b%3D3%26a.%3D4',
  ],
  'a fragment left out': [{ url: 'https://a.example/x?a=1#b' }, 'https%3A%2F%2Fa.example%2Fx&a%3D1'],
  'a form with a charset': [
    {
      url: 'https://a.example',
      headers: { 'content-type': 'Application/X-WWW-Form-urlencoded; charset=utf-8' },
      body: 'a=ü+%2b',
    },
    'https%3A%2F%2Fa.example%2F&a%3D%25C3%25BC%2520%252B',
  ],
  'no JSON body': [
    { url: 'https://a.example', headers: { 'content-type': 'application/json' }, body: '{"a":1}' },
    'https%3A%2F%2Fa.example%2F&',
  ],
}

for (const [what, [request, expected]] of Object.entries(bases)) {
  test(`the base string has ${what}`, () => {
    assert.equal(signatureBase({ method: 'GET', url: '', headers: {}, ...request }, []), `GET&${expected}`)
  })
}

test('PLAINTEXT is the two secrets, encoded (RFC 5849 section 3.4.4)', () => {
  const call = { request: example, token: { token: 't', secret: 'dh893 %&' }, now: 0, nonce: 'n' }
  const header = authorizeOAuth1(call, { ...photos, signature: 'PLAINTEXT', consumerSecret: 'j49/=' })
  assert.ok(header.endsWith('oauth_signature="j49%252F%253D%26dh893%2520%2525%2526"'), header)
})

test('quotes in a realm are escaped', () => {
  const header = authorizeOAuth1({ request: example, now: 0, nonce: 'n' }, { ...photos, realm: String.raw`a"b\c` })
  assert.ok(header.startsWith(String.raw`OAuth realm="a\"b\\c", oauth_consumer_key=`))
})

/** Everything that oauthlib takes for a query or form, encoded in one of the ways in which people encode. */
const written = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a',
        'Z',
        '0',
        '-',
        '.',
        '_',
        '~',
        '+',
        '%20',
        '%2b',
        '%2B',
        '%25',
        '%26',
        '%3d',
        '%C3%A9',
        '%c3%a9',
      ),
      fc.constantFrom('*', '(', ')', "'", '!', '$', ',', '@', '/', '?', ':', '%2A', '%7E', '%0A', '%00'),
      fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => encodeURIComponent(text.toWellFormed())),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''))

const query = fc
  .array(
    fc.tuple(written, fc.option(written)).map(([name, value]) => (value === null ? `n${name}` : `n${name}=${value}`)),
    { maxLength: 6 },
  )
  .map((pairs) => pairs.join('&'))

const origin = fc.constantFrom(
  'http://api.example',
  'https://API.Example:443',
  'http://api.example:80',
  'https://api.example:8443',
  'http://127.0.0.1:8080',
  'http://[2001:db8::1]:8080',
  'https://[::1]',
  'https://1234567-sb1.suitetalk.api.netsuite.com',
)

const path = fc
  .array(
    fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => encodeURIComponent(text.toWellFormed())),
    { maxLength: 3 },
  )
  .map((segments) => `/${segments.filter((segment) => !/^\.+$/.test(segment)).join('/')}`)

const sample = fc.record({
  origin,
  path,
  query,
  body: fc.option(query),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH') as fc.Arbitrary<ApiRequest['method']>,
  signature: fc.constantFrom(...oauth1Methods),
  legs: fc.constantFrom('two', 'three'),
  spoil: fc.boolean(),
})

suite('oauthlib as the judge', { skip: skipOAuth1 }, () => {
  test('every signature is accepted, two-legged and three-legged, and none of a request that was changed on its way', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const consumerSecret = 'c&s %+=é'
    const token: OAuth1Token = { token: 'tk/ +', secret: 's%20=&' }
    await using provider = await startOAuth1({
      clients: {
        'key +/ü': { secret: consumerSecret, rsa_key: publicKey.export({ format: 'pem', type: 'spki' }).toString() },
      },
      tokens: { [token.token]: { client: 'key +/ü', secret: token.secret } },
    })
    const samples = fc.sample(sample, { numRuns: 400 })
    const calls = samples.map((one): SignedCall => {
      const url = new URL(`${one.origin}${one.path}?${one.query}`).href
      const body = one.body ?? undefined
      const request: ApiRequest = {
        method: one.method,
        url,
        headers: body === undefined ? {} : form,
        ...(body !== undefined && { body }),
      }
      const client: OAuth1Client = { consumerKey: 'key +/ü', consumerSecret, privateKey, signature: one.signature }
      const call = { request, now: Date.now(), nonce: createNonce(), extra: { oauth_version: '1.0' } }
      const header = authorizeOAuth1({ ...call, token: one.legs === 'three' ? token : undefined }, client)
      const headers = { Authorization: header, ...(body !== undefined && { 'Content-Type': form['content-type'] }) }
      return { uri: one.spoil ? changed(url) : url, method: one.method, headers, body }
    })
    const verdicts = await provider.verify(calls)
    for (const [at, { signature, spoil }] of samples.entries()) {
      // PLAINTEXT signs nothing of the request.
      assert.equal(verdicts[at], !spoil || signature === 'PLAINTEXT', JSON.stringify([samples[at], calls[at]]))
    }
    assert.ok(new Set(verdicts).size === 2)
  })
})

function changed(url: string): string {
  return `${url}${url.endsWith('?') || url.endsWith('&') ? '' : '&'}more=1`
}
