import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { SyncError } from '../../src/base/errors.ts'
import { createSecretStore, resolveSecrets } from '../../src/secrets/index.ts'
import { createRedactor } from '../../src/secrets/redactor.ts'
import { effectsOf, parseRef, quietLog } from './helpers.ts'

const signal = new AbortController().signal

function storeOf(options: { env?: Record<string, string>; connectorFile?: string } = {}) {
  return createSecretStore({
    connectorFile: options.connectorFile ?? '/nowhere/acme.yaml',
    env: options.env ?? {},
    effects: effectsOf(),
    log: quietLog,
  })
}

async function folderOf(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headrace-secrets-'))
  context.after(() => rm(folder, { recursive: true }))
  return folder
}

async function readEnv(text: string, env: Record<string, string>): Promise<string> {
  return (await storeOf({ env }).read(parseRef(text), signal)).reveal()
}

test('env: reads a variable as it is', async () => {
  assert.equal(await readEnv('env:KEY', { KEY: ' abc ' }), ' abc ')
})

test('env: a variable that is not set or empty is missing', async () => {
  await assert.rejects(readEnv('env:KEY', {}), { code: 'SECRET_MISSING', message: /KEY is not set/ })
  await assert.rejects(readEnv('env:KEY', { KEY: '' }), { code: 'SECRET_MISSING', message: /KEY is empty/ })
})

test('# reads a field of a JSON secret, by name or by JSON pointer', async () => {
  const env = {
    KEY: JSON.stringify({ id: 'a', oauth: { 'a/b~c': 'deep' }, '': 'empty name', list: ['zero', 'one'], yes: true }),
  }
  assert.equal(await readEnv('env:KEY#id', env), 'a')
  assert.equal(await readEnv('env:KEY#/id', env), 'a')
  assert.equal(await readEnv('env:KEY#/oauth/a~1b~0c', env), 'deep')
  assert.equal(await readEnv('env:KEY#/', env), 'empty name')
  assert.equal(await readEnv('env:KEY#/list/1', env), 'one')
  assert.equal(await readEnv('env:KEY#yes', env), 'true')
})

test('# gives a number just as it is written', async () => {
  assert.equal(await readEnv('env:KEY#id', { KEY: '{"id": 12345678901234567890.10}' }), '12345678901234567890.10')
})

for (const [text, json] of [
  ['env:KEY#absent', '{"id":"hunter2"}'],
  ['env:KEY#id', '{"id":null,"x":"hunter2"}'],
  ['env:KEY#id', '{"id":{"x":"hunter2"}}'],
  ['env:KEY#id', '{"id":["hunter2"]}'],
  ['env:KEY#id', '{"id":"","x":"hunter2"}'],
  ['env:KEY#toString', '{"id":"hunter2"}'],
  ['env:KEY#__proto__', '{"id":"hunter2"}'],
  ['env:KEY#length', '"hunter2"'],
  ['env:KEY#id', 'hunter2 is no JSON'],
  ['env:KEY#id', '{"id": "hunter2'],
] as const) {
  test(`${text} of ${json} is missing, and nothing of the content is told`, async () => {
    const error = await readEnv(text, { KEY: json }).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof SyncError && error.code === 'SECRET_MISSING')
    assert.ok(!inspect(error, { depth: 9 }).includes('hunter2'))
  })
}

test('one line break at the end is dropped wherever the secret is stored, and PEM is left as it is', async () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
  const env = { PLAIN: 'abc\n', WINDOWS: 'abc\r\n', FIELD: '{"key":"abc\\n","pem":"x"}\n', PEM: pem }
  for (const text of ['env:PLAIN', 'env:WINDOWS', 'env:FIELD#key']) assert.equal(await readEnv(text, env), 'abc', text)
  assert.equal(await readEnv('env:PEM', env), pem)
})

