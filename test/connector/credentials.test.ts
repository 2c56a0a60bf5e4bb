import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secretRefs } from '../../src/connector/secret-refs.ts'
import { SyncError } from '../../src/base/errors.ts'
import { example } from './example.ts'
import { load, onlyProblem, places, withStreams } from './support.ts'

const bearer = 'auth: { type: bearer, token: secret:t }\n'
const stream = '  - { name: s }\n'

/** The same refusal, and not a trace of the credential in what is said about it. */
function assertRefused(text: string, pattern: RegExp): void {
  assert.throws(
    () => load(text),
    (error) => {
      assert(error instanceof SyncError)
      assert.equal(error.code, 'CONFIG_INVALID')
      assert.match(error.message, pattern)
      assert.doesNotMatch(JSON.stringify([error.message, error.details, error.stack]), /hunter2/)
      return true
    },
  )
}

test('a literal secret is refused and never repeated', () => {
  assertRefused(
    withStreams(stream, 'auth: { type: bearer, token: hunter2 }\n'),
    /:3:30 auth\.token: expected a reference to a secret/,
  )
  assertRefused(withStreams(stream, 'auth: { type: bearer, token: *hunter2 }\n'), /:3:30 auth\.token: this alias/)
  assertRefused(withStreams(stream, 'auth: { type: bearer, token: !hunter2 x }\n'), /:3:30 tags/)
  assertRefused(
    withStreams(stream, 'auth: { type: bearer, token: "hunter2\n'),
    /is missing here|does not belong here|indentation/,
  )
  const token =
    'auth: { type: oauth2_client_credentials, token_url: https://a.example/t, client_id: a, client_secret: secret:s, extra: { password: hunter2 } }\n'
  assertRefused(withStreams(stream, token), /auth\.extra\.password: expected a reference to a secret/)
})

test('a credential among headers, parameters or in a body is refused and never repeated', () => {
  assertRefused(
    withStreams('  - { name: s, headers: { Authorization: Bearer hunter2 } }\n'),
    /:4:27 streams\[0\]\.headers\.Authorization: a credential does not belong here/,
  )
  assertRefused(withStreams(stream, 'headers: { X-Api-Key: hunter2 }\n'), /headers\.X-Api-Key/)
  assertRefused(withStreams(stream, 'params: { api_key: hunter2 }\n'), /params\.api_key/)
  assertRefused(
    withStreams('  - { name: s, method: POST, body: { login: { password: hunter2 } } }\n'),
    /body\.login\.password/,
  )
  assert.match(onlyProblem(withStreams(stream, 'params: { sig: secret:acme }\n')), /looked up inside auth only/)
})

test('user:password@ is refused in every URL and never repeated', () => {
  const url = 'https://me:hunter2@api.acme.example'
  assertRefused(
    withStreams(stream).replace('https://api.acme.example', url),
    /base_url: expected a URL without user:password@/,
  )
  assertRefused(
    withStreams(`  - { name: s, url: "${url}/x" }\n`),
    /streams\[0\]\.url: expected a URL without user:password@/,
  )
  assertRefused(withStreams(stream, `origins: ["${url}"]\n`), /origins\[0\]: expected a URL without user:password@/)
  assertRefused(withStreams(stream).replace('https://api', 'https://hunter2@api'), /base_url: expected a URL without/)
  const token = `auth: { type: oauth2_client_credentials, token_url: "${url}", client_id: a, client_secret: secret:s }\n`
  assertRefused(withStreams(stream, token), /auth\.token_url: expected a URL without user:password@/)
})

test('plain http carries a credential to this machine only', () => {
  const at = (url: string, head = bearer) => withStreams(stream, head).replace('https://api.acme.example/v1', url)
  assert.match(onlyProblem(at('http://api.acme.example')), /^2:11 base_url: expected https:\/\//)
  assert.match(onlyProblem(at('http://127.0.0.1.nip.io')), /expected https/)
  assert.match(onlyProblem(at('http://localhost.evil.example')), /expected https/)
  for (const url of ['http://127.0.0.1:8080', 'http://localhost:8080', 'http://[::1]:8080', 'http://api.localhost'])
    load(at(url))
  load(at('http://api.acme.example', ''))
  assert.match(
    onlyProblem(withStreams(stream, `${bearer}origins: [http://b.example]\n`)),
    /^4:11 origins\[0\]: expected https/,
  )
  load(withStreams(stream, `${bearer}origins: [{ url: http://b.example, credentials: false }]\n`))
  const listed = `${bearer}origins: [{ url: http://b.example, credentials: false }]\n`
  load(withStreams('  - { name: s, url: http://b.example/x }\n', listed))
  const trusted = `${bearer}origins: [http://b.example]\n`
  assert.deepEqual(places(withStreams('  - { name: s, url: http://b.example/x }\n', trusted)), [
    '4:11 origins[0]',
    '6:21 streams[0].url',
  ])
})

test('plain http is refused even where auth itself is wrong', () => {
  assert.deepEqual(places(withStreams(stream, 'auth: { type: oauth }\n').replace('https:', 'http:')), [
    '2:11 base_url',
    '3:15 auth.type',
  ])
})

test('the URL of a stream stays with the origins of the connector, and no template decides on its host', () => {
  assert.match(
    onlyProblem(withStreams('  - { name: s, url: https://b.example/x }\n')),
    /add origins: \[https:\/\/b\.example\]/,
  )
  load(withStreams('  - { name: s, url: https://b.example/x }\n', 'origins: [https://b.example]\n'))
  load(withStreams('  - { name: s, url: "https://api.acme.example/{{ run.id }}" }\n'))
  for (const url of [
    'https://api.acme.example{{ run.id }}/',
    'https://{{ env.HOST }}/',
    'https://{{ env.HOST }}',
    '{{ env.URL }}',
  ]) {
    assertRefused(withStreams(`  - { name: s, url: "${url}" }\n`), /streams\[0\]\.url: /)
  }
})

test('a path stays below base_url', () => {
  for (const path of ['https://b.example/', '/../x', '/a/%2e%2e/b', '/a#b', 'a\\\\b'])
    assert.match(onlyProblem(withStreams(`  - { name: s, path: "${path}" }\n`)), /streams\[0\]\.path: /)
  assert.match(
    onlyProblem(withStreams('  - { name: s, path: /a, url: https://api.acme.example/b }\n')),
    /expected one of path and url, found both/,
  )
})

test('headers that HTTP itself sets, or that could not be sent, are refused', () => {
  const header = (text: string) => onlyProblem(withStreams(stream, `headers: { ${text} }\n`))
  assert.match(header('Host: a'), /set by the HTTP layer/)
  assert.match(header('"a b": c'), /name of a header/)
  assert.match(header('a: "b\\r\\nc: d"'), /line break/)
  assert.match(header('a: b, A: c'), /a second time, in another case/)
})

test('every secret is listed with its place and the streams that need it', () => {
  assert.deepEqual(
    secretRefs(load(example)).map(({ ref, where }) => [ref.text, where]),
    [
      ['secret:acme-client-id', 'auth.client_id, used by streams orders and order_events of acme.yaml'],
      ['secret:acme-client-secret', 'auth.client_secret, used by streams orders and order_events of acme.yaml'],
    ],
  )
  const list = load(
    withStreams(stream, 'auth: [{ type: bearer, token: env:A }, { type: api_key, name: k, value: "file:b#/c" }]\n'),
  )
  assert.deepEqual(
    secretRefs(list).map(({ where }) => where),
    ['auth[0].token, used by stream s of acme.yaml', 'auth[1].value, used by stream s of acme.yaml'],
  )
})
