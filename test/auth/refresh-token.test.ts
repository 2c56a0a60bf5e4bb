import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { authConfig } from '../../src/auth/index.ts'
import { SyncError } from '../../src/base/errors.ts'
import { keepingLog, makeDir } from '../secrets/token-stores.ts'
import { authOf, createWorld, request, tokenOf } from './helpers.ts'
import { type Reply, type TokenEndpoint, breakOff, html, json, startEndpoint, text } from './token-endpoint.ts'

interface Setup {
  readonly endpoint: TokenEndpoint
  readonly world: ReturnType<typeof createWorld>
  readonly auth: ReturnType<typeof authOf>
  readonly log: string[]
  /** What lies in the file of the tokens. */
  readonly stored: () => unknown
  readonly store: (text: string) => void
}

async function setUp(
  context: TestContext,
  replies: readonly Reply[],
  config: object = {},
  initial = '{"refresh_token":"hunter2-rt-0"}',
): Promise<Setup> {
  const endpoint = await startEndpoint(context, ...replies)
  const dir = makeDir(context)
  const world = createWorld(context, { SECRET: 'hunter2-client' }, { dir })
  world.now = Date.UTC(2026, 0, 1)
  const log: string[] = []
  const base = {
    type: 'oauth2_refresh_token',
    token_url: endpoint.url,
    client_id: 'me',
    client_secret: 'env:SECRET',
    refresh_token: 'file:rt',
  }
  const store = (content: string): void => writeFileSync(join(dir, 'rt'), content)
  store(initial)
  return {
    endpoint,
    world,
    log,
    store,
    auth: authOf({ ...base, ...config }, { ...world.deps, log: keepingLog(log) }),
    stored: () => JSON.parse(readFileSync(join(dir, 'rt'), 'utf8')),
  }
}

/** The error, which in no form shows a secret or a token. */
async function errorOf(promise: Promise<unknown>): Promise<SyncError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SyncError, inspect(error))
  const printed = inspect(error, { depth: 99, showHidden: true }) + JSON.stringify(error) + String(error.stack)
  assert.ok(!printed.includes('hunter2'), printed)
  return error
}

const answer = { access_token: 'hunter2-at-1', token_type: 'Bearer', refresh_token: 'hunter2-rt-1' }
/** For so long a refused sign-in is not tried again. */
const aMinute = 60_000

const refusal = json({ error: 'invalid_grant', error_description: 'Token is expired or revoked.' }, 400)

test('the request carries the grant, the refresh token, scopes and what is extra', async (context) => {
  const { auth, endpoint } = await setUp(context, [json(answer)], { scopes: ['a', 'b'], extra: { account: 'x' } })
  assert.equal(await tokenOf(auth), 'hunter2-at-1')
  const expected = { refresh_token: 'hunter2-rt-0', scope: 'a b', account: 'x', grant_type: 'refresh_token' }
  assert.deepEqual(Object.fromEntries(new URLSearchParams(endpoint.requests[0]?.body)), expected)
  assert.equal(endpoint.requests[0]?.headers.authorization, `Basic ${btoa('me:hunter2%2Dclient')}`)
})

const lifetimes: Readonly<Record<string, readonly [object, string | undefined]>> = {
  'a number': [{ expires_in: 3600 }, '2026-01-01T01:00:00.000Z'],
  text: [{ expires_in: '3600' }, '2026-01-01T01:00:00.000Z'],
  zero: [{ expires_in: 0 }, undefined],
  absent: [{}, undefined],
  null: [{ expires_in: null }, undefined],
  negative: [{ expires_in: -1 }, undefined],
  nonsense: [{ expires_in: 'soon' }, undefined],
  huge: [{ expires_in: 1e15 }, '9999-12-31T00:00:00.000Z'],
  'huge text': [{ expires_in: '9'.repeat(30) }, '9999-12-31T00:00:00.000Z'],
  'no type beside it': [{ expires_in: 3600, token_type: undefined }, '2026-01-01T01:00:00.000Z'],
}

for (const [what, [fields, end]] of Object.entries(lifetimes))
  test(`the replaced token is saved before use, its lifetime being ${what}`, async (context) => {
    const { auth, endpoint, stored } = await setUp(context, [json({ ...answer, ...fields })])
    assert.equal(await tokenOf(auth), 'hunter2-at-1')
    assert.equal(await tokenOf(auth), 'hunter2-at-1')
    assert.equal(endpoint.requests.length, 1)
    assert.deepEqual(stored(), {
      obtained_at: '2026-01-01T00:00:00.000Z',
      refresh_token: 'hunter2-rt-1',
      access_token: 'hunter2-at-1',
      ...(end !== undefined && { expires_at: end }),
    })
  })

const nested: Readonly<Record<string, readonly [object, object]>> = {
  'the one member that has it': [{ ok: true, data: answer, team: { id: 1 } }, {}],
  'the member that token_field names': [
    { ok: true, a: { ...answer, access_token: 'no' }, b: answer },
    { token_field: 'b' },
  ],
}

