import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { authConfig } from '../../src/auth/index.ts'
import { failsWith, serve, testClient } from '../http/support.ts'
import { authOf, createWorld, request } from './helpers.ts'
import { type Reply, type TokenEndpoint, breakOff, html, json, startEndpoint, text } from './token-endpoint.ts'

const secrets = { PASSWORD: 'hunter2 & <more>', KEY: 'k&y/+' }

interface Setup {
  readonly endpoint: TokenEndpoint
  readonly world: ReturnType<typeof createWorld>
  readonly auth: ReturnType<typeof authOf>
}

async function setUp(context: TestContext, replies: readonly Reply[], config: object = {}): Promise<Setup> {
  const endpoint = await startEndpoint(context, ...replies)
  const world = createWorld(context, secrets)
  const usual = { url: endpoint.url, body: { username: 'me', password: 'env:PASSWORD' } }
  const { request: own = {}, ...rest } = config as { request?: object }
  const auth = authOf({ type: 'login', request: { ...usual, ...own }, token: '$.token', ...rest }, world.deps)
  return { endpoint, world, auth }
}

test('credentials go out as JSON, and the token comes along as a bearer token', async (context) => {
  const body = {
    user: { name: 'me', password: 'env:PASSWORD', keys: ['env:KEY', 7, true, null] },
    grant_type: 'password',
  }
  const { auth, endpoint } = await setUp(context, [json({ token: 'the-token' })], { request: { body } })
  const { headers } = await auth.sign(request)
  assert.equal(headers['authorization'], 'Bearer the-token')
  const [sent] = endpoint.requests
  assert.equal(sent?.method, 'POST')
  assert.equal(sent?.headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(sent?.body ?? ''), {
    user: { name: 'me', password: secrets.PASSWORD, keys: [secrets.KEY, 7, true, null] },
    grant_type: 'password',
  })
})

test('credentials go out as a form, as XML, in headers or in the URL', async (context) => {
  const token = [json({ token: 't' })]
  const form = await setUp(context, token, { request: { body_format: 'form' } })
  await form.auth.sign(request)
  assert.equal(form.endpoint.requests[0]?.headers['content-type'], 'application/x-www-form-urlencoded')
  assert.deepEqual(
    [...new URLSearchParams(form.endpoint.requests[0]?.body)],
    [
      ['username', 'me'],
      ['password', secrets.PASSWORD],
    ],
  )

  const soap = await setUp(context, token, {
    request: {
      body_format: 'text',
      headers: { 'Content-Type': 'text/xml; charset=utf-8', SOAPAction: 'login' },
      body: '<login><password>{{ secret.password | xml }}</password></login>',
    },
    secrets: { password: 'env:PASSWORD' },
  })
  await soap.auth.sign(request)
  assert.equal(soap.endpoint.requests[0]?.headers['content-type'], 'text/xml; charset=utf-8')
  assert.equal(soap.endpoint.requests[0]?.headers['soapaction'], 'login')
  assert.equal(soap.endpoint.requests[0]?.body, '<login><password>hunter2 &#38; &#60;more&#62;</password></login>')

  const endpoint = await startEndpoint(context, json({ token: 't' }))
  const { deps } = createWorld(context, secrets)
  const login = {
    method: 'GET',
    url: `${endpoint.url}/{{ secret.key }}?a=1`,
    params: { key: 'env:KEY', format: 'json' },
    headers: { 'X-Auth': 'env:KEY', 'X-Basic': 'Basic {{ secret.key | base64 }}' },
  }
  await authOf({ type: 'login', request: login, token: '$.token', secrets: { key: 'env:KEY' } }, deps).sign(request)
  const [sent] = endpoint.requests
  assert.equal(sent?.url, '/oauth/token/k%26y%2F%2B?a=1&key=k%26y%2F%2B&format=json')
  assert.deepEqual([sent?.method, sent?.body, sent?.headers['x-auth']], ['GET', '', secrets.KEY])
  assert.equal(sent?.headers['x-basic'], `Basic ${btoa(secrets.KEY)}`)
})

test('a sign-in may hold the moment, a nonce and the hash of a secret; one template alone keeps its type', async (context) => {
  const body = {
    at: '{{ timestamp }}',
    ms: '{{ timestamp | epoch_ms }}',
    nonce: '{{ nonce }}',
    hash: '{{ secret.password | sha256 | upper }}',
  }
  const config = { request: { body }, secrets: { password: 'env:PASSWORD' } }
  const { auth, endpoint } = await setUp(context, [json({ token: 't' })], config)
  await auth.sign(request)
  const { nonce, ...rest } = JSON.parse(endpoint.requests[0]?.body ?? '') as Record<string, unknown>
  const hash = createHash('sha256').update(secrets.PASSWORD).digest('hex').toUpperCase()
  assert.deepEqual(rest, { at: 1000, ms: 1_000_000, hash })
  assert.match(String(nonce), /^[0-9a-f]{32}$/)
})

