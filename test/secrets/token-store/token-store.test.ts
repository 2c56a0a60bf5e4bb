import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { SyncError } from '../../../src/base/errors.ts'
import type { Fault } from '../../support/secret-manager.ts'
import { keepingLog, makeDir, secretName, signal, startSecrets, storeOf, turnedEffects } from '../token-stores.ts'

async function errorOf(promise: Promise<unknown>): Promise<SyncError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SyncError, inspect(error))
  return error
}

const tokens = { obtained_at: '2026-01-01T00:00:00.000Z', refresh_token: 'rt-2', access_token: 'at-2' }

test('a plain refresh token is written back as plain text, with its final newline if it had one', async (context) => {
  const dir = makeDir(context)
  for (const end of ['', '\n']) {
    writeFileSync(join(dir, 'rt'), `rt-1${end}`)
    const store = storeOf('file:rt', { dir })
    assert.deepEqual((await store.read(signal))?.tokens, { refresh_token: 'rt-1' })
    await store.withLease((lease) => lease.save(tokens), signal)
    assert.equal(readFileSync(join(dir, 'rt'), 'utf8'), `rt-2${end}`)
    assert.deepEqual((await storeOf('file:rt', { dir }).read(signal))?.tokens, { refresh_token: 'rt-2' })
    // There is no place for the access token, but this process knows it.
    assert.deepEqual((await store.read(signal))?.tokens, tokens)
    writeFileSync(join(dir, 'rt'), 'rt-3')
    assert.deepEqual((await store.read(signal))?.tokens, { refresh_token: 'rt-3' })
  }
})

test('of a JSON secret the field and what belongs to it are replaced, and nothing else', async (context) => {
  const dir = makeDir(context)
  const before = '{"id":12345678901234567890,"oauth":{"rt":"rt-1","note":"x","expires_at":"2020-01-01T00:00:00Z"}}'
  writeFileSync(join(dir, 'all.json'), before)
  const store = storeOf('file:all.json#/oauth/rt', { dir })
  assert.equal((await store.read(signal))?.tokens.refresh_token, 'rt-1')
  await store.withLease((lease) => lease.save(tokens), signal)
  const after =
    '{"id":12345678901234567890,"oauth":{"rt":"rt-2","note":"x","access_token":"at-2","obtained_at":"2026-01-01T00:00:00.000Z"}}\n'
  assert.equal(readFileSync(join(dir, 'all.json'), 'utf8'), after)
})

test('a field inside a list is replaced there, and the rest of the list stays', async (context) => {
  const dir = makeDir(context)
  writeFileSync(join(dir, 'all.json'), '{"accounts":[{"name":"a","rt":"rt-a"},{"name":"b","rt":"rt-1"}],"key":"k"}')
  const store = storeOf('file:all.json#/accounts/1/rt', { dir })
  assert.equal((await store.read(signal))?.tokens.refresh_token, 'rt-1')
  await store.withLease((lease) => lease.save({ refresh_token: 'rt-2' }), signal)
  assert.deepEqual(JSON.parse(readFileSync(join(dir, 'all.json'), 'utf8')), {
    accounts: [
      { name: 'a', rt: 'rt-a' },
      { name: 'b', rt: 'rt-2' },
    ],
    key: 'k',
  })
})

test('what connect saves takes the place of the tokens, and leaves what else a person wrote there', async (context) => {
  const dir = makeDir(context)
  for (const [before, rest] of [
    ['{"client_secret":"cs","refresh_token":"rt-1","scope":"old"}', { client_secret: 'cs' }],
    ['rt-plain', {}],
    ['{"cut', {}],
    ['', {}],
  ] as const) {
    writeFileSync(join(dir, 'tokens'), before)
    await storeOf('file:tokens', { dir }).replace(tokens, signal)
    assert.deepEqual(JSON.parse(readFileSync(join(dir, 'tokens'), 'utf8')), { ...rest, ...tokens })
  }
})