for (const [what, [body, config]] of Object.entries(nested))
  test(`a token is found in ${what}`, async (context) => {
    const { auth, stored } = await setUp(context, [json(body)], config)
    assert.equal(await tokenOf(auth), 'hunter2-at-1')
    assert.equal((stored() as { refresh_token: string }).refresh_token, 'hunter2-rt-1')
  })

test('a refresh token that came with an access token of no use is saved all the same', async (context) => {
  for (const bad of [{ access_token: 'a\r\nb' }, { access_token: undefined }, { token_type: 'DPoP' }]) {
    const { auth, stored } = await setUp(context, [json({ ...answer, ...bad })])
    assert.equal((await errorOf(auth.sign(request))).code, 'AUTH_FAILED')
    assert.equal((stored() as { refresh_token: string }).refresh_token, 'hunter2-rt-1')
  }
})

const failures: Readonly<Record<string, readonly [Reply, string, RegExp, number]>> = {
  'a web page': [html, 'AUTH_FAILED', /with a web page \(Sign in to Acme\)/, 1],
  'an empty answer': [text(''), 'AUTH_FAILED', /with nothing/, 1],
  'a wrong client': [json({ error: 'invalid_client' }, 401), 'AUTH_FAILED', /invalid_client/, 2],
  503: [text('', 503), 'AUTH_UNAVAILABLE', /answered 503/, 3],
  'a broken connection': [breakOff, 'AUTH_UNAVAILABLE', /could not be reached/, 3],
}

for (const [what, [reply, code, message, requests]] of Object.entries(failures))
  test(`after ${what} the refresh token stays, and the next try uses it`, async (context) => {
    const { auth, endpoint, stored, world } = await setUp(context, [reply])
    const error = await errorOf(auth.sign(request))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.equal(endpoint.requests.length, requests)
    assert.deepEqual(stored(), { refresh_token: 'hunter2-rt-0' })
    endpoint.replies = [json(answer)]
    world.now += aMinute
    assert.equal(await tokenOf(auth), 'hunter2-at-1')
  })

const refusals: Readonly<Record<string, Reply>> = {
  invalid_grant: refusal,
  'invalid_grant with 401': json({ error: 'invalid_grant' }, 401),
  'an error with 200': json({ error: 'bad_refresh_token', error_description: 'The refresh token is incorrect.' }),
  'a status of its own': json({ status: 'BAD_REFRESH_TOKEN', message: 'missing or invalid refresh token' }, 400),
  'a wish to see the person': json({ error: 'interaction_required' }, 400),
}

for (const [what, reply] of Object.entries(refusals))
  test(`${what} means that a person must sign in again, and is told the same way each time`, async (context) => {
    const { auth, endpoint, stored, world } = await setUp(context, [reply])
    for (const requests of [1, 2]) {
      world.now += aMinute
      const error = await errorOf(auth.sign(request))
      assert.equal(error.code, 'RECONNECT_NEEDED')
      assert.match(error.message, /^The refresh token in file:rt is no longer accepted: The token endpoint /)
      assert.match(
        error.message,
        /Get a new refresh token from the provider and store it in the file rt, beside acme\.yaml/,
      )
      assert.doesNotMatch(error.message, /never came to its end/)
      assert.equal(endpoint.requests.length, requests, 'the same token is not tried twice')
    }
    assert.deepEqual(stored(), { refresh_token: 'hunter2-rt-0' })
  })

test('a refused token is read anew and tried once more where another was stored meanwhile', async (context) => {
  const setup = await setUp(context, [json(answer)])
  setup.endpoint.replies = [
    (response, incoming) => {
      setup.store('hunter2-by-hand')
      refusal(response, incoming)
    },
    json({ ...answer, refresh_token: undefined }),
  ]
  assert.equal(await tokenOf(setup.auth), 'hunter2-at-1')
  assert.match(setup.endpoint.requests[1]?.body ?? '', /refresh_token=hunter2-by-hand/)
})

test('a lost answer is told as such when the token is then refused, and not when it still works', async (context) => {
  const { auth, endpoint, log, world } = await setUp(context, [breakOff])
  assert.equal((await errorOf(auth.sign(request))).code, 'AUTH_UNAVAILABLE')
  endpoint.replies = [refusal]
  const { message } = await errorOf(auth.sign(request))
  assert.match(message, /A renewal that began at 2026-01-01T00:00:00.000Z never came to its end/)
  endpoint.replies = [json(answer)]
  world.now += aMinute
  assert.equal(await tokenOf(auth), 'hunter2-at-1')
  assert.match(log.join('\n'), /warn an earlier renewal of these tokens was broken off/)
})

test('a refusal of the client is no lost answer', async (context) => {
  const { auth, endpoint, world } = await setUp(context, [json({ error: 'invalid_client' }, 401)])
  assert.equal((await errorOf(auth.sign(request))).code, 'AUTH_FAILED')
  world.now += aMinute
  endpoint.replies = [refusal]
  assert.doesNotMatch((await errorOf(auth.sign(request))).message, /never came to its end/)
})