const cookies = (response: Parameters<Reply>[0]) =>
  response
    .writeHead(302, {
      location: '/home',
      'set-cookie': ['theme=dark; Path=/', 'sid=old', 'sid=c00kie; HttpOnly; Max-Age=600'],
    })
    .end()

const sources: Readonly<Record<string, readonly [Reply, object, Record<string, string>, string?]>> = {
  'deep in JSON': [json({ a: [{ 'b c': 'tok-1' }] }), { token: "$.a[0]['b c']" }, { authorization: 'Bearer tok-1' }],
  'a number beyond a double': [
    text('{"token":12345678901234567890}'),
    {},
    { authorization: 'Bearer 12345678901234567890' },
  ],
  'JSON as text/html': [
    text('{"token":"tok-1"}', 200, { 'content-type': 'text/html' }),
    {},
    { authorization: 'Bearer tok-1' },
  ],
  'a bare JSON string': [text('"tok-1"'), { token: '$' }, { authorization: 'Bearer tok-1' }],
  'bare text': [text(' tok-1\n'), { token: '$' }, { authorization: 'Bearer tok-1' }],
  'a header, sent back in it': [
    text('', 204, { 'X-Session': 'tok-1' }),
    { token: 'header:x-session' },
    { 'x-session': 'tok-1' },
  ],
  'a header with its scheme': [
    text('', 200, { authorization: 'Bearer tok-1' }),
    { token: 'header:Authorization' },
    { authorization: 'Bearer tok-1' },
  ],
  'a cookie of a redirect': [cookies, { token: 'cookie:sid' }, { cookie: 'sid=c00kie' }],
  'a cookie for a header': [
    cookies,
    { token: 'cookie:sid', place: { name: 'X-CSRF', prefix: 'Session ' } },
    { 'x-csrf': 'Session c00kie' },
  ],
  'a place of its own': [json({ token: 'tok-1' }), { place: { name: 'X-Auth-Token' } }, { 'x-auth-token': 'tok-1' }],
  'the query': [json({ token: 'tok/1' }), { place: { in: 'query', name: 'sid' } }, {}, `${request.url}&sid=tok%2F1`],
}

for (const [what, [reply, config, headers, url = request.url]] of Object.entries(sources)) {
  test(`the token is found and put in its place: ${what}`, async (context) => {
    const { auth, world } = await setUp(context, [reply], config)
    const signed = await auth.sign(request)
    assert.deepEqual(signed, { ...request, url, headers: { ...request.headers, ...headers } })
    const shown = Object.values(headers).join() + new URL(url).search
    assert.match(world.deps.redactor.redact(shown), /\[secret\]/)
    assert.doesNotMatch(world.deps.redactor.redact(shown).replaceAll(/Bearer |\[secret\]/g, ''), /tok-1|c00kie|tok%2F1/)
    assert.deepEqual(auth.queryParams, url === request.url ? [] : ['sid'])
  })
}

const now = 1_000_000
const lifetimes: Readonly<Record<string, readonly [object, object, number | undefined]>> = {
  'a duration': [{}, { lifetime: 'PT10M' }, 600],
  seconds: [{ expires_in: 600 }, { lifetime: '$.expires_in' }, 600],
  'seconds as text': [{ expires_in: '600' }, { lifetime: '$.expires_in' }, 600],
  'a duration in the answer': [{ ttl: 'PT10M' }, { lifetime: '$.ttl' }, 600],
  'a moment as text': [{ at: new Date(now + 600_000).toISOString() }, { lifetime: '$.at' }, 600],
  'epoch milliseconds, far off': [{ at: 4_000_000_000_000 }, { lifetime: '$.at' }, 3_999_999_000],
  nothing: [{}, {}, undefined],
  'no such member': [{}, { lifetime: '$.expires_in' }, undefined],
  zero: [{ expires_in: 0 }, { lifetime: '$.expires_in' }, undefined],
  'a moment that is over': [{ at: '1970-01-01T00:00:01Z' }, { lifetime: '$.at' }, undefined],
  nonsense: [{ expires_in: 'soon' }, { lifetime: '$.expires_in' }, undefined],
  'an object': [{ expires_in: {} }, { lifetime: '$.expires_in' }, undefined],
}

for (const [what, [fields, config, seconds]] of Object.entries(lifetimes)) {
  test(`the lifetime of a token is told by ${what}`, async (context) => {
    const { auth, endpoint, world } = await setUp(context, [json({ token: 't', ...fields })], config)
    await auth.sign(request)
    world.now += seconds === undefined ? 30 * 86_400_000 : seconds * 1_000 - 31_000
    await auth.sign(request)
    assert.equal(endpoint.requests.length, 1)
    world.now += 3_000
    await auth.sign(request)
    assert.equal(endpoint.requests.length, seconds === undefined ? 1 : 2)
  })
}