test('whoever comes by a link and whoever comes by the file itself wait for the same lease', async (context) => {
  const dir = makeDir(context)
  mkdirSync(join(dir, 'real'))
  writeFileSync(join(dir, 'real', 'tokens'), 'rt-1')
  symlinkSync(join(dir, 'real', 'tokens'), join(dir, 'link'))
  const order: string[] = []
  const byLink = storeOf('file:link', { dir, effects: turnedEffects({ now: 0 }), leaseMs: 1e9 })
  const direct = storeOf('file:real/tokens', { dir, effects: turnedEffects({ now: 0 }), leaseMs: 1e9 })
  let second: Promise<void> | undefined
  await byLink.withLease(async (lease) => {
    second = direct.withLease(
      async ({ stored }) => void order.push(`second sees ${stored?.tokens.refresh_token}`),
      signal,
    )
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    order.push('first')
    await lease.save({ refresh_token: 'rt-2' })
  }, signal)
  await second
  assert.deepEqual(order, ['first', 'second sees rt-2'])
  assert.ok(lstatSync(join(dir, 'link')).isSymbolicLink(), 'the link stays one')
  assert.deepEqual(readdirSync(dir).toSorted(), ['link', 'real'], 'nothing lies beside the link')
})

test('tokens of a consent are a JSON object that keeps what else a person wrote there', async (context) => {
  const dir = makeDir(context)
  writeFileSync(join(dir, 'tokens'), '{"refresh_token":"rt-1","access_token":"at-1","note":"mine"}')
  const store = storeOf('file:tokens', { dir })
  await store.withLease((lease) => lease.save({ refresh_token: 'rt-2' }), signal)
  assert.deepEqual(JSON.parse(readFileSync(join(dir, 'tokens'), 'utf8')), { note: 'mine', refresh_token: 'rt-2' })
})

test('a text that is neither JSON nor a token is refused without a word of it', async (context) => {
  const dir = makeDir(context)
  writeFileSync(join(dir, 'tokens'), '{"refresh_token":"rt-hidden')
  const error = await errorOf(storeOf('file:tokens', { dir }).read(signal))
  assert.equal(error.code, 'SECRET_MISSING')
  assert.ok(!inspect(error, { depth: 9 }).includes('rt-hidden'))
})

test('replace makes the file with mode 0600, and a looser one becomes so', async (context) => {
  const dir = makeDir(context)
  const store = storeOf('file:tokens', { dir })
  assert.equal(await store.read(signal), undefined)
  await store.replace(tokens, signal)
  assert.deepEqual((await store.read(signal))?.tokens, tokens)
  chmodSync(join(dir, 'tokens'), 0o644)
  await store.replace(tokens, signal)
  assert.equal(statSync(join(dir, 'tokens')).mode & 0o777, 0o600)
  const beside = readdirSync(dir).filter((name) => name !== 'tokens')
  assert.ok(beside.length > 0)
  for (const name of beside) {
    assert.match(name, /^tokens\.lease-\d+$/, 'records, and no temporary file')
    assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600)
    assert.ok(!readFileSync(join(dir, name), 'utf8').includes('rt-2'))
  }
})

test('a file that others can read is closed to them, and the log says so', async (context) => {
  const dir = makeDir(context)
  const path = join(dir, 'tokens')
  writeFileSync(path, '{"refresh_token":"rt-1"}', { mode: 0o600 })
  const lines: string[] = []
  await storeOf('file:tokens', { dir, log: keepingLog(lines) }).read(signal)
  assert.deepEqual(lines, [])
  chmodSync(path, 0o644)
  await storeOf('file:tokens', { dir, log: keepingLog(lines) }).read(signal)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.match(lines.join('\n'), /^warn Other users .*tokens \(mode 0644\): it is 0600 now/)
})

test('what a killed writer left beside the file is cleared away', async (context) => {
  const dir = makeDir(context)
  writeFileSync(join(dir, 'tokens.tmp-0000'), 'rt-old')
  await storeOf('file:tokens', { dir }).replace(tokens, signal)
  assert.ok(!existsSync(join(dir, 'tokens.tmp-0000')))
})

