import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { parseChallenges } from '../../src/http/auth-challenge.ts'
import { answerChallenge, chooseChallenge } from '../../src/auth/signature/digest-response.ts'
import { type TestClient, failsWith, serve, testClient } from '../http/support.ts'
import { type DigestServer, type DigestServerOptions, startDigestServer } from './digest-server.ts'
import { authOf, createWorld } from './helpers.ts'

const call = {
  method: 'GET',
  uri: '/dir/index.html',
  body: '',
  count: 1,
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
}

test('the answers are those of RFC 7616 section 3.9.1', () => {
  const rest =
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
  const credentials = { username: 'Mufasa', password: 'Circle of Life' }
  const responses = {
    MD5: '8ca523f5e9506fed4657c9700eebdbec',
    'SHA-256': '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  }
  for (const [algorithm, response] of Object.entries(responses)) {
    const challenge = chooseChallenge(`Digest ${rest}, algorithm=${algorithm}`)
    assert.ok(challenge)
    const expected = [
      'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html"',
      `algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, qop=auth`,
      `cnonce="${call.cnonce}", response="${response}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
    ]
    assert.equal(answerChallenge(challenge, call, credentials), expected.join(', '))
  }
})

const doe =
  'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8'
const doeCall = { ...call, uri: '/doe.json', cnonce: 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v' }
const response = 'response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"'

test('the answer is that of RFC 7616 section 3.9.2 (erratum 4897), the name hashed or encoded, in whatever form it was typed', () => {
  for (const form of ['NFC', 'NFD']) {
    const credentials = { username: 'Jäsøn Doe'.normalize(form), password: 'Secret, or not?' }
    const hashed = chooseChallenge(`${doe}, userhash=true`)
    const plain = chooseChallenge(doe)
    assert.ok(hashed && plain)
    const hashedAnswer = answerChallenge(hashed, doeCall, credentials)
    assert.match(hashedAnswer, /username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"/)
    assert.ok(hashedAnswer.includes(response) && hashedAnswer.endsWith('userhash=true'))
    const plainAnswer = answerChallenge(plain, doeCall, credentials)
    assert.ok(
      plainAnswer.startsWith("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ") && plainAnswer.includes(response),
    )
  }
})

test('the answers are those of RFC 2617 section 3.5 and, without qop, of RFC 2069 section 2.4 (erratum 749)', () => {
  const rest =
    'realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
  const modern = chooseChallenge(`Digest ${rest}, qop="auth,auth-int"`)
  const old = chooseChallenge(`Digest ${rest}`)
  assert.ok(modern && old)
  assert.match(
    answerChallenge(modern, { ...call, cnonce: '0a4f113b' }, { username: 'Mufasa', password: 'Circle Of Life' }),
    /response="6629fae49393a05397450978507c4ef1"/,
  )
  const answer = answerChallenge(old, call, { username: 'Mufasa', password: 'CircleOfLife' })
  assert.match(answer, /response="1949323746fe6a43ef61f9606e7febea"/)
  assert.doesNotMatch(answer, /cnonce|nc=|qop|algorithm/)
})

const headers: Readonly<Record<string, readonly (readonly [string, Record<string, string>])[]>> = {
  '': [],
  'Basic realm="a"': [['basic', { realm: 'a' }]],
  'Negotiate, NTLM TlRMTVNTUAAB==, Digest nonce=abc=': [
    ['negotiate', {}],
    ['ntlm', {}],
    ['digest', { nonce: 'abc=' }],
  ],
  'Basic realm="x, Digest \\"y\\"", digest NONCE = "n",, ,realm=simple , qop=auth,auth-int, stale=TRUE': [
    ['basic', { realm: 'x, Digest "y"' }],
    ['digest', { nonce: 'n', realm: 'simple', qop: 'auth,auth-int', stale: 'TRUE' }],
  ],
  'Digest realm="a" nonce="b", Digest nonce="c", nonce="d"': [
    ['digest', { realm: 'a', nonce: 'b' }],
    ['digest', { nonce: 'c' }],
  ],
  'Digest realm="never closed': [['digest', { realm: 'never closed' }]],
}

for (const [header, expected] of Object.entries(headers)) {
  test(`challenges are read as they are meant: ${header}`, () => {
    assert.deepEqual(
      parseChallenges(header).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]),
      expected,
    )
  })
}

test('any quoted value comes back as it was', () => {
  const value = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })
  fc.assert(
    fc.property(value, value, (realm, nonce) => {
      const quote = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
      const [challenge] = parseChallenges(`Digest realm=${quote(realm)},nonce=${quote(nonce)}`)
      assert.deepEqual(
        [...(challenge?.params ?? [])],
        [
          ['realm', realm],
          ['nonce', nonce],
        ],
      )
    }),
  )
})

test('any header is read to its end in time', () => {
  const piece = fc.constantFrom('Digest', ' ', ',', '=', '"', '\\', 'auth', 'qop', 'a', '==')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 2_000 }), (pieces) => void parseChallenges(pieces.join(''))),
    { numRuns: 30, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
  )
})

test('the strongest challenge is taken, whatever their order, and unknown ones are passed over', () => {
  const choose = (...algorithms: string[]) =>
    chooseChallenge(algorithms.map((name) => `Digest realm="r", nonce="n", algorithm=${name}`).join(', '))?.algorithm
  assert.equal(choose('MD5', 'SHA-512-256', 'SHA-256'), 'SHA-512-256')
  assert.equal(choose('SHA3-512', 'MD5', '"sha-256-SESS"'), 'sha-256-SESS')
  assert.equal(choose('SHA3-512'), undefined)
  assert.equal(chooseChallenge('Digest realm="r", nonce="n", qop="auth-conf"'), undefined)
  assert.equal(chooseChallenge('Digest realm="r"'), undefined)
})

interface Setup {
  readonly server: DigestServer
  readonly client: TestClient
}

async function setUp(context: TestContext, options: DigestServerOptions = {}, username = 'Mufasa'): Promise<Setup> {
  const server = await startDigestServer(context, { username, ...options })
  const { deps } = createWorld(context, { PASSWORD: 'Circle of Life' })
  const auth = authOf({ type: 'digest', username, password: 'env:PASSWORD' }, deps)
  return { server, client: testClient(context, server.origin, { auth }) }
}

const kinds: Readonly<Record<string, DigestServerOptions>> = {
  'MD5 without qop': { qop: undefined, algorithms: [undefined] },
  MD5: {},
  'MD5-sess': { algorithms: ['MD5-sess'] },
  'SHA-256': { algorithms: ['MD5', 'SHA-256'] },
  'SHA-256-sess': { algorithms: ['SHA-256-sess'] },
  'SHA-512-256 with userhash': { algorithms: ['SHA-512-256', 'SHA-256'], userhash: true },
  'auth-int': { qop: 'auth-int' },
  'auth-int with SHA-256-sess': { qop: 'auth-int', algorithms: ['SHA-256-sess'] },
  'a challenge behind others': { before: 'Negotiate, Basic realm="x, y", ' },
  'a realm beyond ASCII': { realm: 'Zürich' },
}

for (const [what, options] of Object.entries(kinds)) {
  test(`the first request costs one 401 and those after it none: ${what}`, async (context) => {
    const { server, client } = await setUp(context, options, what.includes('userhash') ? 'Jäsøn Doe' : 'O"Brien')
    const post = { method: 'POST', url: `${server.origin}/rows?q=a%20b&q="x"`, body: 'rows=ä' } as const
    assert.equal((await client.send(post)).status, 200)
    assert.equal((await client.get('/a/../b?x=1')).status, 200)
    assert.equal((await client.send(post)).status, 200)
    assert.deepEqual(server.statuses, [401, 200, 200, 200])
    assert.deepEqual([client.meter.retries, client.lines], [0, []])
    if (options.qop !== undefined || !('qop' in options))
      assert.deepEqual(
        server.seen.map(({ nc }) => nc),
        ['00000001', '00000002', '00000003'],
      )
  })
}

test('fifty requests at once count up under one nonce', async (context) => {
  const { server, client } = await setUp(context)
  await client.get('/')
  await Promise.all(Array.from({ length: 50 }, (_, at) => client.get(`/${at}`)))
  assert.deepEqual(
    server.statuses.filter((status) => status === 401),
    [401],
  )
  assert.equal(new Set(server.seen.map(({ nonce }) => nonce)).size, 1)
  assert.equal(new Set(server.seen.map(({ nc }) => nc)).size, 51)
})

test('fifty requests at once before there is a challenge all come through, under one nonce', async (context) => {
  const { server, client } = await setUp(context)
  await Promise.all(Array.from({ length: 50 }, (_, at) => client.get(`/${at}`)))
  assert.equal(server.statuses.filter((status) => status === 200).length, 50)
  assert.equal(new Set(server.seen.map(({ nonce }) => nonce)).size, 1)
})

test('a nonce that has become stale is followed by the new one', async (context) => {
  const { server, client } = await setUp(context, { uses: 2 })
  for (let at = 0; at < 5; at++) assert.equal((await client.get('/')).status, 200)
  assert.deepEqual(server.statuses, [401, 200, 200, 401, 200, 200, 401, 200])
  assert.deepEqual([client.meter.retries, client.lines], [0, []])
})

test('a server that forgets its nonces, and does not say that they are stale, is answered anew', async (context) => {
  const { server, client } = await setUp(context, { saysStale: false })
  await client.get('/')
  server.restart()
  assert.equal((await client.get('/')).status, 200)
  assert.deepEqual(server.statuses, [401, 200, 401, 200])
})

test('the next nonce that an answer names is used, so that no further 401 is needed', async (context) => {
  const { server, client } = await setUp(context, { nextNonce: true })
  for (let at = 0; at < 4; at++) assert.equal((await client.get('/')).status, 200)
  assert.deepEqual(server.statuses, [401, 200, 200, 200, 200])
  assert.deepEqual(
    server.seen.map(({ nc }) => nc),
    Array.from({ length: 4 }, () => '00000001'),
  )
})

test('a wrong password ends after one answer, in the words of the provider', async (context) => {
  const { server, client } = await setUp(context, { password: 'another' })
  const error = await failsWith(client.get('/'), 'AUTH_REJECTED')
  assert.match(error.message, /who are you\?/)
  assert.deepEqual(server.statuses, [401, 401])
  await failsWith(client.get('/'), 'AUTH_REJECTED')
  assert.deepEqual(server.statuses, [401, 401, 401])
  for (const leak of ['Circle', 'response=', 'nonce']) assert.ok(!inspect(error, { depth: 9 }).includes(leak))
})

test('a server that finds every nonce stale is not asked for ever', async (context) => {
  const { server, client } = await setUp(context, { uses: 0 })
  await failsWith(client.get('/'), 'AUTH_REJECTED')
  assert.deepEqual(server.statuses, [401, 401, 401, 401])
})

test('a provider that wants something else than digest is told apart from a wrong password', async (context) => {
  const origin = await serve(context, (_, response) => {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="x", Digest nonce="n", algorithm=SHA3-256' }).end()
  })
  const { deps } = createWorld(context, { PASSWORD: 'Circle of Life' })
  const auth = authOf({ type: 'digest', username: 'u', password: 'env:PASSWORD' }, deps)
  const error = await failsWith(testClient(context, origin, { auth }).get('/a?b'), 'AUTH_REJECTED')
  assert.match(error.message, /^GET http:\/\/127\.0\.0\.1:\d+\/a was answered 401 with only basic, digest SHA3-256,/)
})

test('an origin that may not have the credentials gets neither an answer to its challenge nor a nonce', async (context) => {
  const { server, client } = await setUp(context)
  await client.get('/')
  const other = await startDigestServer(context)
  const { deps } = createWorld(context, { PASSWORD: 'Circle of Life' })
  const auth = authOf({ type: 'digest', username: 'Mufasa', password: 'env:PASSWORD' }, deps)
  const origins = new Map([
    [server.origin, { credentials: true }],
    [other.origin, { credentials: false }],
  ])
  const mixed = testClient(context, server.origin, { auth, origins })
  await mixed.get('/')
  await failsWith(mixed.send({ url: `${other.origin}/` }), 'AUTH_REJECTED')
  assert.deepEqual([other.statuses, other.seen], [[401], []])
})