test('the Max-Age of a cookie is its lifetime', async (context) => {
  const { auth, endpoint, world } = await setUp(context, [cookies], { token: 'cookie:sid' })
  for (const passed of [0, 500_000, 200_000]) {
    world.now += passed
    await auth.sign(request)
  }
  assert.equal(endpoint.requests.length, 2)
})

test('a token that the API refuses is renewed once, by one sign-in for a hundred requests', async (context) => {
  let good = 'second'
  const origin = await serve(context, (incoming, response) => {
    const known = incoming.headers['x-token'] === good
    response.writeHead(known ? 200 : 401).end(known ? '{}' : '{"message":"session is over"}')
  })
  const replies = ['first', 'second', 'third'].map((token) => json({ token }))
  const { auth, endpoint } = await setUp(context, replies, { place: { name: 'X-Token' } })
  const client = testClient(context, origin, { auth })
  await Promise.all(Array.from({ length: 100 }, () => client.get('/rows')))
  assert.equal(endpoint.requests.length, 2)
  assert.deepEqual([client.meter.retries, client.lines], [0, []])
  good = 'never'
  const error = await failsWith(client.get('/rows'), 'AUTH_REJECTED')
  assert.match(error.message, /session is over/)
  assert.equal(endpoint.requests.length, 3)
})

test('the sign-in may be at another origin, which gets its own credentials only, and the API the token only', async (context) => {
  const seen: string[] = []
  const origin = await serve(context, (incoming, response) => {
    seen.push(JSON.stringify(incoming.headers))
    response.end('{}')
  })
  const { auth, endpoint } = await setUp(context, [json({ token: 'the-token' })])
  await testClient(context, origin, { auth }).get('/rows')
  assert.ok(seen[0]?.includes('the-token') && !seen[0].includes('hunter2'))
  assert.equal(endpoint.requests[0]?.headers.authorization, undefined)
})

const refused: Readonly<Record<string, readonly [Reply, RegExp]>> = {
  'an error with 200': [
    json({ success: false, error: 'bad_login', message: 'No such user.' }),
    /answered 200 \(bad_login: No such user\.\) that has no \$\.token; check request and token\.$/,
  ],
  'other JSON': [json({ access: 'secret-token' }), /answered 200 with JSON that has no \$\.token/],
  'a web page': [html, /answered 200 with a web page \(Sign in to Acme\) that has no \$\.token/],
  'a web page with 403': [text('<title>Forbidden</title>', 403), /refused with 403: Forbidden; check request/],
  nothing: [text(''), /answered 200 with nothing that has no \$\.token/],
  text: [text('secret-token'), /answered 200 with other text that has no \$\.token/],
  'an empty token': [json({ token: '' }), /has no \$\.token/],
  'a token that is an object': [json({ token: { a: 'secret-token' } }), /has no \$\.token/],
  'a wrong password': [
    json({ error: { message: `Wrong password ${secrets.PASSWORD} for me` } }, 401),
    /refused with 401: Wrong password \[secret\] for me; check request and its secrets\.$/,
  ],
  'a redirect': [
    text('', 302, { location: 'http://127.0.0.1:1/' }),
    /answered 302 without \$\.token and points elsewhere/,
  ],
  'a token with a line break': [json({ token: 'secret-token\r\nx: y' }), /characters that no HTTP header carries/],
  'more than a token': [text('x'.repeat(1_100_000)), /more than a token; check request\.url/],
}

for (const [what, [reply, message]] of Object.entries(refused)) {
  test(`the sign-in is not tried again after it was answered ${what}`, async (context) => {
    const { auth, endpoint } = await setUp(context, [reply])
    const error = await failsWith(auth.sign(request), 'AUTH_FAILED')
    assert.ok(error.message.startsWith(`The sign-in at ${endpoint.url} `), error.message)
    assert.match(error.message, message)
    assert.equal(endpoint.requests.length, 1)
    const printed = inspect(error, { depth: 99, showHidden: true }) + JSON.stringify(error)
    for (const leak of ['hunter2', 'secret-token', '%26']) assert.ok(!printed.includes(leak), printed)
  })
}

for (const [what, reply] of Object.entries({
  500: text('oops', 500),
  429: text('', 429),
  'a broken connection': breakOff,
})) {
  test(`the sign-in is tried up to three times after ${what}`, async (context) => {
    const { auth, endpoint, world } = await setUp(context, [reply, reply, json({ token: 't' })])
    await auth.sign(request)
    assert.deepEqual([endpoint.requests.length, world.waits], [3, [500, 1000]])
    const other = await setUp(context, [reply])
    await failsWith(other.auth.sign(request), 'AUTH_UNAVAILABLE')
    other.endpoint.replies = [json({ token: 't' })]
    await other.auth.sign(request)
  })
}