test('a folder that is not there, or may not be written to, is named', async (context) => {
  const dir = makeDir(context)
  const absent = await errorOf(storeOf('file:none/tokens', { dir }).replace(tokens, signal))
  assert.equal(absent.code, 'SECRET_MISSING')
  assert.ok(absent.message.includes(join(dir, 'none')))
})

test('env and one version of a secret can be read, and refuse to be written to', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-1')
  for (const text of ['env:RT', 'secret:rt@1', `secret:${secretName}/versions/1`]) {
    const store = storeOf(text, { env: { RT: 'rt-1' }, endpoint: server.endpoint })
    assert.equal((await store.read(signal))?.tokens.refresh_token, 'rt-1')
    for (const attempt of [store.replace(tokens, signal), store.withLease(async () => {}, signal)]) {
      const error = await errorOf(attempt)
      assert.equal(error.code, 'CONFIG_INVALID')
      assert.match(error.message, /rotates: false/)
    }
  }
  assert.equal(server.states(secretName), 'ENABLED')
})

test('a renewed token is a new version; the last is disabled, and older ones of ours are destroyed', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'by a person')
  server.add(secretName, 'rt-0')
  const store = storeOf('secret:rt', { endpoint: server.endpoint })
  for (let round = 1; round <= 8; round += 1)
    await store.withLease((lease) => lease.save({ refresh_token: `rt-${round}` }), signal)
  // Two by a person, eight of ours: of these the newest is in use and five are kept.
  const expected = 'DISABLED DISABLED DESTROYED DESTROYED DISABLED DISABLED DISABLED DISABLED DISABLED ENABLED'
  assert.equal(server.states(secretName), expected)
  assert.equal(server.peek(secretName, 10), 'rt-8')
})

test('a version with an alias stays as it is, and other annotations too', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  server.setAlias(secretName, 'good', 1)
  const store = storeOf('secret:rt', { endpoint: server.endpoint })
  await store.withLease((lease) => lease.save({ refresh_token: 'rt-1' }), signal)
  assert.equal(server.states(secretName), 'ENABLED ENABLED')
})

test('replace makes the secret where there is none', async (context) => {
  const server = await startSecrets(context)
  const store = storeOf('secret:rt', { endpoint: server.endpoint })
  assert.equal(await store.read(signal), undefined)
  await store.replace(tokens, signal)
  assert.deepEqual((await storeOf('secret:rt', { endpoint: server.endpoint }).read(signal))?.tokens, tokens)
  assert.ok(!JSON.stringify(server.annotations(secretName)).includes('rt-2'))
})

test('each role that is missing is named with the command that grants it', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  const roles = {
    updateSecret: 'roles/secretmanager.admin',
    addVersion: 'roles/secretmanager.secretVersionAdder',
    access: 'roles/secretmanager.secretAccessor',
    getSecret: 'roles/secretmanager.viewer',
  } as const
  for (const [method, role] of Object.entries(roles)) {
    server.denied.clear()
    server.denied.add(method as keyof typeof roles)
    const store = storeOf('secret:rt', { endpoint: server.endpoint })
    const error = await errorOf(store.withLease((lease) => lease.save({ refresh_token: 'rt-1' }), signal))
    assert.equal(error.code, 'SECRET_FORBIDDEN')
    assert.ok(
      error.message.includes(`gcloud secrets add-iam-policy-binding rt --member=serviceAccount:ACCOUNT --role=${role}`),
    )
  }
  assert.equal(server.states(secretName), 'ENABLED')
})

test('who may not add versions finds out before the provider is asked', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  server.denied.add('addVersion')
  let asked = false
  const store = storeOf('secret:rt', { endpoint: server.endpoint })
  await errorOf(store.withLease(async () => void (asked = true), signal))
  assert.equal(asked, false)
})

