import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secretRefs } from '../../src/connector/secret-refs.ts'
import { load, onlyProblem } from './support.ts'

const connector = (...lines: readonly string[]): string =>
  ['name: acme', 'base_url: https://api.acme.example', ...lines, 'streams:', '  - { name: a, path: /a }', ''].join('\n')

test('a certificate needs its key, a key its certificate, and tls something', () => {
  assert.match(onlyProblem(connector('tls: { cert: "env:CERT" }')), /^3:6 tls: expected key beside cert/)
  assert.match(onlyProblem(connector('tls: { key: "env:KEY" }')), /^3:6 tls: expected cert beside key/)
  assert.match(onlyProblem(connector('tls: {}')), /^3:6 tls: expected cert and key, ca, or both$/)
})

test('a literal certificate or key is refused, and never quoted', () => {
  const problem = onlyProblem(connector('tls: { cert: "env:CERT", key: hunter2 }'))
  assert.match(problem, /tls\.key: expected a reference to a secret/)
  assert.ok(!problem.includes('hunter2'))
})

test('the secrets of tls and of the auth of a stream are fetched, each with its users', () => {
  const text = connector('tls: { cert: "env:CERT", key: "env:KEY", ca: ["file:one.pem", "file:two.pem"] }')
  const more = '  - { name: b, path: /b, auth: [{ type: bearer, token: "env:B" }] }\n'
  assert.deepEqual(
    secretRefs(load(text + more)).map(({ ref, where }) => [ref.text, where]),
    [
      ['env:CERT', 'tls.cert, used by streams a and b of acme.yaml'],
      ['env:KEY', 'tls.key, used by streams a and b of acme.yaml'],
      ['file:one.pem', 'tls.ca[0], used by streams a and b of acme.yaml'],
      ['file:two.pem', 'tls.ca[1], used by streams a and b of acme.yaml'],
      ['env:B', 'streams[1].auth.token, used by stream b of acme.yaml'],
    ],
  )
})

test('what a client authenticates with fits how it authenticates', () => {
  const auth = (more: string): string =>
    connector(`auth: { type: oauth2_client_credentials, token_url: "https://a.example/t", client_id: me, ${more} }`)
  const key = 'private_key: "env:KEY"'
  const secret = 'client_secret: "env:SECRET"'
  const problems: readonly [string, RegExp][] = [
    ['client_auth: private_key_jwt', /auth\.private_key: expected a secret, as client_auth is private_key_jwt/],
    [`client_auth: private_key_jwt, ${key}, ${secret}`, /auth\.client_secret: expected no client_secret/],
    [`client_auth: private_key_jwt, ${key}, algorithm: HS256`, /auth\.algorithm: expected one of RS256, /],
    [`client_auth: client_secret_jwt, ${secret}, algorithm: RS256`, /auth\.algorithm: expected one of HS256, /],
    ['client_auth: client_secret_jwt', /auth\.client_secret: expected a secret/],
    [`${secret}, ${key}`, /auth\.private_key: expected client_auth: private_key_jwt beside private_key/],
    [`${secret}, algorithm: RS256`, /auth\.algorithm: expected no algorithm, as client_auth is basic/],
    ['client_auth: tls_client_auth', /auth\.client_auth: tls_client_auth proves who the client is by its certificate/],
  ]
  for (const [more, message] of problems) assert.match(onlyProblem(auth(more)), message)
})
