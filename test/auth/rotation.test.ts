import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { type RotatingOidc, rotatingClient, startRotatingOidc } from '../support/rotating-oidc.ts'
import type { SecretManagerServer } from '../support/secret-manager.ts'
import { findLeaks, readTree } from '../support/leaks.ts'
import { makeRows, startProvider } from '../support/provider.ts'
import { connectorText, createWorkspace } from '../support/workspace.ts'
import { makeDir, secretName, startSecrets } from '../secrets/token-stores.ts'
import { authOf, createWorld, request, tokenOf } from './helpers.ts'
import type { RenewingSetup, RoundResult } from './renewing-process.ts'
import { json, startEndpoint } from './token-endpoint.ts'

interface Place {
  readonly oidc: RotatingOidc
  readonly server: SecretManagerServer
  readonly dir: string
  readonly auth: object
  /** The text that holds the tokens. */
  readText(): string
}

/** A provider, both stores, and a refresh token as a person or `headrace connect` left it. */
async function prepare(
  context: TestContext,
  reference: string,
  { rotate = true, plain = false, lifetime = 3_600 } = {},
): Promise<Place> {
  const oidc = await startRotatingOidc({ rotate, lifetime })
  context.after(() => oidc[Symbol.asyncDispose]())
  const server = await startSecrets(context)
  const dir = makeDir(context)
  const refreshToken = await oidc.giveRefreshToken()
  const text = plain ? refreshToken : JSON.stringify({ refresh_token: refreshToken })
  server.add(secretName, text)
  writeFileSync(join(dir, 'rt'), text)
  const auth = {
    type: 'oauth2_refresh_token',
    token_url: oidc.tokenUrl,
    client_id: rotatingClient.client_id,
    client_secret: 'env:SECRET',
    refresh_token: reference,
  }
  const readText = (): string =>
    reference.startsWith('file:')
      ? readFileSync(join(dir, 'rt'), 'utf8')
      : server.peek(secretName, server.states(secretName).split(' ').length)
  return { oidc, server, dir, auth, readText }
}

const secrets = { SECRET: rotatingClient.client_secret }

interface Renewer {
  readonly child: ChildProcess
  sign(round: number): Promise<RoundResult>
}

