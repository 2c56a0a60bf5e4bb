import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect, promisify } from 'node:util'
import { SyncError } from '../../src/base/errors.ts'
import { createSecretStore, resolveSecrets } from '../../src/secrets/index.ts'
import { createRedactor } from '../../src/secrets/redactor.ts'
import { type SecretManagerServer, startSecretManager } from '../support/secret-manager.ts'
import { effectsOf, parseRef, quietLog } from './helpers.ts'

const signal = new AbortController().signal
const name = 'projects/acme/secrets/api-key'

async function start(context: TestContext): Promise<SecretManagerServer> {
  const server = await startSecretManager()
  context.after(() => server[Symbol.asyncDispose]())
  return server
}

function storeOf(endpoint: string, options: { project?: string; waits?: number[] } = {}) {
  const effects = effectsOf(options.waits)
  const { project = 'acme' } = options
  return createSecretStore({ connectorFile: 'acme.yaml', env: {}, endpoint, project, effects, log: quietLog })
}

async function read(server: SecretManagerServer, text: string, waits?: number[]): Promise<string> {
  const store = storeOf(server.endpoint, waits ? { waits } : {})
  return (await store.read(parseRef(text), signal)).reveal()
}

async function errorOf(promise: Promise<unknown>): Promise<SyncError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SyncError, inspect(error))
  return error
}

test('a short name reads the latest version in the project of the run', async (context) => {
  const server = await start(context)
  server.add(name, 'first')
  server.add(name, 'second')
  assert.equal(await read(server, 'secret:api-key'), 'second')
  assert.deepEqual(server.requests, [`GET /v1/${name}/versions/latest:access?$alt=json%3Benum-encoding=int`])
})

test('a version may be named after @ or in the full resource name', async (context) => {
  const server = await start(context)
  server.add(name, 'first')
  server.add(name, 'second')
  server.add('projects/other/secrets/key', 'of another project')
  assert.equal(await read(server, 'secret:api-key@1'), 'first')
  assert.equal(await read(server, `secret:${name}/versions/1`), 'first')
  assert.equal(await read(server, `secret:${name}@2`), 'second')
  assert.equal(await read(server, 'secret:projects/other/secrets/key'), 'of another project')
})

test('a secret is kept to the byte, also beyond ASCII, but for one line break at its end', async (context) => {
  const server = await start(context)
  server.add(name, '  é𝄞 \n')
  assert.equal(await read(server, 'secret:api-key'), '  é𝄞 ')
})

test('two fields of one JSON secret are one fetch, and many secrets are fetched at once', async (context) => {
  const server = await start(context)
  server.add(name, JSON.stringify({ id: 'the-id', secret: 'the-secret' }))
  server.add('projects/acme/secrets/other', 'the-other')
  const uses = ['secret:api-key#id', 'secret:api-key#/secret', 'secret:other'].map((text) => ({
    ref: parseRef(text),
    where: 'x',
  }))
  const look = await resolveSecrets(uses, storeOf(server.endpoint), { redactor: createRedactor(), signal })
  assert.deepEqual(
    uses.map(({ ref }) => look(ref).reveal()),
    ['the-id', 'the-secret', 'the-other'],
  )
  assert.equal(server.requests.length, 2)
})

test('a rotated secret is seen by the next read', async (context) => {
  const server = await start(context)
  const store = storeOf(server.endpoint)
  server.add(name, 'old')
  assert.equal((await store.read(parseRef('secret:api-key'), signal)).reveal(), 'old')
  server.add(name, 'new')
  assert.equal((await store.read(parseRef('secret:api-key'), signal)).reveal(), 'new')
})

test('a secret that does not exist says which, who needs it, and the commands that create it and grant the role', async (context) => {
  const server = await start(context)
  const uses = [{ ref: parseRef('secret:api-key'), where: 'auth.value, used by stream a of acme.yaml' }]
  const error = await errorOf(resolveSecrets(uses, storeOf(server.endpoint), { redactor: createRedactor(), signal }))
  assert.equal(error.code, 'SECRET_MISSING')
  assert.match(
    error.message,
    /^secret:api-key \(needed for auth\.value, used by stream a of acme\.yaml\): Secret api-key of project acme does not exist/,
  )
  assert.match(error.message, /gcloud secrets create api-key --data-file=- --project=acme/)
  assert.match(
    error.message,
    /add-iam-policy-binding api-key .*--role=roles\/secretmanager\.secretAccessor --project=acme/,
  )
  assert.equal(server.requests.length, 1)
})

