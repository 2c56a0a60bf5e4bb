import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request as sendRequest } from 'node:http'
import { after, before, suite, test } from 'node:test'
import { SignJWT, UnsecuredJWT, generateKeyPair } from 'jose'
import { parseInbound } from '../../src/inbound/config.ts'
import { createDoor } from '../../src/inbound/door.ts'
import { createGoogleTokens } from '../../src/inbound/google-token.ts'
import { type Google, audience, caller, iapAudience, startGoogle, withoutSignature } from '../support/google.ts'
import { type Api, type TempDir, connectorText, makeTempDir, servePages, startApi } from '../cli/support.ts'
import { type Service, startService } from '../triggers/in-process.ts'
import { startServe } from '../triggers/support.ts'

let google: Google
let dir: TempDir
let api: Api

before(async () => {
  google = await startGoogle()
  dir = makeTempDir()
  api = await startApi(servePages(1))
  dir.write('acme.yaml', connectorText(api.url))
  dir.write('orders.yaml', connectorText(api.url).replace('name: acme', 'name: orders'))
})
after(async () => {
  await google?.[Symbol.asyncDispose]()
  await api?.[Symbol.asyncDispose]()
  dir?.[Symbol.dispose]()
})

const start = (env: Record<string, string>): Promise<Service> =>
  startService({
    HEADRACE_CONNECTORS: dir.path,
    HEADRACE_DESTINATION: `files:${dir.path}/out`,
    HEADRACE_GOOGLE_KEYS_ENDPOINT: google.url,
    ...env,
  })
const verify = { HEADRACE_INBOUND: 'verify', HEADRACE_AUDIENCE: audience, HEADRACE_CALLERS: caller }

const call = (service: Service, token?: string, path = '/run/acme', method = 'POST'): Promise<Response> =>
  fetch(service.url + path, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

async function codeOf(response: Response): Promise<readonly [number, string]> {
  const body = (await response.json()) as { error?: { code: string } }
  return [response.status, body.error?.code ?? '']
}

suite('verify', () => {
  test('lets in a listed caller with a token for this very service', async () => {
    await using service = await start(verify)
    assert.equal((await call(service, await google.idToken())).status, 200)
    assert.equal((await call(service, await google.idToken(), '/status.json', 'GET')).status, 200)
    const upper = await start({ ...verify, HEADRACE_CALLERS: caller.toUpperCase() })
    await using _ = upper
    assert.equal((await call(upper, await google.idToken())).status, 200)
  })

  test('guards everything but /healthz, what is not there included', async () => {
    await using service = await start(verify)
    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/'],
      ['POST', '/run/acme'],
      ['GET', '/status.json'],
      ['GET', '/runs/1'],
      ['GET', '/login'],
      ['POST', '/logout'],
      ['GET', '/nowhere'],
      ['DELETE', '/'],
    ] as const) {
      const response = await call(service, undefined, path, method)
      assert.equal(response.headers.get('www-authenticate'), 'Bearer')
      assert.deepEqual(await codeOf(response), [401, 'CALLER_UNKNOWN'], `${method} ${path}`)
    }
  })

  test('answers 401 to a token that is forged, expired, for others, or proves nothing, and logs none of them', async () => {
    await using service = await start(verify)
    const good = await google.idToken()
    const [head = '', body = '', signature = ''] = good.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const { privateKey } = await generateKeyPair('RS256')
    const header = { alg: 'RS256', kid: 'one' }
    const hmac = createHmac('sha256', 'one')
      .update(`${encode({ ...header, alg: 'HS256' })}.${body}`)
      .digest('base64url')
    const forged = {
      'signed by somebody else': await new SignJWT(claims).setProtectedHeader(header).sign(privateKey),
      'alg none': new UnsecuredJWT(claims).encode(),
      'alg none with a key id': `${encode({ ...header, alg: 'none' })}.${body}.`,
      'alg None': `${encode({ ...header, alg: 'None' })}.${body}.${signature}`,
      'alg HS256': `${encode({ ...header, alg: 'HS256' })}.${body}.${hmac}`,
      'without its signature': withoutSignature(good),
      'with another body': `${head}.${encode({ ...claims, email: 'eve@acme.example' })}.${signature}`,
      'with an unknown key': `${encode({ ...header, kid: 'three' })}.${body}.${signature}`,
      'with a key from the prototype': `${encode({ ...header, kid: '__proto__' })}.${body}.${signature}`,
      expired: await google.idToken({ expires: -3600 }),
      'not valid yet': await google.idToken({ claims: { iat: Math.floor(Date.now() / 1000) + 3600 } }),
      'valid for ever': await google.idToken({ expires: 1e9 }),
      'of another issuer': await google.idToken({ claims: { iss: 'https://evil.example' } }),
      'for another audience': await google.idToken({ claims: { aud: `${audience}/` } }),
      'for many audiences': await google.idToken({ claims: { aud: [audience] } }),
      unverified: await google.idToken({ claims: { email_verified: false } }),
      nameless: await google.idToken({ claims: { email: undefined } }),
      'no token': 'x',
      'three dots': 'a.b.c',
      'an access token': 'ya29.a0AfB_byC',
    }
    for (const [what, token] of Object.entries(forged))
      assert.deepEqual(await codeOf(await call(service, token)), [401, 'CALLER_UNKNOWN'], what)
    for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer a b', `Bearer ${'x'.repeat(9000)}`]) {
      const response = await fetch(`${service.url}/run/acme`, { method: 'POST', headers: { authorization } })
      assert.deepEqual(await codeOf(response), [401, 'CALLER_UNKNOWN'], authorization.slice(0, 20))
    }
    const log = service.log()
    assert.match(log, /CALLER_UNKNOWN/)
    for (const token of Object.values(forged).filter((one) => one.length > 10))
      for (const part of token.split('.').filter((one) => one.length > 10)) assert.ok(!log.includes(part), part)
    assert.ok(!log.includes('eve@') && !log.includes('YTpi'))
  })

  test('answers 403 to a caller who is not listed, and to everybody where nobody is', async () => {
    await using service = await start(verify)
    const other = await google.idToken({ claims: { email: 'other@acme.iam.gserviceaccount.com' } })
    assert.deepEqual(await codeOf(await call(service, other)), [403, 'CALLER_REFUSED'])
    await using empty = await start({ ...verify, HEADRACE_CALLERS: '' })
    assert.deepEqual(await codeOf(await call(empty, await google.idToken())), [403, 'CALLER_REFUSED'])
  })

  test("answers 503 while Google's keys cannot be had, and fetches them once for many callers", async () => {
    await using own = await startGoogle()
    await using service = await start({ ...verify, HEADRACE_GOOGLE_KEYS_ENDPOINT: own.url })
    own.fail(true)
    const refused = await call(service, await own.idToken())
    assert.equal(refused.headers.get('retry-after'), '10')
    assert.deepEqual(await codeOf(refused), [503, 'CALLER_UNCHECKED'])
    own.fail(false)
    const token = await own.idToken()
    const asked = own.requests
    const all = await Promise.all(Array.from({ length: 20 }, () => call(service, token, '/status.json', 'GET')))
    assert.deepEqual([...new Set(all.map(({ status }) => status))], [200])
    assert.equal(own.requests, asked + 1)
    const unknown = await own.idToken({ header: { kid: 'three' } })
    for (let at = 0; at < 5; at += 1) assert.equal((await call(service, unknown)).status, 401)
    assert.equal(own.requests, asked + 1, 'forged key ids make no traffic')
  })

  test('refuses a request whose headers say two things', async () => {
    await using service = await start(verify)
    const headers = ['Authorization', `Bearer ${await google.idToken()}`, 'Authorization', 'Bearer x', 'Host', 'x']
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = sendRequest(`${service.url}/run/acme`, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', reject).end()
    })
    assert.equal(status, 400)
  })
})

