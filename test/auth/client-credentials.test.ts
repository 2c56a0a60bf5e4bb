import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { Agent } from 'undici'
import { createTokenFetch } from '../../src/auth/token/token-fetch.ts'
import { SyncError } from '../../src/base/errors.ts'
import { authOf, createWorld, request, tokenOf } from './helpers.ts'
import { type Reply, type TokenEndpoint, breakOff, html, json, startEndpoint, text } from './token-endpoint.ts'

const secret = 'hunter2-hunter2'
const good = json({ access_token: 'the-token', token_type: 'Bearer', expires_in: 3600 })

interface Setup {
  readonly endpoint: TokenEndpoint
  readonly world: ReturnType<typeof createWorld>
  readonly auth: ReturnType<typeof authOf>
}

async function setUp(context: TestContext, replies: readonly Reply[], config: object = {}): Promise<Setup> {
  const endpoint = await startEndpoint(context, ...replies)
  const world = createWorld(context, { SECRET: secret })
  const base = { type: 'oauth2_client_credentials', token_url: endpoint.url, client_id: 'me' }
  const withSecret =
    'client_auth' in config && config.client_auth === 'none' ? base : { ...base, client_secret: 'env:SECRET' }
  return { endpoint, world, auth: authOf({ ...withSecret, ...config }, world.deps) }
}

/** The error, which in no form shows the secret or a token. */
async function errorOf(promise: Promise<unknown>): Promise<SyncError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SyncError, inspect(error))
  const printed = inspect(error, { depth: 99, showHidden: true }) + JSON.stringify(error) + String(error.stack)
  for (const word of ['hunter2', 'secret-token', btoa(`me:${secret}`).slice(4, 20)])
    assert.ok(!printed.includes(word), printed)
  return error
}

test('the form carries grant, scope, audience, every resource and what is extra', async (context) => {
  const { auth, endpoint } = await setUp(context, [good], {
    scopes: ['a', 'b'],
    audience: 'https://api.example/',
    resource: ['urn:one', 'urn:two'],
    extra: { account: 'x y', hidden: 'env:SECRET' },
  })
  assert.equal(await tokenOf(auth), 'the-token')
  const [{ method, headers, body } = { method: '', headers: {}, body: '' }] = endpoint.requests
  assert.equal(method, 'POST')
  assert.match(String(headers['content-type']), /^application\/x-www-form-urlencoded/)
  assert.equal(headers['accept'], 'application/json')
  assert.equal(headers['authorization'], `Basic ${btoa('me:hunter2%2Dhunter2')}`)
  const expected =
    'scope=a+b&audience=https%3A%2F%2Fapi.example%2F&resource=urn%3Aone&resource=urn%3Atwo&account=x+y&hidden=hunter2-hunter2&grant_type=client_credentials'
  assert.equal(body, expected)
})

test('request: json sends the same as an object, a repeated parameter as a list', async (context) => {
  const config = { request: 'json', client_auth: 'post', resource: ['urn:one', 'urn:two'], audience: 'x' }
  const { auth, endpoint } = await setUp(context, [good], config)
  assert.equal(await tokenOf(auth), 'the-token')
  const [{ headers, body } = { headers: {}, body: '' }] = endpoint.requests
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['authorization'], undefined)
  assert.deepEqual(JSON.parse(body), {
    audience: 'x',
    resource: ['urn:one', 'urn:two'],
    grant_type: 'client_credentials',
    client_id: 'me',
    client_secret: secret,
  })
})

test('client_auth none sends the client id alone', async (context) => {
  const { auth, endpoint } = await setUp(context, [good], { client_auth: 'none' })
  assert.equal(await tokenOf(auth), 'the-token')
  assert.equal(endpoint.requests[0]?.headers.authorization, undefined)
  assert.equal(endpoint.requests[0]?.body, 'grant_type=client_credentials&client_id=me')
})

test('extra may give the grant a name of the provider', async (context) => {
  const { auth, endpoint } = await setUp(context, [good], {
    extra: { grant_type: 'account_credentials', account_id: '7' },
  })
  await tokenOf(auth)
  assert.equal(endpoint.requests[0]?.body, 'account_id=7&grant_type=account_credentials')
})