test('a role that is lacking is named, with the command that grants it', async (context) => {
  const server = await start(context)
  server.add(name, 'value')
  server.forbidden.add(name)
  const error = await errorOf(read(server, 'secret:api-key'))
  assert.equal(error.code, 'SECRET_FORBIDDEN')
  assert.match(
    error.message,
    /gcloud secrets add-iam-policy-binding api-key .*--role=roles\/secretmanager\.secretAccessor/,
  )
})

test('a disabled or destroyed version says so', async (context) => {
  const server = await start(context)
  server.add(name, 'one')
  server.add(name, 'two')
  await fetch(`${server.endpoint}/v1/${name}/versions/1:disable`, { method: 'POST' })
  await fetch(`${server.endpoint}/v1/${name}/versions/2:destroy`, { method: 'POST' })
  const disabled = await errorOf(read(server, 'secret:api-key@1'))
  assert.equal(disabled.code, 'SECRET_MISSING')
  assert.match(
    disabled.message,
    /^Version 1 of secret api-key of project acme is disabled; .*versions enable 1 --secret=api-key/,
  )
  const destroyed = await errorOf(read(server, 'secret:api-key'))
  assert.equal(destroyed.code, 'SECRET_MISSING')
  assert.match(destroyed.message, /destroyed and its value is gone/)
})

test('a project in which Secret Manager is off says how to turn it on', async (context) => {
  const server = await start(context)
  const message = 'Secret Manager API has not been used in project 1 before or it is disabled.'
  server.faults.push({ status: 403, reason: 'PERMISSION_DENIED', message })
  const error = await errorOf(read(server, 'secret:api-key'))
  assert.equal(error.code, 'SECRET_FORBIDDEN')
  assert.match(error.message, /gcloud services enable secretmanager.googleapis.com --project=acme/)
})

for (const [what, fault] of [
  ['UNAVAILABLE', { status: 503, reason: 'UNAVAILABLE' }],
  ['RESOURCE_EXHAUSTED', { status: 429, reason: 'RESOURCE_EXHAUSTED' }],
  ['INTERNAL', { status: 500, reason: 'INTERNAL' }],
  ['a proxy in HTML', { status: 502 }],
  ['a broken connection', { status: 0, broken: true }],
  ['a damaged payload', { status: 200, damaged: true }],
] as const) {
  test(`is tried again after ${what}, and not for ever`, async (context) => {
    const server = await start(context)
    server.add(name, 'value')
    const waits: number[] = []
    server.faults.push(fault, fault)
    assert.equal(await read(server, 'secret:api-key', waits), 'value')
    assert.deepEqual(waits, [250, 500])
    assert.equal(server.requests.length, 3)

    server.faults.push(...Array.from({ length: 5 }, () => fault))
    const error = await errorOf(read(server, 'secret:api-key', waits))
    assert.equal(error.code, 'SECRET_UNAVAILABLE')
    assert.equal(server.requests.length, 8)
    assert.ok(!inspect(error, { depth: 9 }).includes('value'))
  })
}

test('nothing that can be mended only by a person is tried again', async (context) => {
  const server = await start(context)
  for (const reason of [
    'UNAUTHENTICATED',
    'PERMISSION_DENIED',
    'NOT_FOUND',
    'INVALID_ARGUMENT',
    'FAILED_PRECONDITION',
  ]) {
    server.faults.push({ status: reason === 'UNAUTHENTICATED' ? 401 : 400, reason })
    assert.equal((await errorOf(read(server, 'secret:api-key'))).retry, false, reason)
  }
  assert.equal(server.requests.length, 5)
})