const cloudRun = { K_SERVICE: 'etl' }

suite('iam', () => {
  test('trusts the platform, which has removed the signature', async () => {
    await using service = await start(cloudRun)
    assert.equal((await call(service)).status, 200)
    assert.equal((await call(service, withoutSignature(await google.idToken()))).status, 200)
  })

  test('with a list takes the caller from the claims, and refuses a call without a token', async () => {
    await using service = await start({ ...cloudRun, HEADRACE_CALLERS: caller })
    const token = withoutSignature(await google.idToken())
    assert.equal((await call(service, token)).status, 200)
    assert.deepEqual(await codeOf(await call(service)), [401, 'CALLER_UNKNOWN'])
    assert.deepEqual(await codeOf(await call(service, 'x')), [401, 'CALLER_UNKNOWN'])
    const other = withoutSignature(await google.idToken({ claims: { email: 'other@acme.example' } }))
    assert.deepEqual(await codeOf(await call(service, other)), [403, 'CALLER_REFUSED'])
    const headers = { authorization: 'Bearer of-the-application', 'x-serverless-authorization': `Bearer ${token}` }
    assert.equal((await fetch(`${service.url}/run/acme`, { method: 'POST', headers })).status, 200)
  })

  test('believes no header of a scheduler', async () => {
    await using service = await start({ ...cloudRun, HEADRACE_CALLERS: caller })
    const headers = { 'x-cloudscheduler': 'true', 'x-appengine-cron': 'true', 'x-forwarded-for': '127.0.0.1' }
    assert.equal((await fetch(`${service.url}/run/acme`, { method: 'POST', headers })).status, 401)
  })
})