test('a new token that the API refuses too is not renewed again, however many pages and streams ask', async (context) => {
  const seen = new Set<string | undefined>()
  const origin = await serve(context, (incoming, response) => {
    seen.add(incoming.headers.authorization)
    response.writeHead(401).end()
  })
  const { auth, endpoint } = await setUp(context, [
    json({ token: 'one' }),
    json({ token: 'two' }),
    json({ token: 'three' }),
  ])
  const client = testClient(context, origin, { auth, concurrency: 1 })
  await Promise.all(Array.from({ length: 10 }, () => failsWith(client.get('/'), 'AUTH_REJECTED')))
  await failsWith(client.get('/'), 'AUTH_REJECTED')
  assert.equal(endpoint.requests.length, 2)
  assert.deepEqual([...seen], ['Bearer one', 'Bearer two'])
})

test('a new token that the API took once is renewed again when it is refused later', async (context) => {
  let good = 'Bearer one'
  const origin = await serve(context, ({ headers: { authorization } }, response) => {
    response.writeHead(authorization === good ? 200 : 401).end('[]')
  })
  const tokens = ['one', 'two', 'three'].map((token) => json({ token }))
  const { auth, endpoint } = await setUp(context, tokens)
  const client = testClient(context, origin, { auth })
  for (const next of ['Bearer one', 'Bearer two', 'Bearer three']) {
    good = next
    await client.get('/')
  }
  assert.equal(endpoint.requests.length, 3)
})

test('a password that was refused is not tried again for a minute, so that no account is locked', async (context) => {
  const { auth, endpoint, world } = await setUp(context, [json({ error: 'wrong password' }, 401)])
  for (let stream = 0; stream < 3; stream += 1) {
    const error = await failsWith(auth.sign(request), 'AUTH_FAILED')
    assert.match(error.message, /wrong password/)
  }
  assert.equal(endpoint.requests.length, 1)
  world.now += 60_000
  await failsWith(auth.sign(request), 'AUTH_FAILED')
  assert.equal(endpoint.requests.length, 2)
})

test('the hash of a secret is as secret as the secret, in an error too', async (context) => {
  const hash = createHash('md5').update(secrets.PASSWORD).digest('hex')
  const { auth } = await setUp(context, [json({ message: `no such user: me/${hash}` }, 403)], {
    secrets: { password: 'env:PASSWORD' },
    request: { body: { text: 'me/{{ secret.password | md5 }}', bare: '{{ secret.password | md5 }}' } },
  })
  const { message } = await failsWith(auth.sign(request), 'AUTH_FAILED')
  assert.match(message, /no such user: me\/\[secret\]/)
})

test('a stop while the token is awaited is an interruption', async (context) => {
  const world = createWorld(context, secrets)
  const endpoint = await startEndpoint(context, () => world.stop.abort())
  const config = { type: 'login', request: { url: endpoint.url }, token: '$.token' }
  await failsWith(authOf(config, world.deps).sign(request), 'INTERRUPTED')
})

const good = { type: 'login', request: { url: 'https://a.example/login' }, token: '$.token' }
for (const [what, config] of Object.entries({
  'plain http': { ...good, request: { url: 'http://a.example/login' } },
  'a password in the URL': { ...good, request: { url: 'https://u:hunter2@a.example/login' } },
  'a template in the host': { ...good, request: { url: 'https://{{ nonce }}.example/login' } },
  'an unknown word': { ...good, request: { ...good.request, body: { a: ['{{ method }}'] } } },
  'a secret that is not listed': { ...good, request: { ...good.request, body: { a: '{{ secret.b }}' } } },
  'a GET with a body': { ...good, request: { ...good.request, method: 'GET', body: {} } },
  'a nested form': { ...good, request: { ...good.request, body_format: 'form', body: { a: { b: 'c' } } } },
  'text that is none': { ...good, request: { ...good.request, body_format: 'text', body: { a: 'b' } } },
  'a token that is nowhere': { ...good, token: 'access_token' },
  'a broken path': { ...good, token: '$.a[' },
  'a broken lifetime': { ...good, lifetime: '3600' },
  'a cookie name with a blank': { ...good, place: { in: 'cookie', name: 'a b' } },
})) {
  test(`the configuration is refused: ${what}`, () => {
    assert.equal(authConfig.safeParse(good).success, true)
    const { success, error } = authConfig.safeParse(config)
    assert.equal(success, false)
    assert.ok(!JSON.stringify(error?.issues).includes('hunter2'))
  })
}