test('a stop while waiting for a secret is an interruption', async (context) => {
  const server = await start(context)
  server.faults.push(...Array.from({ length: 5 }, () => ({ status: 503, reason: 'UNAVAILABLE' })))
  const stop = new AbortController()
  const store = createSecretStore({
    connectorFile: 'acme.yaml',
    env: {},
    project: 'acme',
    endpoint: server.endpoint,
    effects: { ...effectsOf(), sleep: () => (stop.abort(), Promise.reject(new Error('aborted'))) },
    log: quietLog,
  })
  assert.equal((await errorOf(store.read(parseRef('secret:api-key'), stop.signal))).code, 'INTERRUPTED')
  assert.equal(server.requests.length, 1)
})

test('without a project a short name says what to set, and a full name works', async (context) => {
  const server = await start(context)
  server.add(name, 'value')
  const store = storeOf(server.endpoint, { project: '' })
  const error = await errorOf(store.read(parseRef('secret:api-key'), signal))
  assert.equal(error.code, 'SECRET_MISSING')
  assert.match(error.message, /set GOOGLE_CLOUD_PROJECT or write projects\/PROJECT\/secrets\/api-key/)
  assert.equal((await store.read(parseRef(`secret:${name}`), signal)).reveal(), 'value')
})

test('what is no name of a secret, or names a version twice, is refused before any request', async (context) => {
  const server = await start(context)
  for (const text of [
    'secret:a b',
    'secret:../a',
    'secret:a/b',
    `secret:${name}/versions/1@2`,
    'secret:projects/p/x/y',
  ]) {
    assert.equal((await errorOf(read(server, text))).code, 'CONFIG_INVALID', text)
  }
  assert.equal(server.requests.length, 0)
})

/** Runs a program that has `store` in a process of its own, for what depends on the environment. */
async function runProgram(lines: string, options: { env: Record<string, string>; endpoint?: string }) {
  const program = `
    import { createSecretStore } from './src/secrets/index.ts'
    import { parseRef, quietLog, effectsOf } from './test/secrets/helpers.ts'
    const waits = []
    const endpoint = ${JSON.stringify(options.endpoint ?? '')}
    const store = createSecretStore({ connectorFile: 'x', env: {}, project: 'acme', endpoint, effects: effectsOf(waits), log: quietLog })
    const signal = new AbortController().signal
    ${lines}`
  const env = { ...process.env, ...options.env }
  const cwd = join(import.meta.dirname, '../..')
  return promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { cwd, env })
}

test('without Google credentials it says how to sign in, and does not try again', async () => {
  const { stdout } = await runProgram(
    `const error = await store.read(parseRef('secret:key'), signal).catch((thrown) => thrown)
    console.log(JSON.stringify({ code: error.code, message: error.message, waits: waits.length }))`,
    { env: { GOOGLE_APPLICATION_CREDENTIALS: join(import.meta.dirname, 'absent.json') } },
  )
  const { code, message, waits } = JSON.parse(stdout) as { code: string; message: string; waits: number }
  assert.deepEqual([code, waits], ['SECRET_FORBIDDEN', 0])
  assert.match(message, /gcloud auth application-default login/)
})

test('a Google client that was told to log everything prints no secret', async (context) => {
  const server = await start(context)
  server.add('projects/acme/secrets/key', 'hunter2-hunter2')
  const lines = `console.log(await store.read(parseRef('secret:key'), signal))`
  const env = { GOOGLE_SDK_NODE_LOGGING: 'all', NODE_DEBUG: 'gaxios' }
  const { stdout, stderr } = await runProgram(lines, { env, endpoint: server.endpoint })
  assert.equal(stdout, '[secret]\n')
  assert.equal(stderr, '')
})

test('an endpoint that is not on this machine is refused', () => {
  for (const endpoint of [
    'https://secretmanager.googleapis.com',
    'http://secrets.example:9000',
    'http://10.0.0.1:9000',
    'http://127.0.0.1.example:9000',
    'http://localhost@evil.example:9000',
    'nonsense url',
  ]) {
    assert.throws(() => storeOf(endpoint), { code: 'CONFIG_INVALID' }, endpoint)
  }
})