suite('none', () => {
  const log = { error() {}, warn() {}, info() {}, debug() {}, trace() {} }
  const check = createDoor(parseInbound({ HEADRACE_INBOUND: 'none' }), {
    google: createGoogleTokens({ now: Date.now }),
    log,
  })
  const from = (remoteAddress: string | undefined, host = 'localhost:8080', rest = {}): IncomingMessage =>
    ({ socket: { remoteAddress }, headers: { host, ...rest } }) as unknown as IncomingMessage

  test('answers this machine, by the address of the socket', async () => {
    for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])
      assert.equal((await check(from(address))).seesStatus, true)
  })

  test('is what headrace serve takes where nothing is said: no page of another name reads it, and a person may run', async () => {
    await using service = await startServe({ cwd: dir.path, env: { HEADRACE_CONNECTORS: dir.path } })
    const get = async (host: string): Promise<readonly [number | undefined, string]> => {
      const request = sendRequest(`${service.url}/`, { headers: { host } }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      return [response.statusCode, (await response.toArray()).join('')]
    }
    assert.deepEqual((await get('evil.example'))[0], 403)
    const [status, page] = await get(new URL(service.url).host)
    assert.equal(status, 200)
    assert.match(page, /<button aria-label="Run now: acme">/)
  })

  test('answers nobody else, whatever the headers say, and no name that only points here', async () => {
    const trusting = { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1' }
    for (const address of [
      '10.0.0.1',
      '169.254.1.1',
      '::ffff:10.0.0.1',
      'fe80::1',
      undefined,
      '127.0.0.1.evil.example',
    ])
      await assert.rejects(check(from(address, 'localhost', trusting)), { code: 'CALLER_REFUSED' })
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.example:80', ''])
      await assert.rejects(check(from('127.0.0.1', host)), { code: 'CALLER_REFUSED' })
  })
})

suite('rights', () => {
  test('of a caller say what he may run and whether he sees the status', async () => {
    await using service = await start({ ...verify, HEADRACE_CALLERS: `${caller}=acme,looker@acme.example=+status` })
    const token = await google.idToken()
    assert.equal((await call(service, token)).status, 200)
    assert.deepEqual(await codeOf(await call(service, token, '/run/orders')), [403, 'CALLER_REFUSED'])
    assert.deepEqual(await codeOf(await call(service, token, '/run/unknown')), [403, 'CALLER_REFUSED'])
    assert.deepEqual(await codeOf(await call(service, token, '/status.json', 'GET')), [403, 'CALLER_REFUSED'])
    const looker = await google.idToken({ claims: { email: 'looker@acme.example' } })
    assert.equal((await call(service, looker, '/status.json', 'GET')).status, 200)
    assert.deepEqual(await codeOf(await call(service, looker)), [403, 'CALLER_REFUSED'])
  })

  test('are not acknowledged away: a push by a caller who may not is delivered again, to the dead-letter topic', async () => {
    await using service = await start({ ...verify, HEADRACE_CALLERS: `${caller}=orders` })
    const data = Buffer.from('{"connector": "acme"}').toString('base64')
    const response = await fetch(service.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${await google.idToken()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ message: { data, messageId: '1' }, subscription: 's' }),
    })
    assert.equal(response.status, 403)
  })
})

suite('behind Identity-Aware Proxy', () => {
  const iap = { ...verify, HEADRACE_IAP_AUDIENCE: iapAudience, HEADRACE_CALLERS: '' }
  const look = (service: Service, header: string): Promise<Response> =>
    fetch(`${service.url}/status.json`, { headers: { 'x-goog-iap-jwt-assertion': header } })

  test('its header says who looks, and its visitors run nothing', async () => {
    await using service = await start(iap)
    const header = await google.iapHeader()
    assert.equal((await look(service, header)).status, 200)
    const run = await fetch(`${service.url}/run/acme`, {
      method: 'POST',
      headers: { 'x-goog-iap-jwt-assertion': header },
    })
    assert.deepEqual(await codeOf(run), [403, 'CALLER_REFUSED'])
  })

  test('a forged header, or one for another service, is refused', async () => {
    await using service = await start(iap)
    for (const header of [
      'x',
      await google.idToken(),
      await google.iapHeader({ claims: { aud: '/projects/2/locations/x/services/y' } }),
      await google.iapHeader({ claims: { iss: 'https://accounts.google.com' } }),
      await google.iapHeader({ expires: -3600 }),
      `${(await google.iapHeader()).slice(0, -8)}AAAAAAAA`,
    ])
      assert.deepEqual(await codeOf(await look(service, header)), [401, 'CALLER_UNKNOWN'])
  })

  test('a list narrows down who comes in, and says who may run what', async () => {
    await using service = await start({ ...iap, HEADRACE_CALLERS: 'ann@acme.example=acme|+status' })
    const headers = { 'x-goog-iap-jwt-assertion': await google.iapHeader() }
    assert.equal((await fetch(`${service.url}/run/acme`, { method: 'POST', headers })).status, 200)
    const bob = await google.iapHeader({ claims: { email: 'bob@acme.example' } })
    assert.deepEqual(await codeOf(await look(service, bob)), [403, 'CALLER_REFUSED'])
  })

  test('the header means nothing where no proxy is configured', async () => {
    await using service = await start(verify)
    assert.deepEqual(await codeOf(await look(service, await google.iapHeader())), [401, 'CALLER_UNKNOWN'])
  })
})
