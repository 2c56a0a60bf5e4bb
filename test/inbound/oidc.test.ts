import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type PeopleProvider, otherClient, signInClient, startPeopleProvider } from '../support/people-provider.ts'
import type { Service } from '../triggers/in-process.ts'
import { type Browser, type Shown, createBrowser, fieldsOf } from './browser.ts'
import { type Place, createPlace, sessionKey } from './support.ts'

let provider: PeopleProvider
let place: Place
let service: Service

before(async () => {
  provider = await startPeopleProvider(['http://127.0.0.1/login/authorized'], {
    'unverified@acme.example': { email_verified: false },
    'nameless@acme.example': { email: undefined },
  })
  place = await createPlace()
  service = await start('@acme.example,bob@other.example=acme')
})
after(async () => {
  await service?.[Symbol.asyncDispose]()
  await place?.[Symbol.asyncDispose]()
  await provider?.[Symbol.asyncDispose]()
})

const start = (allow: string, more: Record<string, string> = {}): Promise<Service> =>
  place.start({ HEADRACE_SIGN_IN_PROVIDER: provider.issuer, HEADRACE_SIGN_IN_ALLOW: allow, ...more })

/** Opens a page, and signs in as the provider asks. */
async function signIn(browser: Browser, email: string, path = '/', at: Service = service): Promise<Shown> {
  const login = await browser.open(at.url + path)
  assert.match(login.url, /\/interaction\//, login.body)
  return browser.open(login.url, { form: { email } })
}

suite('people who sign in with OpenID Connect', () => {
  test('see the connectors that they may run, and all where none is named', async () => {
    const names = async (email: string): Promise<readonly string[]> => {
      const browser = createBrowser()
      const page = await signIn(browser, email)
      assert.equal(/href="[^"]*connector=orders/.test(page.body), email.startsWith('ann'))
      const { body } = await browser.open(`${service.url}/status.json`)
      return (JSON.parse(body) as { connectors: { name: string }[] }).connectors.map(({ name }) => name)
    }
    assert.deepEqual(await names('ann@acme.example'), ['acme', 'orders'])
    assert.deepEqual(await names('bob@other.example'), ['acme'])
  })

  test('are sent to the provider and back to the page that they wanted', async () => {
    const browser = createBrowser()
    const page = await signIn(browser, 'ann@acme.example', '/?connector=acme')
    assert.deepEqual([page.status, page.url], [200, `${service.url}/?connector=acme`])
    assert.match(page.body, /ann@acme\.example/)
    assert.equal((await browser.open(`${service.url}/status.json`)).status, 200)
  })

  test('get a cookie that no script reads, no other site sends, and that ends soon', async () => {
    const browser = createBrowser()
    await signIn(browser, 'ann@acme.example')
    const own = browser.cookieLines.filter((line) => line.startsWith('headrace='))
    assert.match(own[0] ?? '', /; Path=\/; HttpOnly; SameSite=Lax; Max-Age=3600$/)
    assert.ok(!browser.cookies(service.url).includes('headrace-login'), 'the attempt is over')
    for (const secret of ['ann', signInClient.client_secret, sessionKey]) assert.ok(!own.join().includes(secret))
  })

  test('get another session at each sign-in', async () => {
    const browser = createBrowser()
    await signIn(browser, 'ann@acme.example')
    const first = browser.cookies(service.url)
    await browser.open(`${service.url}/login`)
    assert.notEqual(browser.cookies(service.url), first)
  })

  test('who are not on the list, or whom the provider does not vouch for, see one sentence', async () => {
    for (const [email, status, words] of [
      ['eve@evil.example', 403, /not on the list/],
      ['ann@acme.example.evil.example', 403, /not on the list/],
      ['unverified@acme.example', 401, /not verified/],
      ['nameless@acme.example', 401, /no e-mail/],
    ] as const) {
      const browser = createBrowser()
      const page = await signIn(browser, email)
      assert.equal(page.status, status, page.body)
      assert.match(page.body, words)
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
      assert.ok(!browser.cookies(service.url).includes('headrace='))
    }
  })

  test('who say no at the provider see that', async () => {
    const browser = createBrowser()
    const login = await browser.open(service.url)
    const page = await browser.open(login.url, { form: { deny: '1' } })
    assert.equal(page.status, 401)
    assert.match(page.body, /access_denied/)
  })

  test('are not sent off this site afterwards, whatever the link said', async () => {
    for (const to of [
      'https://evil.example/',
      '//evil.example',
      '/\\evil.example',
      '/login',
      '/%2f/evil.example',
      '/runs/../..',
    ]) {
      const browser = createBrowser()
      const page = await signIn(browser, 'ann@acme.example', `/login?to=${encodeURIComponent(to)}`)
      assert.equal(page.url, `${service.url}/`, to)
    }
  })

  test('cannot be signed in by an answer that belongs to another browser or another attempt', async () => {
    const browser = createBrowser()
    const away = await browser.open(`${service.url}/login`, { stay: true })
    const state = new URL(away.headers.get('location') ?? '').searchParams.get('state') ?? ''
    assert.ok(state.length >= 43)
    const back = (of: Browser, query: string): Promise<Shown> => of.open(`${service.url}/login/authorized?${query}`)
    assert.equal((await back(createBrowser(), `code=x&state=${state}`)).status, 401)
    assert.equal((await back(browser, `code=x&state=${state.slice(1)}x`)).status, 401)
    assert.equal((await back(browser, 'code=x')).status, 401)
    assert.equal((await back(browser, `code=forged&state=${state}&iss=${provider.issuer}`)).status, 401)
    assert.equal((await back(browser, `code=x&state=${state}&iss=https://evil.example`)).status, 401)
    assert.ok(!browser.cookies(service.url).includes('headrace='))
  })

  test('cannot make a session of another cookie of ours, or of a changed one', async () => {
    const browser = createBrowser()
    await signIn(browser, 'ann@acme.example')
    const session = /headrace=([^;]+)/.exec(browser.cookies(service.url))?.[1] ?? ''
    await browser.open(`${service.url}/login`, { stay: true })
    const attempt = /headrace-login=([^;]+)/.exec(browser.cookies(service.url))?.[1] ?? ''
    for (const forged of [
      attempt,
      `${session.slice(0, -3)}AAA`,
      session.slice(5),
      'x',
      'a.b.c.d.e',
      `${session}`.repeat(9),
    ]) {
      const response = await fetch(`${service.url}/status.json`, { headers: { cookie: `headrace=${forged}` } })
      assert.equal(response.status, 401)
    }
    const response = await fetch(`${service.url}/status.json`, { headers: { cookie: `a=b; headrace=${session}` } })
    assert.equal(response.status, 200)
    await using other = await start('@acme.example', { SESSION_KEY: `another-${sessionKey}` })
    const there = await fetch(`${other.url}/status.json`, { headers: { cookie: `headrace=${session}` } })
    assert.equal(there.status, 401, 'a new key ends all sessions')
    await using narrower = await start('bob@acme.example')
    const no = await fetch(`${narrower.url}/status.json`, { headers: { cookie: `headrace=${session}` } })
    assert.equal(no.status, 401, 'who is off the list is out')
  })

  test('sign out by the form on the page, and by nothing else', async () => {
    const browser = createBrowser()
    const page = await signIn(browser, 'ann@acme.example')
    const form = fieldsOf(page, '/logout')
    assert.equal((await browser.open(`${service.url}/logout`, { form: {} })).status, 403)
    const copied = browser.cookies(service.url)
    const foreign = { form, headers: { origin: 'https://evil.example' } }
    assert.equal((await browser.open(`${service.url}/logout`, foreign)).status, 403)
    const out = await browser.open(`${service.url}/logout`, { form })
    assert.deepEqual([out.status, out.url], [200, `${service.url}/logout`], 'not signed in again at once')
    assert.ok(!browser.cookies(service.url).includes('headrace='))
    const late = await fetch(`${service.url}/status.json`, { headers: { cookie: copied } })
    assert.equal(late.status, 401, 'a copy of the cookie is over too')
  })

  test('run what they may by the form on the page, and see the run', async () => {
    const browser = createBrowser()
    const page = await signIn(browser, 'bob@other.example')
    assert.ok(!page.body.includes('action="/run/orders"'))
    const form = fieldsOf(page, '/run/acme')
    const run = await browser.open(`${service.url}/run/acme`, { form })
    assert.equal(run.status, 200, run.body)
    assert.match(run.url, /\/runs\/[0-9a-f-]{36}\?connector=acme$/)
    for (const [path, options, status] of [
      ['/run/orders', { form }, 403],
      ['/run/acme', { form: {} }, 403],
      ['/run/acme', { form: { csrf: 'x'.repeat(43) } }, 403],
      ['/run/acme', { form, headers: { origin: 'https://evil.example' } }, 403],
      ['/run/acme', { form, headers: { origin: 'null' } }, 403],
      ['/run/acme', { form, headers: { origin: 'null', 'sec-fetch-site': 'cross-site' } }, 403],
      ['/run/acme', { form, headers: { origin: 'null', 'sec-fetch-site': 'same-origin' } }, 303],
    ] as const)
      assert.equal((await browser.open(service.url + path, { ...options, stay: true })).status, status, path)
    const ann = createBrowser()
    const other = await signIn(ann, 'ann@acme.example')
    assert.ok(!other.body.includes('action="/run/'), 'who may only look has no form')
    assert.equal((await ann.open(`${service.url}/run/acme`, { form, stay: true })).status, 403)
  })

  test('see that the provider is away, and nothing is let through', async () => {
    await using own = await startPeopleProvider(['http://127.0.0.1/login/authorized'])
    await using other = await start('@acme.example', { HEADRACE_SIGN_IN_PROVIDER: own.issuer })
    own.fail(true)
    const page = await createBrowser().open(`${other.url}/login`)
    assert.deepEqual([page.status, /cannot be reached/.test(page.body)], [503, true])
    own.fail(false)
    assert.match((await createBrowser().open(`${other.url}/login`)).url, /\/interaction\//)
  })
})

suite('a program with an access token of the provider', () => {
  /** The authorization code flow of an application, as it does it by itself. */
  async function fetchToken(client: { client_id: string; client_secret: string }, email: string): Promise<string> {
    const browser = createBrowser()
    const verifier = 'v'.repeat(43)
    const digest = await crypto.subtle.digest('SHA-256', Buffer.from(verifier))
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: 'http://127.0.0.1/login/authorized',
      scope: 'openid email',
      code_challenge: Buffer.from(digest).toString('base64url'),
      code_challenge_method: 'S256',
    })
    const login = await browser.open(`${provider.issuer}/auth?${query.toString()}`)
    let step = await browser.open(login.url, { form: { email }, stay: true })
    for (let hops = 0; hops < 9 && !step.headers.get('location')?.startsWith('http://127.0.0.1/'); hops += 1)
      step = await browser.open(new URL(step.headers.get('location') ?? '', login.url).href, { stay: true })
    const code = new URL(step.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const response = await fetch(`${provider.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: 'http://127.0.0.1/login/authorized',
      }),
    })
    return ((await response.json()) as { access_token: string }).access_token
  }
  const look = (token: string): Promise<Response> =>
    fetch(`${service.url}/status.json`, { headers: { authorization: `Bearer ${token}` } })

  test('gets the data of the page, and the provider is asked once', async () => {
    const token = await fetchToken(signInClient, 'ann@acme.example')
    const before = provider.requests.length
    for (let at = 0; at < 3; at += 1) assert.equal((await look(token)).status, 200)
    assert.deepEqual(provider.requests.slice(before).toSorted(), ['GET /me', 'POST /token/introspection'])
  })

  test('gets nothing where it is unknown, was given to another application, or is of somebody not on the list', async () => {
    assert.equal((await look('forged')).status, 401)
    assert.equal((await look(await fetchToken(otherClient, 'ann@acme.example'))).status, 401)
    assert.equal((await look(await fetchToken(signInClient, 'eve@evil.example'))).status, 403)
    assert.ok(!service.log().includes('forged'))
  })

  test('that is junk keeps nobody out who is signed in, however many come while the provider is slow', async () => {
    const browser = createBrowser()
    await signIn(browser, 'ann@acme.example')
    const release = provider.holdIntrospection()
    const junk = Array.from({ length: 100 }, (_, at) => look(`junk-${at}`))
    await Promise.race(junk)
    assert.equal((await browser.open(`${service.url}/status.json`)).status, 200)
    release()
    const statuses = (await Promise.all(junk)).map(({ status }) => status)
    assert.deepEqual(new Set(statuses), new Set([401, 503]))
  })

  test('runs nothing with it', async () => {
    const token = await fetchToken(signInClient, 'bob@other.example')
    await using guarded = await start('bob@other.example=*', {
      HEADRACE_INBOUND: 'verify',
      HEADRACE_AUDIENCE: 'https://etl.acme.example',
      HEADRACE_URL: 'https://etl.acme.example',
    })
    const headers = { authorization: `Bearer ${token}` }
    assert.equal((await fetch(`${guarded.url}/run/acme`, { method: 'POST', headers })).status, 401)
    assert.equal((await fetch(`${guarded.url}/status.json`, { headers })).status, 200)
  })
})

test('over https the cookie is for this host alone, and the way back is the address that people see', async () => {
  await using guarded = await start('@acme.example', {
    HEADRACE_INBOUND: 'verify',
    HEADRACE_AUDIENCE: 'https://etl.acme.example',
    HEADRACE_URL: 'https://etl.acme.example/',
  })
  const response = await fetch(`${guarded.url}/login`, { redirect: 'manual', headers: { host: 'evil.example' } })
  const cookie = response.headers.get('set-cookie') ?? ''
  assert.match(cookie, /^__Host-headrace-login=.*; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/)
  const away = new URL(response.headers.get('location') ?? '')
  assert.equal(away.searchParams.get('redirect_uri'), 'https://etl.acme.example/login/authorized')
  assert.equal(away.searchParams.get('code_challenge_method'), 'S256')
})

test('a key that is too short, or not to be had, lets nobody in', async () => {
  for (const [more, status] of [
    [{ SESSION_KEY: 'short' }, 400],
    [{ HEADRACE_SIGN_IN_KEY: 'env:ABSENT' }, 424],
  ] as const) {
    await using other = await start('@acme.example', more)
    const response = await fetch(`${other.url}/login`, { redirect: 'manual' })
    assert.equal(response.status, status)
    assert.equal((await fetch(`${other.url}/status.json`)).status, 401)
  }
})