test('who may only read the secret can still read the tokens, and old versions that cannot be disabled are told', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  for (const method of ['getSecret', 'updateSecret', 'addVersion'] as const) server.denied.add(method)
  const { endpoint } = server
  assert.equal((await storeOf('secret:rt', { endpoint }).read(signal))?.tokens.refresh_token, 'rt-0')
  server.denied.clear()
  server.denied.add('disable')
  const lines: string[] = []
  const store = storeOf('secret:rt', { endpoint, log: keepingLog(lines) })
  await store.withLease((lease) => lease.save({ refresh_token: 'rt-1' }), signal)
  assert.equal(server.peek(secretName, 2), 'rt-1')
  assert.match(lines.join('\n'), /^warn .*roles\/secretmanager\.secretVersionManager/)
})

const unavailable = [
  { status: 503, reason: 'UNAVAILABLE' },
  { status: 429, reason: 'RESOURCE_EXHAUSTED' },
  { status: 0, broken: true },
] as const

for (const fault of unavailable)
  for (const after of [false, true])
    for (const on of ['getSecret', 'updateSecret', 'addVersion', 'access'] as const) {
      const what = `${on} that answers ${'broken' in fault ? 'by a broken connection' : fault.status}`
      test(`${what} ${after ? 'after' : 'before'} its effect loses no token`, async (context) => {
        const server = await startSecrets(context)
        server.add(secretName, 'rt-0')
        const store = storeOf('secret:rt', { endpoint: server.endpoint })
        for (let count = 1; count <= 3; count += 1) {
          const faults: Fault[] = Array.from({ length: count }, () => ({ ...fault, after, on }))
          server.faults.push(...faults)
          await store.withLease(async (lease) => {
            await lease.noteRenewal()
            await lease.save({ refresh_token: `rt-${count}` })
          }, signal)
          assert.equal(server.faults.length, 0)
          const other = await storeOf('secret:rt', { endpoint: server.endpoint }).read(signal)
          assert.deepEqual(other, { tokens: { refresh_token: `rt-${count}` }, steady: false })
        }
        assert.equal(server.states(secretName).match(/ENABLED/g)?.length, 1, server.states(secretName))
      })
    }

for (const reason of ['ABORTED', 'FAILED_PRECONDITION'] as const)
  test(`a stale etag that is told as ${reason} is a lost race, and the etag is read anew`, async (context) => {
    const server = await startSecrets(context)
    server.add(secretName, 'rt-0')
    server.staleReason = reason
    const store = storeOf('secret:rt', { endpoint: server.endpoint })
    let changes = 0
    // A person changes the secret between each read and the update that follows.
    server.onRequest = (method) => {
      if (method === 'updateSecret' && changes < 3) server.touch(secretName)
      if (method === 'updateSecret') changes += 1
    }
    await store.withLease((lease) => lease.save({ refresh_token: 'rt-1' }), signal)
    assert.ok(changes > 3)
    assert.equal((await store.read(signal))?.tokens.refresh_token, 'rt-1')
  })

test('reads that lag behind give nobody an old token', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  const { endpoint } = server
  await storeOf('secret:rt', { endpoint }).withLease((lease) => lease.save({ refresh_token: 'rt-1' }), signal)
  // Used up, and yet enabled: what could not be put away.
  server.setState(secretName, 1, 'ENABLED')
  server.denied.add('disable')
  for (let round = 2; round <= 5; round += 1) {
    Object.assign(server.lag, { secret: round, latest: round })
    let looks = 0
    server.onRequest = (method) => {
      // In the end every replica knows of the secret; what is latest takes longer.
      if (method === 'getSecret' && (looks += 1) > 5) server.lag.secret = 0
    }
    await storeOf('secret:rt', { endpoint }).withLease(async (lease) => {
      assert.equal(lease.stored?.tokens.refresh_token, `rt-${round - 1}`)
      await lease.save({ refresh_token: `rt-${round}` })
    }, signal)
  }
})

test('a holder that looks at a replica which lags behind does not think that it lost the lease', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  const store = storeOf('secret:rt', { endpoint: server.endpoint })
  await store.withLease(async (lease) => {
    // Somebody changes a label, so that the holder has to look.
    server.touch(secretName)
    server.lag.secret = 4
    let looks = 0
    server.onRequest = (method) => {
      if (method === 'getSecret' && (looks += 1) > 3) server.lag.secret = 0
    }
    await lease.noteRenewal()
    assert.ok(looks > 3)
    await lease.save({ refresh_token: 'rt-1' })
  }, signal)
  assert.equal(server.peek(secretName, 2), 'rt-1')
})