const token = { access_token: 'the-token' }
const tolerated: Readonly<Record<string, Reply>> = {
  'no token_type': json(token),
  'a token_type of its own': json({ ...token, token_type: 'BearerToken' }),
  'a token_type that is null': json({ ...token, token_type: null }),
  'expires_in as text': json({ ...token, token_type: 'bearer', expires_in: '3600' }),
  'expires_in as nonsense': json({ ...token, token_type: 'bearer', expires_in: 'soon' }),
  'expires_in as an object': json({ ...token, expires_in: { seconds: 4 } }),
  'expires_in null': json({ ...token, expires_in: null }),
  'expires_in negative': json({ ...token, expires_in: -1 }),
  'an id_token that is none': json({
    ...token,
    token_type: 'bearer',
    id_token: 'nonsense',
    refresh_token: null,
    scope: ['a'],
  }),
  'error: null beside a token': json({ ...token, error: null }),
  'status 201': json({ ...token, token_type: 'bearer' }, 201),
  'JSON as text/plain': text(JSON.stringify(token), 200, { 'content-type': 'text/plain' }),
  'JSON without a content type': text(JSON.stringify(token)),
  'JSON after a byte order mark': text(`\uFEFF${JSON.stringify(token)}`),
  'a form': text('access_token=the-token&token_type=bearer', 200, {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
  }),
}

for (const [what, reply] of Object.entries(tolerated)) {
  test(`the token is taken from an answer with ${what}, and kept`, async (context) => {
    const { auth, endpoint } = await setUp(context, [reply])
    assert.equal(await tokenOf(auth), 'the-token')
    assert.equal(await tokenOf(auth), 'the-token')
    assert.equal(endpoint.requests.length, 1)
  })
}

const refused: Readonly<Record<string, readonly [Reply, RegExp]>> = {
  'an error with 200': [
    json({ error: 'invalid_client', error_description: 'No such client.' }),
    /refused: invalid_client: No such client\./,
  ],
  'an error of its own kind': [
    json({ error: { message: 'You are blocked' } }, 403),
    /refused with 403: You are blocked\./,
  ],
  'a web page': [html, /with a web page \(Sign in to Acme\); check token_url\./],
  'a web page with 404': [text('<html>', 404), /refused with 404\./],
  nothing: [text(''), /with nothing; check token_url\./],
  'a list': [json([token]), /with other text; check token_url\./],
  'cut JSON': [text('{"access_token":"secret-token'), /with other text; check token_url\./],
  'no token': [json({ token: 'secret-token' }), /without an access_token; check token_url\./],
  'a token that is a number': [json({ access_token: 7 }), /without an access_token; check token_url\./],
  'a token with a line break': [
    json({ access_token: 'secret-token\r\nx: y' }),
    /characters that no HTTP header carries/,
  ],
  'a token that needs proof of a key': [
    json({ access_token: 'secret-token', token_type: 'DPoP' }),
    /of type dpop, which needs proof/,
  ],
  'a redirect': [text('', 307, { location: 'http://127.0.0.1:1/' }), /answered 307 and points elsewhere/],
  'more than a token': [text('x'.repeat(1_100_000)), /more than a token; check token_url\./],
}

for (const [what, [reply, message]] of Object.entries(refused)) {
  test(`the endpoint is not asked again after it answered ${what}`, async (context) => {
    const { auth, endpoint } = await setUp(context, [reply])
    const error = await errorOf(auth.sign(request))
    assert.equal(error.code, 'AUTH_FAILED')
    assert.match(error.message, message)
    assert.ok(error.message.startsWith(`The token endpoint ${endpoint.url} `))
    assert.equal(endpoint.requests.length, 1)
  })
}

