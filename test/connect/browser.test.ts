import assert from 'node:assert/strict'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { inspect } from 'node:util'
import { startConsentServer } from '../support/consent-server.ts'
import { findLeaks } from '../support/leaks.ts'
import { createPerson } from '../support/person.ts'
import { land, startAttempt } from './helpers.ts'

const urlsOf = (issuer: string): object => ({ authorize_url: `${issuer}/auth`, token_url: `${issuer}/token` })

suite('headrace connect in a browser', () => {
  test('a person signs in and consents, and the tokens are saved before anything is said', async (context) => {
    await using server = await startConsentServer({ lifetime: 600 })
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const end = await createPerson('jane').consent(await attempt.url)
    const page = await land(end)
    const connection = await attempt.result
    assert.match(page.body, /Connected to 127\.0\.0\.1/)
    assert.deepEqual(attempt.saved, [connection.tokens])
    assert.ok(connection.tokens.refresh_token && connection.tokens.access_token)
    const lifetime = Date.parse(connection.tokens.expires_at ?? '') - Date.parse(connection.tokens.obtained_at ?? '')
    assert.equal(lifetime, 600_000)
    assert.equal(connection.account, 'jane')
    assert.deepEqual(connection.scopes, { asked: ['openid', 'read'], granted: ['openid', 'read'], missing: [] })
  })

  test('the request has a state of 256 bits, PKCE by S256 and a loopback address at a free port', async (context) => {
    await using server = await startConsentServer()
    const [one, other] = [0, 1].map(() => startAttempt(context, urlsOf(server.issuer)))
    const [first, second] = [new URL((await one?.url) ?? ''), new URL((await other?.url) ?? '')]
    for (const { searchParams } of [first, second]) {
      assert.equal(Buffer.from(searchParams.get('state') ?? '', 'base64url').length, 32)
      assert.equal(searchParams.get('code_challenge_method'), 'S256')
      assert.match(searchParams.get('redirect_uri') ?? '', /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    }
    for (const name of ['state', 'code_challenge', 'redirect_uri'])
      assert.notEqual(first.searchParams.get(name), second.searchParams.get(name))
    one?.leave()
    other?.leave()
    await Promise.all([one?.error, other?.error])
  })

  test('words of the connector go into the request, and none of them can take the place of ours', async (context) => {
    await using server = await startConsentServer()
    const extra = { access_type: 'offline', prompt: 'consent', state: 'mine', redirect_uri: 'https://evil.example' }
    const attempt = startAttempt(context, { ...urlsOf(server.issuer), extra })
    const { searchParams } = new URL(await attempt.url)
    assert.equal(searchParams.get('access_type'), 'offline')
    assert.notEqual(searchParams.get('state'), 'mine')
    assert.match(searchParams.get('redirect_uri') ?? '', /^http:\/\/127\.0\.0\.1:/)
    attempt.leave()
    await attempt.error
  })

  test('the page says no more than how it ended, and neither address nor page holds the code', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const end = await createPerson().consent(await attempt.url)
    const first = await fetch(end, { redirect: 'manual' })
    assert.equal(first.status, 303)
    assert.equal(await first.text(), '')
    const response = await fetch(new URL(first.headers.get('location') ?? '', end))
    const body = await response.text()
    const { tokens } = await attempt.result
    const { searchParams } = new URL(end)
    const secrets = [searchParams.get('code'), searchParams.get('state'), tokens.access_token, tokens.refresh_token]
    const told = body + response.url + inspect(first.headers) + inspect(response.headers) + attempt.notes.join('\n')
    for (const secret of secrets) assert.deepEqual(findLeaks(secret ?? '', told), [])
    assert.equal(response.headers.get('cache-control'), 'no-store')
    assert.equal(first.headers.get('referrer-policy'), 'no-referrer')
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer')
    const policy = response.headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /unsafe|\*/)
  })

  test('an answer with another state, two of them or none is not used, and the right one still is', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const end = new URL(await createPerson().consent(await attempt.url))
    const state = end.searchParams.get('state') ?? ''
    const wrong = [
      [['state', `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`]],
      [['state', '']],
      [],
      [
        ['state', state],
        ['state', state],
      ],
    ]
    for (const pairs of wrong) {
      const query = new URLSearchParams([['code', 'stolen'], ...pairs] as [string, string][])
      const page = await land(`${end.origin}${end.pathname}?${query.toString()}`)
      assert.equal(page.status, 400)
      assert.match(page.body, /belongs to another sign-in/)
    }
    assert.equal(server.tokenRequests.length, 0)
    assert.equal((await land(end.href)).status, 200)
    assert.ok((await attempt.result).tokens.access_token)
  })

  test('an answer is used once: a replay brings nothing, also while the first is being used', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const end = await createPerson().consent(await attempt.url)
    const answers = await Promise.all(Array.from({ length: 5 }, () => fetch(end, { redirect: 'manual' })))
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((one, other) => one - other),
      [303, 410, 410, 410, 410],
    )
    await land(new URL('/callback/done', end).href)
    await attempt.result
    assert.equal(server.tokenRequests.length, 1)
    assert.equal(attempt.saved.length, 1)
  })

  test('a request under another name for this computer is refused (DNS rebinding)', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const end = new URL(await createPerson().consent(await attempt.url))
    for (const host of ['evil.example', `evil.example:${end.port}`, '127.0.0.1', `localhost:${end.port}`])
      assert.equal(await statusOf(end, { host }), 421)
    assert.equal(server.tokenRequests.length, 0)
    assert.equal((await land(end.href)).status, 200)
    await attempt.result
  })

  test('other paths and methods bring nothing', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const end = new URL(await createPerson().consent(await attempt.url))
    assert.equal((await land(new URL('/favicon.ico', end).href)).status, 404)
    assert.equal((await land(new URL('/callback/done', end).href)).status, 404)
    for (const method of ['POST', 'HEAD', 'PUT'])
      assert.equal((await fetch(end, { method, redirect: 'manual' })).status, 405)
    assert.equal(server.tokenRequests.length, 0)
    attempt.leave()
    await attempt.error
  })

  test('a person who says no ends it in one plain sentence, in page and terminal', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const page = await land(await createPerson().consent(await attempt.url, 'no'))
    const error = await attempt.error
    assert.match(page.body, /You did not give headrace access/)
    assert.equal(error.code, 'AUTH_FAILED')
    assert.match(error.message, /^127\.0\.0\.1:\d+ answered access_denied: the person said no - access was not given/)
    assert.deepEqual([attempt.saved, server.tokenRequests], [[], []])
  })

  test('a code that has expired ends it in the words of the provider', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const end = new URL(await createPerson().consent(await attempt.url))
    end.searchParams.set('code', 'expired-or-made-up')
    const page = await land(end.href)
    const error = await attempt.error
    assert.match(page.body, /did not work, and nothing was saved/)
    assert.equal(error.code, 'AUTH_FAILED')
    assert.match(error.message, /refused with 400: invalid_grant/)
    assert.deepEqual(attempt.saved, [])
    assert.equal(server.tokenRequests.length, 1, 'a code is tried once')
  })

  test('an answer of another issuer is not used (RFC 9207)', async (context) => {
    await using server = await startConsentServer()
    for (const keys of [urlsOf(server.issuer), { issuer: server.issuer }]) {
      const attempt = startAttempt(context, keys)
      const end = new URL(await createPerson().consent(await attempt.url))
      assert.equal(end.searchParams.get('iss'), server.issuer)
      end.searchParams.set('iss', 'https://evil.example')
      await land(end.href)
      const error = await attempt.error
      assert.equal(error.code, 'AUTH_FAILED')
      assert.match(error.message, /and was not used/)
    }
    assert.equal(server.tokenRequests.length, 0)
  })

  test('an issuer that promises to name itself must do so', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, { issuer: server.issuer })
    const end = new URL(await createPerson().consent(await attempt.url))
    end.searchParams.delete('iss')
    await land(end.href)
    assert.match((await attempt.error).message, /does not come from the issuer/)
    assert.equal(server.tokenRequests.length, 0)
  })

  test('after ten minutes it is over and the port is free again', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const redirect = new URL(await attempt.url).searchParams.get('redirect_uri') ?? ''
    attempt.timeUp()
    const error = await attempt.error
    assert.equal(error.code, 'AUTH_FAILED')
    assert.match(error.message, /within ten minutes/)
    await assert.rejects(fetch(redirect))
  })

  test('one who leaves leaves nothing behind', async (context) => {
    await using server = await startConsentServer()
    const attempt = startAttempt(context, urlsOf(server.issuer))
    const redirect = new URL(await attempt.url).searchParams.get('redirect_uri') ?? ''
    attempt.leave()
    assert.equal((await attempt.error).code, 'INTERRUPTED')
    await assert.rejects(fetch(redirect))
    assert.deepEqual(attempt.saved, [])
  })

  test('a port that is taken is one sentence, before the person is asked', async (context) => {
    await using server = await startConsentServer()
    const blocker = createServer().listen(0, '127.0.0.1')
    context.after(() => blocker.close())
    await new Promise((resolve) => blocker.once('listening', resolve))
    const { port } = blocker.address() as AddressInfo
    const error = await startAttempt(context, urlsOf(server.issuer), { port }).error
    assert.equal(error.code, 'CONFIG_INVALID')
    assert.equal(
      error.message,
      `Port ${port} on this computer is in use, so that the browser could not come back: end what uses it, name another with --port, or use --paste.`,
    )
  })

  test('two at once have ports of their own, and neither takes the answer of the other', async (context) => {
    await using server = await startConsentServer()
    const [one, other] = [startAttempt(context, urlsOf(server.issuer)), startAttempt(context, urlsOf(server.issuer))]
    const [first, second] = [
      await createPerson('ann').consent(await one.url),
      await createPerson('bob').consent(await other.url),
    ]
    const crossed = new URL(first)
    crossed.port = new URL(second).port
    assert.equal((await land(crossed.href)).status, 400)
    await Promise.all([land(first), land(second)])
    assert.deepEqual([(await one.result).account, (await other.result).account], ['ann', 'bob'])
  })

  test('a redirect URL of the connector is listened on as it is registered', async (context) => {
    const port = await freePort()
    const registered = `http://localhost:${port}/oauth/back`
    await using server = await startConsentServer({ redirectUris: [registered] })
    const attempt = startAttempt(context, { ...urlsOf(server.issuer), redirect_url: registered })
    assert.equal(new URL(await attempt.url).searchParams.get('redirect_uri'), registered)
    assert.equal((await land(await createPerson().consent(await attempt.url))).status, 200)
    await attempt.result
  })

  test('scopes that were asked for and not granted are told', async (context) => {
    await using server = await startConsentServer({ grants: ['openid', 'read'] })
    const attempt = startAttempt(context, { ...urlsOf(server.issuer), scopes: ['openid', 'read', 'write'] })
    await land(await createPerson().consent(await attempt.url))
    const { scopes, tokens } = await attempt.result
    assert.deepEqual(scopes.missing, ['write'])
    assert.equal(tokens.scope, 'openid read')
  })
})

function statusOf(url: URL, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    request.on('error', reject).end()
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
