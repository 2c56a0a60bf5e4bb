import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { authConfig } from '../../src/auth/index.ts'
import { authOf, createWorld, request } from './helpers.ts'

test('none leaves the request as it is', async (context) => {
  const auth = authOf({ type: 'none' }, createWorld(context).deps)
  assert.deepEqual(await auth.sign(request), request)
  assert.ok(!('renew' in auth))
})

test('basic sends user name and password in UTF-8', async (context) => {
  const { deps } = createWorld(context, { PASSWORD: 'pässwört:with:colons' })
  const auth = authOf({ type: 'basic', username: 'üser', password: 'env:PASSWORD' }, deps)
  const { headers } = await auth.sign(request)
  const expected = Buffer.from('üser:pässwört:with:colons', 'utf8').toString('base64')
  assert.deepEqual(headers, { accept: 'application/json', authorization: `Basic ${expected}` })
})

test('basic is the example of RFC 7617', async (context) => {
  const { deps } = createWorld(context, { PASSWORD: '123£' })
  const { headers } = await authOf({ type: 'basic', username: 'test', password: 'env:PASSWORD' }, deps).sign(request)
  assert.equal(headers['authorization'], 'Basic dGVzdDoxMjPCow==')
})

test('basic takes an API key alone, as user name or as password', async (context) => {
  const { deps } = createWorld(context, { KEY: 'sk_live' })
  const asName = await authOf({ type: 'basic', username: 'env:KEY' }, deps).sign(request)
  const asPassword = await authOf({ type: 'basic', password: 'env:KEY' }, deps).sign(request)
  assert.equal(asName.headers['authorization'], `Basic ${btoa('sk_live:')}`)
  assert.equal(asPassword.headers['authorization'], `Basic ${btoa(':sk_live')}`)
})

test('basic refuses a user name with a colon, literal or secret', (context) => {
  assert.equal(authConfig.safeParse({ type: 'basic', username: 'a:b', password: 'env:P' }).success, false)
  const { deps } = createWorld(context, { USER: 'a:b', PASSWORD: 'long-password' })
  assert.throws(() => authOf({ type: 'basic', username: 'env:USER', password: 'env:PASSWORD' }, deps), {
    code: 'CONFIG_INVALID',
  })
})

test('the encoded pair of basic is known to the redactor', (context) => {
  const { deps } = createWorld(context, { PASSWORD: 'abc' })
  authOf({ type: 'basic', username: 'user', password: 'env:PASSWORD' }, deps)
  assert.equal(deps.redactor.redact(`Basic ${btoa('user:abc')}`), 'Basic [secret]')
})

test('bearer sends the token under Bearer or a scheme of its own', async (context) => {
  const { deps } = createWorld(context, { TOKEN: 'abc' })
  const plain = await authOf({ type: 'bearer', token: 'env:TOKEN' }, deps).sign(request)
  const other = await authOf({ type: 'bearer', token: 'env:TOKEN', scheme: 'SSWS' }, deps).sign(request)
  assert.equal(plain.headers['authorization'], 'Bearer abc')
  assert.equal(other.headers['authorization'], 'SSWS abc')
})

for (const value of ['token\n', 'to\r\nx-evil: 1', 'tokén', 'tok\u0000en', '\u2028', ' token', '']) {
  test(`a token that no header carries is refused in plain words: ${JSON.stringify(value)}`, (context) => {
    const { deps } = createWorld(context, { TOKEN: value })
    for (const config of [
      { type: 'bearer', token: 'env:TOKEN' },
      { type: 'api_key', name: 'x-key', value: 'env:TOKEN' },
    ]) {
      assert.throws(
        () => authOf(config, deps),
        (error: Error) =>
          'code' in error && error.code === 'CONFIG_INVALID' && (value.length < 4 || !inspect(error).includes(value)),
      )
    }
  })
}

const oneLine: readonly (readonly [
  where: string,
  config: { readonly type: string; readonly [key: string]: unknown },
])[] = [
  ['auth.password', { type: 'basic', username: 'me', password: 'env:LINE' }],
  ['auth.password', { type: 'digest', username: 'me', password: 'env:LINE' }],
  ['auth.key', { type: 'hmac', key: 'env:LINE', template: '{{ body }}', place: { name: 'X-Signature' } }],
  ['auth.consumer_secret', { type: 'oauth1', consumer_key: 'me', consumer_secret: 'env:LINE' }],
  [
    'auth.client_secret',
    {
      type: 'oauth2_client_credentials',
      token_url: 'https://auth.example/token',
      client_id: 'me',
      client_secret: 'env:LINE',
    },
  ],
]

for (const [where, config] of oneLine)
  test(`${config.type}: a line break at the end of ${where} is told, as the provider would only call it wrong`, (context) => {
    const { deps } = createWorld(context, { LINE: 'hunter2\n' })
    assert.throws(() => authOf(config, deps), {
      code: 'CONFIG_INVALID',
      message: `The secret of ${where} ends with a line break; store it without one (printf %s, not echo).`,
    })
  })

test('api_key stands in a header, with its prefix', async (context) => {
  const { deps } = createWorld(context, { KEY: 'abc' })
  const { headers } = await authOf(
    { type: 'api_key', name: 'X-Api-Key', value: 'env:KEY', prefix: 'Token token=' },
    deps,
  ).sign(request)
  assert.deepEqual(headers, { accept: 'application/json', 'x-api-key': 'Token token=abc' })
})