test('file: stands beside the connector file unless absolute, and loses one final newline', async (context) => {
  const folder = await folderOf(context)
  await writeFile(join(folder, 'key.txt'), 'abc\n\n')
  await writeFile(join(folder, 'key.json'), '{"id":"from json"}\r\n')
  const store = storeOf({ connectorFile: join(folder, 'acme.yaml') })
  assert.equal((await store.read(parseRef('file:key.txt'), signal)).reveal(), 'abc\n')
  assert.equal((await store.read(parseRef('file:key.json#id'), signal)).reveal(), 'from json')
  const elsewhere = storeOf({ connectorFile: '/nowhere/acme.yaml' })
  assert.equal((await elsewhere.read(parseRef(`file:${folder}/key.txt`), signal)).reveal(), 'abc\n')
})

test('file: what is not there, empty, a folder or no text has its plain sentence', async (context) => {
  const folder = await folderOf(context)
  await writeFile(join(folder, 'empty'), '')
  await writeFile(join(folder, 'newline'), '\n')
  await writeFile(join(folder, 'binary'), Buffer.from([0xff, 0xfe, 0]))
  await mkdir(join(folder, 'sub'))
  const store = storeOf({ connectorFile: join(folder, 'acme.yaml') })
  const read = (name: string) => store.read(parseRef(`file:${name}`), signal)
  await assert.rejects(read('absent'), { code: 'SECRET_MISSING', message: /There is no file .*absent/ })
  await assert.rejects(read('empty'), { code: 'SECRET_MISSING', message: /is empty/ })
  await assert.rejects(read('newline'), { code: 'SECRET_MISSING', message: /is empty/ })
  await assert.rejects(read('binary'), { code: 'SECRET_MISSING', message: /not UTF-8/ })
  await assert.rejects(read('sub'), { code: 'SECRET_MISSING', message: /is a folder/ })
})

test('file: one that this user may not read is forbidden', { skip: process.getuid?.() === 0 }, async (context) => {
  const folder = await folderOf(context)
  await writeFile(join(folder, 'locked'), 'abc')
  await chmod(join(folder, 'locked'), 0)
  const store = storeOf({ connectorFile: join(folder, 'acme.yaml') })
  await assert.rejects(store.read(parseRef('file:locked'), signal), { code: 'SECRET_FORBIDDEN' })
})

test('resolving reads each reference once and makes it known to the redactor', async () => {
  const redactor = createRedactor()
  const reads: string[] = []
  const store = storeOf({ env: { A: 'value-of-a', B: 'value-of-b' } })
  const counting = {
    read: (...args: Parameters<typeof store.read>) => {
      reads.push(args[0].text)
      return store.read(...args)
    },
  }
  const uses = ['env:A', 'env:B', 'env:A'].map((text) => ({ ref: parseRef(text), where: 'somewhere' }))
  const look = await resolveSecrets(uses, counting, { redactor, signal })
  assert.deepEqual(reads, ['env:A', 'env:B'])
  assert.equal(look(parseRef('env:A')).reveal(), 'value-of-a')
  assert.equal(look('literal').reveal(), 'literal')
  assert.equal(redactor.redact('value-of-a value-of-b literal'), '[secret] [secret] literal')
})

test('a reference that was not resolved is a defect, not an empty credential', async () => {
  const look = await resolveSecrets([], storeOf(), { redactor: createRedactor(), signal })
  assert.throws(() => look(parseRef('env:A')), { code: 'INTERNAL' })
})

test('what is missing says who needs it, and all that is missing is told at once', async () => {
  const uses = [
    { ref: parseRef('env:A'), where: 'auth.token, used by streams a, b of acme.yaml' },
    { ref: parseRef('env:B'), where: 'auth.password, used by stream c of acme.yaml' },
    { ref: parseRef('env:C'), where: 'elsewhere' },
  ]
  const failed = resolveSecrets(uses, storeOf({ env: { C: 'there' } }), { redactor: createRedactor(), signal })
  const error = await failed.catch((thrown: unknown) => thrown)
  assert.ok(error instanceof SyncError)
  assert.equal(error.code, 'SECRET_MISSING')
  assert.deepEqual(error.message.split('\n'), [
    'env:A (needed for auth.token, used by streams a, b of acme.yaml): The environment variable A is not set; set it to the secret.',
    'env:B (needed for auth.password, used by stream c of acme.yaml): The environment variable B is not set; set it to the secret.',
  ])
})
