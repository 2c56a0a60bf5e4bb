import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, beforeEach, test } from 'node:test'
import { inspect } from 'node:util'
import { gcpMetadata } from 'google-auth-library'
import { SignJWT, decodeJwt } from 'jose'
import { authConfig } from '../../src/auth/index.ts'
import { startAssertionServer } from './assertion-server.ts'
import { type Cloud, type CloudReply, startCloud } from './google-cloud.ts'
import { type World, authOf, createWorld, request, tokenOf } from './helpers.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const account = 'etl@acme.iam.gserviceaccount.com'
const metadata = '/computeMetadata/v1/instance'
const drive = 'https://www.googleapis.com/auth/drive.readonly'

const touched = ['GCE_METADATA_HOST', 'GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_CONFIG', 'METADATA_SERVER_DETECTION']

/** The library reads its environment by itself: each test has one without any credentials. */
function isolate(context: TestContext, env: Readonly<Record<string, string>>): string {
  const before = touched.map((name) => [name, process.env[name]] as const)
  const dir = mkdtempSync(join(tmpdir(), 'headrace-google-'))
  for (const name of touched) delete process.env[name]
  Object.assign(process.env, { CLOUDSDK_CONFIG: dir, ...env })
  context.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

beforeEach(() => gcpMetadata.resetIsAvailableCache())

async function startWorld(
  context: TestContext,
  replies: Readonly<Record<string, CloudReply>>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<{ world: World; cloud: Cloud; deps: World['deps'] }> {
  const world = createWorld(context, secrets)
  world.now = Date.now()
  const cloud = await startCloud(context, replies, world.deps.fetch)
  isolate(context, { GCE_METADATA_HOST: cloud.host })
  return { world, cloud, deps: { ...world.deps, fetch: cloud.fetch } }
}

/** The metadata server of a machine that runs as `account`. */
function machine(): Record<string, CloudReply> {
  let tokens = 0
  return {
    [metadata]: () => ({ body: 'id\n' }),
    [`${metadata}/service-accounts/default/token`]: () => ({
      body: { access_token: `machine-token-${++tokens}`, expires_in: 3599, token_type: 'Bearer' },
    }),
    [`${metadata}/service-accounts/default/email`]: () => ({ body: account }),
    '/computeMetadata/v1/universe/universe-domain': () => ({ body: 'googleapis.com' }),
  }
}

test('the service account of the machine signs, with the scopes asked for, once per lifetime', async (context) => {
  const { cloud, deps } = await startWorld(context, machine())
  const auth = authOf({ type: 'google', scopes: [drive] }, deps)
  assert.equal(await tokenOf(auth), 'machine-token-1')
  assert.equal(await tokenOf(auth), 'machine-token-1')
  const asked = cloud.requests.filter(({ path }) => path.endsWith('/token'))
  assert.deepEqual(
    asked.map(({ query, headers }) => [query.get('scopes'), headers['metadata-flavor']]),
    [[drive, 'Google']],
  )
  await auth.renew?.(await auth.sign(request))
  assert.equal(await tokenOf(auth), 'machine-token-2', 'a refused token is not taken from a cache again')
  assert.equal(deps.redactor.redact('machine-token-2'), '[secret]')
  const [facts] = auth.describe?.() ?? []
  assert.deepEqual(facts?.scopesAsked, [drive])
  assert.ok((facts?.expiresAt ?? 0) > Date.now() + 3_000_000)
})

test('a private service gets an ID token for its URL', async (context) => {
  const idToken = await new SignJWT({ email: account })
    .setProtectedHeader({ alg: 'RS256' })
    .setAudience('https://report-abc.a.run.app')
    .setExpirationTime('1h')
    .sign(privateKey)
  const { cloud, deps } = await startWorld(context, {
    ...machine(),
    [`${metadata}/service-accounts/default/identity`]: () => ({ body: idToken }),
  })
  const auth = authOf({ type: 'google', audience: 'https://report-abc.a.run.app' }, deps)
  assert.equal(await tokenOf(auth), idToken)
  const asked = cloud.requests.find(({ path }) => path.endsWith('/identity'))
  assert.equal(asked?.query.get('audience'), 'https://report-abc.a.run.app')
  assert.equal(auth.describe?.()[0]?.account, account)
})

test('without a key IAM signs for the person that the service account may act for', async (context) => {
  const signed: unknown[] = []
  const { deps } = await startWorld(context, {
    ...machine(),
    [`/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signJwt`]: ({ headers, body }) => {
      const { payload } = JSON.parse(body) as { payload: string }
      signed.push(headers.authorization, JSON.parse(payload))
      return { body: { keyId: 'k', signedJwt: `e30.${Buffer.from(payload).toString('base64url')}.c2ln` } }
    },
    '/token': ({ body }) => {
      const { sub, scope } = decodeJwt(new URLSearchParams(body).get('assertion') ?? '')
      return { body: { access_token: `for ${String(sub)} ${String(scope)}`.replaceAll(' ', '-'), expires_in: 3600 } }
    },
  })
  const auth = authOf({ type: 'google', scopes: [drive], subject: 'someone@acme.example' }, deps)
  assert.equal(await tokenOf(auth), `for-someone@acme.example-${drive}`)
  const [authorization, claims] = signed as [string, { iat: number; exp: number }]
  assert.equal(authorization, 'Bearer machine-token-1')
  const { iat, exp, ...rest } = claims
  const aud = 'https://oauth2.googleapis.com/token'
  assert.deepEqual(rest, { iss: account, sub: 'someone@acme.example', aud, scope: drive })
  assert.equal(exp - iat, 1_800)
  assert.equal(auth.describe?.()[0]?.account, 'someone@acme.example')
})

test('what keeps a service account from acting for a person is said with what mends it', async (context) => {
  let iam: ReturnType<CloudReply> = {
    status: 403,
    body: { error: { message: "Permission 'iam.serviceAccounts.signJwt' denied" } },
  }
  const { deps } = await startWorld(context, {
    ...machine(),
    [`/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:signJwt`]: () => iam,
    '/token': () => ({
      status: 401,
      body: { error: 'unauthorized_client', error_description: 'Client is unauthorized' },
    }),
  })
  const signIn = (): Promise<unknown> => authOf({ type: 'google', subject: 'a@acme.example' }, deps).sign(request)
  await assert.rejects(signIn(), { code: 'AUTH_FAILED', message: /roles\/iam\.serviceAccountTokenCreator$/ })
  iam = {
    status: 403,
    body: { error: { message: 'IAM Service Account Credentials API has not been used in project 1' } },
  }
  await assert.rejects(signIn(), {
    code: 'AUTH_FAILED',
    message: /gcloud services enable iamcredentials\.googleapis\.com$/,
  })
  iam = { body: { signedJwt: 'a.b.c' } }
  await assert.rejects(signIn(), { code: 'AUTH_FAILED', message: /unauthorized_client.*domain-wide delegation/ })
})

function keyFile(tokenUri: string, more: object = {}): string {
  const fields = { type: 'service_account', client_email: account, private_key: pem, private_key_id: 'key-1' }
  return JSON.stringify({ ...fields, token_uri: tokenUri, ...more }, null, 2)
}

test('a key file signs in for itself, for a person, and for an ID token, without any cloud', async (context) => {
  isolate(context, { METADATA_SERVER_DETECTION: 'none' })
  const idToken = await new SignJWT({ email: account })
    .setProtectedHeader({ alg: 'RS256' })
    .setExpirationTime('1h')
    .sign(privateKey)
  const plain = await startAssertionServer(context, {
    key: publicKey,
    verify: { issuer: account, algorithms: ['RS256'] },
  })
  const forId = await startAssertionServer(context, {
    key: publicKey,
    refuse: ({ target_audience: target }) => (target === 'https://x.a.run.app' ? undefined : 'target_audience'),
    answer: { access_token: undefined, id_token: idToken },
  })
  const world = createWorld(context, { FILE: keyFile(plain.url), ID: keyFile(forId.url) })
  world.now = Date.now()
  const config = { type: 'google', scopes: [drive], key_file: 'env:FILE' }
  const auth = authOf(config, world.deps)
  assert.equal(await tokenOf(auth), 'token-1')
  assert.equal(auth.describe?.()[0]?.account, account)
  assert.equal(await tokenOf(authOf({ ...config, subject: 'someone@acme.example' }, world.deps)), 'token-2')
  assert.deepEqual(
    plain.taken.map(({ sub, scope }) => [sub, scope]),
    [
      [undefined, drive],
      ['someone@acme.example', drive],
    ],
  )
  const identified = authOf({ type: 'google', key_file: 'env:ID', audience: 'https://x.a.run.app' }, world.deps)
  assert.equal(await tokenOf(identified), idToken)
  assert.equal(world.deps.redactor.redact(pem.split('\n')[3] as string), '[secret]')
})

test('a key file that is none is refused in one sentence that does not quote it', (context) => {
  const user = JSON.stringify({ type: 'authorized_user', refresh_token: 'hunter2-hunter2' })
  for (const [text, message] of [
    [user, /is no service account's key file/],
    ['hunter2-hunter2', /is no service account's key file/],
    [keyFile('http://a.example/token'), /token_uri that is not https/],
    [keyFile('https://a.example/token', { private_key: 'hunter2-hunter2' }), /is no private key/],
  ] as const) {
    const { deps } = createWorld(context, { FILE: text })
    assert.throws(
      () => authOf({ type: 'google', key_file: 'env:FILE' }, deps),
      (thrown: Error) => {
        assert.match(thrown.message, message)
        assert.ok(!inspect(thrown, { depth: 9, showHidden: true }).includes('hunter2'))
        return true
      },
    )
  }
})

test('the login of a person says which project pays', async (context) => {
  const { cloud, deps } = await startWorld(context, {
    '/token': ({ body }) => {
      const fields = new URLSearchParams(body)
      return fields.get('refresh_token') === 'users-refresh-token'
        ? { body: { access_token: 'users-token', expires_in: 3599 } }
        : { status: 400, body: { error: 'invalid_grant' } }
    },
  })
  const login = {
    type: 'authorized_user',
    client_id: 'gcloud',
    client_secret: 'public',
    refresh_token: 'users-refresh-token',
    quota_project_id: 'acme-billing',
  }
  const file = join(process.env['CLOUDSDK_CONFIG'] as string, 'application_default_credentials.json')
  writeFileSync(file, JSON.stringify(login))
  const { headers } = await authOf({ type: 'google' }, deps).sign(request)
  assert.deepEqual([headers['authorization'], headers['x-goog-user-project']], ['Bearer users-token', 'acme-billing'])
  assert.equal(cloud.requests.length, 1, 'nobody looks for a metadata server or a project')
  writeFileSync(file, JSON.stringify({ ...login, refresh_token: 'run-out' }))
  await assert.rejects(authOf({ type: 'google' }, deps).sign(request), {
    code: 'AUTH_FAILED',
    message: /^Google: the login has run out \(invalid_grant\); .*gcloud auth application-default login once more\.$/,
  })
})

test('where there is no cloud and no login, one sentence says what to do', async (context) => {
  isolate(context, { METADATA_SERVER_DETECTION: 'none' })
  const { deps } = createWorld(context)
  await assert.rejects(authOf({ type: 'google' }, deps).sign(request), {
    code: 'AUTH_FAILED',
    message: /^Google: this program runs without an identity; .*gcloud auth application-default login/,
  })
})

test('a metadata server that never answers does not hang the run', async (context) => {
  const silent = createServer()
  const sockets = new Set<{ destroy(): void }>()
  silent.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  isolate(context, { GCE_METADATA_HOST: `127.0.0.1:${(silent.address() as AddressInfo).port}` })
  const { deps } = createWorld(context)
  await assert.rejects(authOf({ type: 'google' }, deps).sign(request), { code: 'AUTH_FAILED' })
})

test('a file that GOOGLE_APPLICATION_CREDENTIALS names in vain is said, and a stop is heard', async (context) => {
  isolate(context, { GOOGLE_APPLICATION_CREDENTIALS: '/nonexistent/key.json', METADATA_SERVER_DETECTION: 'none' })
  const { deps, stop } = createWorld(context)
  await assert.rejects(authOf({ type: 'google' }, deps).sign(request), {
    code: 'AUTH_FAILED',
    message: /GOOGLE_APPLICATION_CREDENTIALS names cannot be read/,
  })
  stop.abort()
  await assert.rejects(authOf({ type: 'google' }, deps).sign(request), { code: 'INTERRUPTED' })
})

test('an ID token cannot be had for a person that is acted for', () => {
  assert.ok(!authConfig.safeParse({ type: 'google', subject: 'a@b.example', audience: 'https://x.example' }).success)
  assert.ok(!authConfig.safeParse({ type: 'google', audience: 'https://x.example/?a&b' }).success)
})