function startRenewer(context: TestContext, { server, dir, auth }: Place, more: Partial<RenewingSetup> = {}): Renewer {
  const setup: RenewingSetup = {
    connectorFile: join(dir, 'acme.yaml'),
    auth,
    secrets,
    endpoint: server.endpoint,
    leaseMs: 60_000,
    skew: 0,
    ...more,
  }
  const program = join(import.meta.dirname, 'renewing-process.ts')
  const child = spawn(process.execPath, [program, JSON.stringify(setup)], { stdio: ['pipe', 'pipe', 'inherit'] })
  context.after(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    async sign(round) {
      child.stdin.write(`${JSON.stringify({ round })}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('the process is gone')
      return JSON.parse(value) as RoundResult
    },
  }
}

for (const reference of ['secret:rt', 'file:rt'])
  test(`three processes that renew ${reference} at once for a hundred rounds renew once a round`, async (context) => {
    const place = await prepare(context, reference)
    const renewers = Array.from({ length: 3 }, () => startRenewer(context, place))
    for (let round = 1; round <= 100; round += 1) {
      const results = await Promise.all(renewers.map((renewer) => renewer.sign(round)))
      for (const { error } of results) assert.equal(error, undefined, error?.message)
      const tokens = new Set(results.map(({ token }) => token))
      assert.equal(tokens.size, 1, `round ${round}`)
      assert.ok(await place.oidc.knows([...tokens][0] ?? ''))
      assert.equal(place.oidc.renewals, round)
    }
    assert.deepEqual(place.oidc.errors, [])
    assert.doesNotMatch(place.server.states(secretName), /ENABLED.*ENABLED/)
  })

for (const reference of ['secret:rt', 'file:rt'])
  test(`three processes whose clocks are ten minutes apart lose no token in ${reference}, plain or not`, async (context) => {
    for (const plain of [true, false]) {
      const place = await prepare(context, reference, { plain })
      const renewers = [-600_000, 0, 600_000].map((skew) => startRenewer(context, place, { skew }))
      for (let round = 1; round <= 15; round += 1)
        for (const { error } of await Promise.all(renewers.map((renewer) => renewer.sign(round))))
          assert.equal(error, undefined, error?.message)
      assert.deepEqual(place.oidc.errors, [])
      for (const { child } of renewers) child.kill('SIGKILL')
    }
  })

async function killNow({ child }: Renewer): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

for (const reference of ['secret:rt', 'file:rt'])
  test(`a process killed between the answer and the save to ${reference}: the next run says what was lost and what to do`, async (context) => {
    const place = await prepare(context, reference)
    const victim = startRenewer(context, place)
    place.oidc.beforeAnswer = () => killNow(victim)
    await assert.rejects(victim.sign(1))
    assert.equal(place.oidc.renewals, 1, 'the refresh token is used up')
    place.oidc.beforeAnswer = () => {}

    for (const round of [2, 3]) {
      const next = startRenewer(context, place, { leaseMs: 400 })
      const { error } = await next.sign(round)
      assert.equal(error?.code, 'RECONNECT_NEEDED', error?.message)
      assert.match(error.message, /A renewal that began at \d{4}-\S+ never came to its end/)
      const remedy = reference.startsWith('file:') ? /store it in the file rt/ : /gcloud secrets versions add rt/
      assert.match(error.message, remedy)
    }

    const refreshToken = await place.oidc.giveRefreshToken()
    if (reference.startsWith('file:')) writeFileSync(join(place.dir, 'rt'), refreshToken)
    else place.server.add(secretName, refreshToken)
    const mended = await startRenewer(context, place, { leaseMs: 400 }).sign(4)
    assert.ok(await place.oidc.knows(mended.token ?? ''), mended.error?.message)
  })

test('a process killed while it renewed a token that stays good: the next run says so and goes on', async (context) => {
  const place = await prepare(context, 'file:rt', { rotate: false })
  const victim = startRenewer(context, place)
  place.oidc.beforeAnswer = () => killNow(victim)
  await assert.rejects(victim.sign(1))
  place.oidc.beforeAnswer = () => {}
  const { token, log } = await startRenewer(context, place).sign(2)
  assert.ok(await place.oidc.knows(token ?? ''))
  assert.match(log.join('\n'), /warn an earlier renewal of these tokens was broken off/)
})

for (const [what, method, killed] of [
  ['before its renewal was noted', 'updateSecret', 2],
  ['after its token was saved', 'updateSecret', 3],
] as const)
  test(`a process killed ${what} leaves a token that the next run renews`, async (context) => {
    const place = await prepare(context, 'secret:rt')
    const victim = startRenewer(context, place)
    let seen = 0
    place.server.onRequest = async (called) => {
      if (called === method) seen += 1
      if (called === method && seen === killed) await killNow(victim)
    }
    await assert.rejects(victim.sign(1))
    place.server.onRequest = () => {}
    const { token, error } = await startRenewer(context, place, { leaseMs: 400 }).sign(2)
    assert.ok(await place.oidc.knows(token ?? ''), error?.message)
    assert.deepEqual(place.oidc.errors, [])
  })

test('a hundred requests at the moment of expiry cause one renewal', async (context) => {
  const place = await prepare(context, 'secret:rt')
  const world = createWorld(context, secrets, { dir: place.dir, endpoint: place.server.endpoint })
  world.now = Date.now()
  const auth = authOf(place.auth, world.deps)
  for (const renewals of [1, 2, 3]) {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => tokenOf(auth)))
    assert.equal(new Set(tokens).size, 1)
    assert.equal(place.oidc.renewals, renewals)
    world.now += 3_600_000
  }
})

test('a provider that does not rotate costs no write per run, at once where the connector says so', async (context) => {
  for (const rotates of [true, false]) {
    const place = await prepare(context, 'secret:rt', { rotate: false, plain: true })
    const now = { ms: Date.now() }
    const run = async (): Promise<readonly string[]> => {
      const world = createWorld(context, secrets, { endpoint: place.server.endpoint })
      world.now = now.ms
      const from = place.server.methods.length
      assert.ok(await place.oidc.knows(await tokenOf(authOf({ ...place.auth, rotates }, world.deps))))
      return place.server.methods.slice(from)
    }
    const first = await run()
    if (!rotates) assert.ok(!first.includes('updateSecret'))
    now.ms += 4 * 86_400_000
    for (let again = 0; again < 3; again += 1) {
      const methods = await run()
      assert.deepEqual(
        methods.filter((method) => !['getSecret', 'access'].includes(method)),
        [],
      )
    }
    assert.equal(place.server.states(secretName), 'ENABLED', 'no version was ever added')
  }
})

test('a refused access token is renewed, and the saved one is not taken for new', async (context) => {
  const place = await prepare(context, 'secret:rt')
  const world = createWorld(context, secrets, { endpoint: place.server.endpoint })
  world.now = Date.now()
  const auth = authOf(place.auth, world.deps)
  const signed = await auth.sign(request)
  await auth.renew?.(signed)
  assert.notEqual((await auth.sign(request)).headers['authorization'], signed.headers['authorization'])
  assert.equal(place.oidc.renewals, 2)
  const saved = JSON.parse(place.readText()) as { access_token: string }
  assert.equal(saved.access_token, await tokenOf(auth))
})

test('an access token is not used before the refresh token that came with it is saved', async (context) => {
  const place = await prepare(context, 'secret:rt')
  const world = createWorld(context, secrets, { endpoint: place.server.endpoint })
  world.now = Date.now()
  const auth = authOf(place.auth, world.deps)
  place.server.faults.push(
    ...Array.from({ length: 14 }, () => ({ status: 503, reason: 'UNAVAILABLE', on: 'addVersion' as const })),
  )
  await assert.rejects(auth.sign(request), { code: 'AUTH_UNAVAILABLE' })
  assert.equal(place.oidc.renewals, 1)
  // The next try in this process saves what the first could not, and has no need of another renewal.
  assert.ok(await place.oidc.knows(await tokenOf(auth)))
  assert.equal(place.oidc.renewals, 1)
  const saved = JSON.parse(place.readText()) as { access_token: string }
  assert.equal(saved.access_token, await tokenOf(auth))
})

test('a run renews, the run after it uses what was saved, and no token is in anything they write', async (context) => {
  const oidc = await startRotatingOidc({ rotate: true })
  context.after(() => oidc[Symbol.asyncDispose]())
  await using provider = await startProvider({ rows: makeRows(5), pageSize: 10 })
  using workspace = createWorkspace({ RENEWER_SECRET: rotatingClient.client_secret })
  const first = await oidc.giveRefreshToken()
  writeFileSync(join(workspace.dir, 'rt.json'), JSON.stringify({ rt: first }))
  const more = [
    'auth:',
    '  type: oauth2_refresh_token',
    `  token_url: ${oidc.tokenUrl}`,
    `  client_id: ${rotatingClient.client_id}`,
    '  client_secret: env:RENEWER_SECRET',
    '  refresh_token: file:rt.json#rt',
  ]
  workspace.writeConnector(connectorText(provider.url, { more }))
  const runs = [await workspace.run('--log-level', 'trace'), await workspace.run('--log-level', 'trace')]
  for (const { code, stderr } of runs) assert.equal(code, 0, stderr)
  assert.equal(oidc.renewals, 1)
  const saved = JSON.parse(readFileSync(join(workspace.dir, 'rt.json'), 'utf8')) as Record<string, string>
  assert.equal(provider.received.at(-1)?.headers.authorization, `Bearer ${saved['access_token']}`)
  const written = readTree(workspace.dir, ['rt.json']).map(({ path, bytes }) => ({ path, bytes }))
  const said = runs.map(({ stdout, stderr }, at) => ({ path: `run ${at}`, bytes: Buffer.from(stdout + stderr) }))
  for (const secret of [first, saved['rt'] ?? '', saved['access_token'] ?? '', rotatingClient.client_secret])
    for (const { path, bytes } of [...written, ...said]) assert.deepEqual(findLeaks(secret, bytes), [], path)
})

test('a token that came by surprise is not lost where it cannot be saved at once', async (context) => {
  const endpoint = await startEndpoint(context, json({ access_token: 'at-1', expires_in: 60 }))
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  const world = createWorld(context, secrets, { endpoint: server.endpoint })
  const config = { type: 'oauth2_refresh_token', token_url: endpoint.url, client_id: 'me', client_secret: 'env:SECRET' }
  const auth = authOf({ ...config, refresh_token: 'secret:rt' }, world.deps)
  await auth.sign(request)
  world.now = Date.now()
  endpoint.replies = [json({ access_token: 'at-2', expires_in: 60, refresh_token: 'rt-1' })]
  const down = { status: 503, reason: 'UNAVAILABLE', on: 'getSecret' } as const
  // The first look succeeds, the lease for the save is not to be had.
  let looks = 0
  server.onRequest = (method) => {
    if (method === 'getSecret' && (looks += 1) === 1) server.faults.push(down, down, down, down, down)
  }
  await assert.rejects(auth.sign(request), { code: 'SECRET_UNAVAILABLE' })
  assert.equal(server.peek(secretName, 2), '')
  assert.equal(await tokenOf(auth), 'at-2')
  assert.equal(server.peek(secretName, 2), 'rt-1')
  assert.equal(endpoint.requests.length, 2, 'what it brought was still good')
})