test('a holder that gives signs of life keeps the lease, however long others wait', async (context) => {
  const dir = makeDir(context)
  writeFileSync(join(dir, 'rt'), 'rt-0')
  const holder = storeOf('file:rt', { dir, effects: turnedEffects({ now: 0 }) })
  // The other goes on with its wait when the test says so.
  const gate = new EventEmitter()
  const sleep = async (): Promise<void> => {
    setImmediate(() => gate.emit('waits'))
    await once(gate, 'open')
  }
  const other = storeOf('file:rt', { dir, effects: { ...turnedEffects({ now: 0 }), sleep }, leaseMs: 5_000 })
  let taken = false
  let waiting: Promise<void> | undefined
  await holder.withLease(async (lease) => {
    let arrived = once(gate, 'waits')
    waiting = other.withLease(async () => void (taken = true), signal)
    // Each wait is some three quarters of a second, so that five leases go by.
    for (let wait = 1; wait <= 33; wait += 1) {
      await Promise.race([arrived, waiting])
      if (wait % 3 === 0) await lease.noteRenewal()
      assert.equal(taken, false)
      arrived = once(gate, 'waits')
      gate.emit('open')
    }
    await Promise.race([arrived, waiting])
  }, signal)
  gate.emit('open')
  await waiting
  assert.equal(taken, true)
})

test('a token that cannot be saved stays in memory, is told, and is saved by the next try', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  const lines: string[] = []
  const store = storeOf('secret:rt', { endpoint: server.endpoint, log: keepingLog(lines) })
  server.faults.push(
    ...Array.from({ length: 14 }, () => ({ status: 503, reason: 'UNAVAILABLE', on: 'addVersion' as const })),
  )
  const error = await errorOf(
    store.withLease(async (lease) => {
      await lease.noteRenewal()
      await lease.save({ refresh_token: 'rt-1' })
    }, signal),
  )
  assert.equal(error.code, 'AUTH_UNAVAILABLE')
  assert.match(error.message, /could not be saved; they stay in the memory/)
  assert.match(lines.join('\n'), /^error renewed tokens could not be saved/)
  assert.ok(!lines.join('\n').includes('rt-1') && !inspect(error, { depth: 9 }).includes('rt-1'))
  await store.withLease(async (lease) => assert.equal(lease.stored?.tokens.refresh_token, 'rt-1'), signal)
  assert.equal(server.peek(secretName, 2), 'rt-1')
})

test('a token in memory gives way to one that a person stored meanwhile', async (context) => {
  const server = await startSecrets(context)
  server.add(secretName, 'rt-0')
  const store = storeOf('secret:rt', { endpoint: server.endpoint })
  server.faults.push(
    ...Array.from({ length: 14 }, () => ({ status: 503, reason: 'UNAVAILABLE', on: 'addVersion' as const })),
  )
  await errorOf(store.withLease((lease) => lease.save({ refresh_token: 'rt-1' }), signal))
  server.add(secretName, 'by hand')
  await store.withLease(async (lease) => assert.equal(lease.stored?.tokens.refresh_token, 'by hand'), signal)
})

for (const text of ['secret:rt', 'file:rt'])
  test(`a holder of ${text} that fell silent loses the lease, finds out, and what it has is still saved`, async (context) => {
    const server = await startSecrets(context)
    const dir = makeDir(context)
    server.add(secretName, 'rt-0')
    writeFileSync(join(dir, 'rt'), 'rt-0')
    // Ten minutes apart: no clock is compared with another.
    const slow = storeOf(text, { endpoint: server.endpoint, dir, effects: turnedEffects({ now: 1_000_000 }) })
    const other = storeOf(text, { endpoint: server.endpoint, dir, effects: turnedEffects({ now: 1_600_000 }) })
    await slow.withLease(async (lease) => {
      await lease.noteRenewal()
      // It pauses; the other waits its lease out, and takes over.
      await other.withLease(async (taken) => {
        assert.ok(taken.stored?.renewingSince)
        assert.equal((await errorOf(lease.noteRenewal())).code, 'AUTH_UNAVAILABLE')
      }, signal)
      await lease.save({ refresh_token: 'rt-1' })
    }, signal)
    assert.deepEqual(await other.read(signal), { tokens: { refresh_token: 'rt-1' }, steady: false })
  })