test('api_key in the query leaves the rest of the URL as it was written, and replaces an old key', async (context) => {
  const { deps } = createWorld(context, { KEY: 'a+b/c&d=é' })
  const auth = authOf({ type: 'api_key', in: 'query', name: 'api key', value: 'env:KEY' }, deps)
  const added = 'api%20key=a%2Bb%2Fc%26d%3D%C3%A9'
  const urls = {
    'https://api.example/rows': `https://api.example/rows?${added}`,
    'https://api.example/rows?': `https://api.example/rows?${added}`,
    "https://api.example/rows?q=a%20b&c=%7e'(x)&empty&s=1+2": `https://api.example/rows?q=a%20b&c=%7e'(x)&empty&s=1+2&${added}`,
    'https://api.example/rows?api+key=old&page=2&api%20key=older': `https://api.example/rows?page=2&${added}`,
    'https://api.example/rows?page=2#part': `https://api.example/rows?page=2&${added}`,
  }
  for (const [url, signed] of Object.entries(urls)) assert.equal((await auth.sign({ ...request, url })).url, signed)
  assert.deepEqual(auth.queryParams, ['api key'])
})

test('api_key in a cookie joins the cookies that are there', async (context) => {
  const { deps } = createWorld(context, { KEY: 'abc', BAD: 'a;b=c' })
  const auth = authOf({ type: 'api_key', in: 'cookie', name: 'session', value: 'env:KEY' }, deps)
  assert.equal((await auth.sign(request)).headers['cookie'], 'session=abc')
  const signed = await auth.sign({ ...request, headers: { cookie: 'theme=dark' } })
  assert.equal(signed.headers['cookie'], 'theme=dark; session=abc')
  assert.throws(() => authOf({ type: 'api_key', in: 'cookie', name: 'session', value: 'env:BAD' }, deps), {
    code: 'CONFIG_INVALID',
  })
})

test('a list signs in order and knows the query parameters of all', async (context) => {
  const { deps } = createWorld(context, { KEY: 'abc', TOKEN: 'xyz' })
  const auth = authOf(
    [
      { type: 'bearer', token: 'env:TOKEN' },
      { type: 'api_key', in: 'query', name: 'key', value: 'env:KEY' },
      { type: 'api_key', name: 'x-key', value: 'env:KEY' },
    ],
    deps,
  )
  const signed = await auth.sign(request)
  assert.deepEqual(signed.headers, { accept: 'application/json', authorization: 'Bearer xyz', 'x-key': 'abc' })
  assert.equal(signed.url, 'https://api.example/v1/rows?page=2&key=abc')
  assert.deepEqual(auth.queryParams, ['key'])
  assert.ok(!('renew' in auth))
  assert.deepEqual(request.headers, { accept: 'application/json' }, 'the request itself stays without credentials')
})

test('two methods of a list that would overwrite each other are refused', (context) => {
  const { deps } = createWorld(context, { KEY: 'abc' })
  const bearer = { type: 'bearer', token: 'env:KEY' }
  const key = { type: 'api_key', in: 'query', name: 'key', value: 'env:KEY' }
  assert.throws(() => authOf([bearer, { type: 'basic', password: 'env:KEY' }], deps), { code: 'CONFIG_INVALID' })
  assert.throws(() => authOf([bearer, { ...key, in: 'header', name: 'Authorization' }], deps), {
    code: 'CONFIG_INVALID',
  })
  assert.throws(() => authOf([key, key], deps), { code: 'CONFIG_INVALID' })
  authOf([bearer, key, { ...key, in: 'cookie' }, { ...key, name: 'other' }], deps)
})

for (const [what, config] of Object.entries({
  'a literal password': { type: 'basic', username: 'u', password: 'hunter2' },
  'a literal token': { type: 'bearer', token: 'hunter2' },
  'a literal key': { type: 'api_key', name: 'x-key', value: 'hunter2' },
  'a literal client secret': {
    type: 'oauth2_client_credentials',
    token_url: 'https://a.example/t',
    client_id: 'c',
    client_secret: 'hunter2',
  },
  'neither name nor password': { type: 'basic' },
  'a header name with a blank': { type: 'api_key', name: 'x key', value: 'env:K' },
  'a scheme with a line break': { type: 'bearer', token: 'env:T', scheme: 'Bearer\r\nx' },
  'a token_url without TLS': {
    type: 'oauth2_client_credentials',
    token_url: 'http://a.example/t',
    client_id: 'c',
    client_secret: 'env:S',
  },
  'a token_url with user:password@': {
    type: 'oauth2_client_credentials',
    token_url: 'https://u:hunter2@a.example/t',
    client_id: 'c',
    client_secret: 'env:S',
  },
  'no client_secret': { type: 'oauth2_client_credentials', token_url: 'https://a.example/t', client_id: 'c' },
  'a client_secret with client_auth none': {
    type: 'oauth2_client_credentials',
    token_url: 'https://a.example/t',
    client_id: 'c',
    client_secret: 'env:S',
    client_auth: 'none',
  },
  'an unknown key': { type: 'bearer', token: 'env:T', secret: 'env:S' },
  'an unknown type': { type: 'magic' },
})) {
  test(`the configuration is refused: ${what}`, () => {
    const { success, error } = authConfig.safeParse(config)
    assert.equal(success, false)
    assert.ok(!JSON.stringify(error?.issues).includes('hunter2'))
  })
}