test('a saved access token is used while it is fresh by this clock, and not if it comes from the future', async (context) => {
  const saved = (start: string, end: string): string =>
    JSON.stringify({
      refresh_token: 'hunter2-rt-0',
      access_token: 'hunter2-saved',
      obtained_at: start,
      expires_at: end,
    })
  const cases = [
    ['2025-12-31T23:30:00Z', '2026-01-01T00:30:00Z', 'hunter2-saved'],
    ['2025-12-31T23:00:00Z', '2026-01-01T00:00:00Z', 'hunter2-at-1'],
    ['2025-12-31T23:00:30Z', '2026-01-01T00:00:30Z', 'hunter2-at-1'],
    ['2026-01-01T00:10:00Z', '2026-01-01T01:10:00Z', 'hunter2-at-1'],
    ['2025-12-31T23:00:00Z', 'nonsense', 'hunter2-at-1'],
  ] as const
  for (const [start, end, expected] of cases) {
    const { auth } = await setUp(context, [json({ ...answer, expires_in: 3600 })], {}, saved(start, end))
    assert.equal(await tokenOf(auth), expected, `${start} ${end}`)
  }
})

test('without a refresh token an access token that is used up needs a person', async (context) => {
  const { auth, endpoint } = await setUp(context, [json(answer)], {}, '{"access_token":"hunter2-only"}')
  const signed = await auth.sign(request)
  assert.equal(signed.headers['authorization'], 'Bearer hunter2-only')
  await auth.renew?.(signed)
  const error = await errorOf(auth.sign(request))
  assert.equal(error.code, 'RECONNECT_NEEDED')
  assert.equal(endpoint.requests.length, 0)
})

test('a stop does not break off a request that was sent, so that its token is saved', async (context) => {
  const setup = await setUp(context, [])
  setup.endpoint.replies = [
    (response, incoming) => {
      setup.world.stop.abort()
      json(answer)(response, incoming)
    },
  ]
  await tokenOf(setup.auth).catch(() => {})
  assert.equal((setup.stored() as { refresh_token: string }).refresh_token, 'hunter2-rt-1')
})

test('a stop before the request leaves the token unused', async (context) => {
  const { auth, endpoint, world } = await setUp(context, [json(answer)])
  world.stop.abort()
  assert.equal((await errorOf(auth.sign(request))).code, 'INTERRUPTED')
  assert.equal(endpoint.requests.length, 0)
})

test('a stop while it waits to ask again asks no more, and is no lost answer', async (context) => {
  const { auth, endpoint, world } = await setUp(context, [
    (response, incoming) => {
      world.stop.abort()
      text('', 503)(response, incoming)
    },
    json(answer),
  ])
  assert.equal((await errorOf(auth.sign(request))).code, 'INTERRUPTED')
  assert.equal(endpoint.requests.length, 1)
})

test('rotates: false takes a token from the environment, and only warns of another one', async (context) => {
  const { endpoint } = await setUp(context, [json({ ...answer, expires_in: 60 })])
  const world = createWorld(context, { SECRET: 'x', RT: 'hunter2-env' })
  const log: string[] = []
  const config = {
    type: 'oauth2_refresh_token',
    token_url: endpoint.url,
    client_id: 'me',
    client_secret: 'env:SECRET',
    refresh_token: 'env:RT',
    rotates: false,
  }
  assert.equal(await tokenOf(authOf(config, { ...world.deps, log: keepingLog(log) })), 'hunter2-at-1')
  assert.match(log.join('\n'), /warn the provider sent another refresh token/)
  assert.ok(!log.join('\n').includes('hunter2'))
  endpoint.replies = [refusal]
  const error = await errorOf(authOf(config, world.deps).sign(request))
  assert.equal(error.code, 'RECONNECT_NEEDED')
  assert.match(error.message, /set RT to it/)
})

test('a reference that cannot be written to is refused in the connector file', () => {
  const config = {
    type: 'oauth2_refresh_token',
    token_url: 'https://auth.example/token',
    client_id: 'me',
    client_secret: 'env:SECRET',
  }
  for (const reference of ['env:RT', 'secret:rt@3']) {
    const { error } = authConfig.safeParse({ ...config, refresh_token: reference })
    assert.match(error?.issues[0]?.message ?? '', /cannot be saved in .*rotates: false/)
    assert.ok(authConfig.safeParse({ ...config, refresh_token: reference, rotates: false }).success)
  }
  assert.ok(authConfig.safeParse({ ...config, refresh_token: 'secret:rt#/oauth/rt' }).success)
})

test('a provider that replaces a token now and then has it saved although it seemed to leave it as it is', async (context) => {
  const steady = json({ ...answer, refresh_token: undefined, expires_in: 60 })
  const { auth, endpoint, stored, world } = await setUp(context, [steady])
  await tokenOf(auth)
  world.now += 3_600_000
  endpoint.replies = [json(answer)]
  await tokenOf(auth)
  assert.equal((stored() as { refresh_token: string }).refresh_token, 'hunter2-rt-1')
})