test('words of the provider are redacted, freed of control characters and cut to 300', async (context) => {
  const description = `${secret} ${encodeURIComponent(secret)} Basic ${btoa(`me:${secret}`)} \u001b[31m\nred ${'long '.repeat(200)}`
  const { auth } = await setUp(context, [json({ error: 'invalid_client', error_description: description }, 401)])
  const { message } = await errorOf(auth.sign(request))
  assert.match(message, /invalid_client: (?:\[secret\] )+Basic \S*\[secret\] \[31m red long/)
  assert.ok(message.length < 500 && !message.includes('\u001b') && !message.includes('\n'))
})

test('a secret at the place where the words are cut leaves no half of itself', async (context) => {
  for (let before = 270; before < 300; before += 1) {
    const { auth } = await setUp(context, [json({ error: 'x', error_description: 'y'.repeat(before) + secret }, 400)])
    assert.ok(!(await errorOf(auth.sign(request))).message.includes('yhun'))
  }
})

test('the query of token_url is sent but not told', async (context) => {
  const endpoint = await startEndpoint(context, json({ error: 'x' }, 400))
  const { deps } = createWorld(context, { SECRET: secret })
  const token_url = `${endpoint.url}?tenant=hunter2#part`
  const config = { type: 'oauth2_client_credentials', token_url, client_id: 'me', client_secret: 'env:SECRET' }
  await errorOf(authOf(config, deps).sign(request))
  assert.equal(endpoint.requests[0]?.url, '/oauth/token?tenant=hunter2')
})

const passing: Readonly<Record<string, Reply>> = {
  500: text('oops', 500),
  503: json({ error: 'temporarily_unavailable' }, 503),
  429: text('', 429),
  'a broken connection': breakOff,
  'a cut answer': (response) => response.writeHead(200, { 'content-length': 99 }).write('{', () => response.destroy()),
}

for (const [what, reply] of Object.entries(passing)) {
  test(`the endpoint is asked up to three times after ${what}`, async (context) => {
    const { auth, endpoint, world } = await setUp(context, [reply, reply, good])
    assert.equal(await tokenOf(auth), 'the-token')
    assert.deepEqual([endpoint.requests.length, world.waits], [3, [500, 1000]])

    const other = await setUp(context, [reply])
    const error = await errorOf(other.auth.sign(request))
    assert.equal(error.code, 'AUTH_UNAVAILABLE')
    assert.equal(other.endpoint.requests.length, 3)
    other.endpoint.replies = [good]
    assert.equal(await tokenOf(other.auth), 'the-token', 'a failure is not kept')
  })
}

test('Retry-After is waited for where it is short, and not at all where it is long', async (context) => {
  const short = await setUp(context, [text('', 503, { 'retry-after': '4' }), good])
  assert.equal(await tokenOf(short.auth), 'the-token')
  assert.deepEqual(short.world.waits, [4000])
  const long = await setUp(context, [text('', 429, { 'retry-after': '3600' })])
  assert.equal((await errorOf(long.auth.sign(request))).code, 'AUTH_UNAVAILABLE')
  assert.deepEqual([long.world.waits, long.endpoint.requests.length], [[], 1])
})

test('an endpoint that nobody listens at is unavailable', async (context) => {
  const { deps } = createWorld(context, { SECRET: secret })
  const config = {
    type: 'oauth2_client_credentials',
    token_url: 'http://127.0.0.1:1/t',
    client_id: 'me',
    client_secret: 'env:SECRET',
  }
  const error = await errorOf(authOf(config, deps).sign(request))
  assert.equal(error.code, 'AUTH_UNAVAILABLE')
  assert.match(error.message, /http:\/\/127\.0\.0\.1:1\/t could not be reached/)
})

test('an endpoint that never answers is given up', async (context) => {
  const endpoint = await startEndpoint(context, () => {})
  const world = createWorld(context, { SECRET: secret })
  const dispatcher = new Agent()
  context.after(() => dispatcher.destroy())
  const config = {
    type: 'oauth2_client_credentials',
    token_url: endpoint.url,
    client_id: 'me',
    client_secret: 'env:SECRET',
  }
  const error = await errorOf(authOf(config, { ...world.deps, fetch: createTokenFetch(dispatcher, 20) }).sign(request))
  assert.equal(error.code, 'AUTH_UNAVAILABLE')
  assert.match(error.message, /no answer in time/)
})

test('a stop while a token is awaited is an interruption', async (context) => {
  const world = createWorld(context, { SECRET: secret })
  const endpoint = await startEndpoint(context, () => world.stop.abort())
  const config = {
    type: 'oauth2_client_credentials',
    token_url: endpoint.url,
    client_id: 'me',
    client_secret: 'env:SECRET',
  }
  assert.equal((await errorOf(authOf(config, world.deps).sign(request))).code, 'INTERRUPTED')
})

test('no redirect carries the credentials elsewhere', async (context) => {
  const other = await startEndpoint(context, good)
  for (const status of [301, 302, 303, 307, 308]) {
    const { auth } = await setUp(context, [text('', status, { location: other.url })])
    assert.equal((await errorOf(auth.sign(request))).code, 'AUTH_FAILED')
  }
  assert.equal(other.requests.length, 0)
})

test('a request already signed is not changed by a token that comes later', async (context) => {
  const { auth, world } = await setUp(context, [good, json({ access_token: 'the-next', expires_in: 3600 })])
  const signed = await auth.sign(request)
  world.now += 3_600_000
  assert.equal(await tokenOf(auth), 'the-next')
  assert.equal(signed.headers['authorization'], 'Bearer the-token')
})

test('scopes in one text are told apart, so that those which were not granted can be named', async (context) => {
  for (const scopes of ['a b', ['a', 'b']]) {
    const { auth, endpoint } = await setUp(context, [json({ access_token: 't', scope: 'b a' })], { scopes })
    await auth.sign(request)
    assert.equal(new URLSearchParams(endpoint.requests[0]?.body).get('scope'), 'a b')
    const [facts] = auth.describe?.() ?? []
    assert.deepEqual(
      [facts?.scopesAsked, facts?.scopesGranted],
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
    )
  }
})

test('what the provider tells of account and scopes holds nothing that a terminal would obey', async (context) => {
  const told = { access_token: 't', scope: 'a\u001b[2J b', email: 'me\u001b]0;owned\u0007@acme.example\u202e' }
  const { auth } = await setUp(context, [json(told)])
  await auth.sign(request)
  const [facts] = auth.describe?.() ?? []
  assert.deepEqual([facts?.scopesGranted, facts?.account], [['a [2J', 'b'], 'me ]0;owned @acme.example'])
})
