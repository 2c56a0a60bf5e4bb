import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secretRefs } from '../../src/connector/secret-refs.ts'
import { SyncError } from '../../src/base/errors.ts'
import { load, withStreams } from './support.ts'

const stream = '  - { name: s, path: /s }\n'
const withAuth = (auth: string): string => withStreams(stream, `auth: ${auth}\n`)

const login = (rest: string): string =>
  withAuth(`{ type: login, token: $.token, request: { url: https://a.example/login, ${rest} } }`)
const hmac = (rest: string): string =>
  withAuth(`{ type: hmac, key: secret:k, template: x, place: { name: sign }, ${rest} }`)

for (const [key, text] of Object.entries({
  'auth.request.body.password': login('body: { user: me, password: hunter2 }'),
  'auth.request.body.a[0].UserPwd': login('body: { a: [{ UserPwd: hunter2 }] }'),
  'auth.request.headers.X-Api-Key': login('headers: { X-Api-Key: hunter2 }'),
  'auth.request.params.client_secret': login('params: { client_secret: hunter2 }'),
  'auth.headers.CB-ACCESS-PASSPHRASE': hmac('headers: { CB-ACCESS-PASSPHRASE: hunter2 }'),
  'auth.params.access_token': hmac('params: { access_token: hunter2 }'),
})) {
  test(`a literal credential is refused and never repeated: ${key}`, () => {
    assert.throws(
      () => load(text),
      (error) => {
        assert(error instanceof SyncError)
        assert.ok(error.message.includes(`${key}: expected a reference to a secret`), error.message)
        assert.doesNotMatch(JSON.stringify([error.message, error.details, error.stack]), /hunter2/)
        return true
      },
    )
  })
}

test('what is no credential may be literal, and a template may stand where a credential would', () => {
  load(login('body: { username: me, grant_type: password, password: secret:p, tenant: 7 }'))
  load(login('headers: { X-Client: headrace }, body_format: form, body: { password: "secret:p" }'))
  load(hmac('headers: { X-Token: "{{ nonce }}", X-Client: headrace }'))
})

test('every secret of a sign-in is fetched before the run, wherever it stands', () => {
  const text = login('headers: { a: secret:h }, params: { b: secret:q }, body: { c: [{ d: secret:b }] }').replace(
    'type: login,',
    'type: login, secrets: { x: secret:x },',
  )
  const found = (all: string) => secretRefs(load(all)).map(({ ref }) => ref.text)
  assert.deepEqual(found(text).toSorted(), ['secret:b', 'secret:h', 'secret:q', 'secret:x'])
  assert.deepEqual(found(hmac('headers: { a: secret:h }, secrets: { x: secret:x }')).toSorted(), [
    'secret:h',
    'secret:k',
    'secret:x',
  ])
  const oauth1 = '{ type: oauth1, consumer_key: secret:a, consumer_secret: secret:b, tokens: secret:c }'
  assert.deepEqual(found(withAuth(oauth1)), ['secret:a', 'secret:b'])
})