for (const text of ['secret:rt', 'file:rt'])
  test(`a holder of ${text} that comes back late does not overwrite what was renewed meanwhile`, async (context) => {
    const server = await startSecrets(context)
    const dir = makeDir(context)
    server.add(secretName, 'rt-0')
    writeFileSync(join(dir, 'rt'), 'rt-0')
    const slow = storeOf(text, { endpoint: server.endpoint, dir, effects: turnedEffects({ now: 0 }) })
    const other = storeOf(text, { endpoint: server.endpoint, dir, effects: turnedEffects({ now: 0 }) })
    const error = await errorOf(
      slow.withLease(async (lease) => {
        await lease.noteRenewal()
        await other.withLease((taken) => taken.save({ refresh_token: 'rt-newer' }), signal)
        await lease.save({ refresh_token: 'rt-late' })
      }, signal),
    )
    assert.equal(error.code, 'AUTH_UNAVAILABLE')
    assert.equal((await other.read(signal))?.tokens.refresh_token, 'rt-newer')
  })

test('a provider that leaves the token as it is is known as such at once where it sent none, else after three days', async (context) => {
  const dir = makeDir(context)
  const clock = { now: Date.UTC(2026, 0, 1) }
  for (const surely of [true, false]) {
    writeFileSync(join(dir, 'rt'), `rt-${surely}`)
    const store = storeOf('file:rt', { dir, effects: turnedEffects(clock) })
    await store.withLease((lease) => lease.keep(surely), signal)
    assert.equal((await store.read(signal))?.steady, surely)
    clock.now += 2 * 86_400_000
    await store.withLease((lease) => lease.keep(surely), signal)
    assert.equal((await store.read(signal))?.steady, surely)
    clock.now += 86_400_000
    assert.equal((await store.read(signal))?.steady, true)
    await store.withLease((lease) => lease.save({ refresh_token: 'rt-new' }), signal)
    assert.equal((await store.read(signal))?.steady, false)
  }
})

test('a note of a renewal speaks of those tokens only, and a refusal takes its own note back', async (context) => {
  const dir = makeDir(context)
  writeFileSync(join(dir, 'rt'), 'rt-0')
  const clock = { now: Date.UTC(2026, 0, 1) }
  const store = storeOf('file:rt', { dir, effects: turnedEffects(clock) })
  await store.withLease(async (lease) => {
    await lease.noteRenewal()
    await lease.clearRenewalMark()
  }, signal)
  assert.equal((await store.read(signal))?.renewingSince, undefined)
  await store.withLease((lease) => lease.noteRenewal(), signal)
  clock.now += 60_000
  await store.withLease(async (lease) => {
    await lease.noteRenewal()
    await lease.clearRenewalMark()
  }, signal)
  assert.equal((await store.read(signal))?.renewingSince, '2026-01-01T00:00:00.000Z')
  writeFileSync(join(dir, 'rt'), 'by hand')
  assert.equal((await store.read(signal))?.renewingSince, undefined)
})

test('a stop ends the wait for a lease', async (context) => {
  const dir = makeDir(context)
  writeFileSync(join(dir, 'rt'), 'rt-0')
  const stop = new AbortController()
  const holder = storeOf('file:rt', { dir, effects: turnedEffects({ now: 0 }) })
  const waiting = storeOf('file:rt', { dir, effects: turnedEffects({ now: 0 }), leaseMs: 1e9 })
  await holder.withLease(async () => {
    const waits = errorOf(waiting.withLease(async () => {}, stop.signal))
    stop.abort()
    assert.equal((await waits).code, 'INTERRUPTED')
  }, signal)
})
