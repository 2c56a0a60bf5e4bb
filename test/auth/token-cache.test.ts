import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTokenCache } from '../../src/auth/token/token-cache.ts'
import { SyncError } from '../../src/base/errors.ts'
import { Secret } from '../../src/secrets/secret.ts'

/** A cache whose tokens are numbered, under a clock that a test turns. */
function setUp(lifetime?: number) {
  const clock = { now: 1_000_000_000, fetched: 0, delay: 0 }
  const fetchToken = async () => {
    clock.fetched += 1
    clock.now += clock.delay
    return { value: new Secret(`token ${clock.fetched}`), ...(lifetime !== undefined && { lifetime }) }
  }
  return { clock, cache: createTokenCache(fetchToken, () => clock.now) }
}

test('a token of an hour is renewed 30 seconds before its end', async () => {
  const { clock, cache } = setUp(3_600_000)
  await cache.get()
  clock.now += 3_569_999
  await cache.get()
  assert.equal(clock.fetched, 1)
  clock.now += 1
  await cache.get()
  assert.equal(clock.fetched, 2)
})

test('a token of ten seconds is used for nine of them', async () => {
  const { clock, cache } = setUp(10_000)
  await cache.get()
  clock.now += 8_999
  await cache.get()
  assert.equal(clock.fetched, 1)
  clock.now += 1
  await cache.get()
  assert.equal(clock.fetched, 2)
})

test('the time that the answer took counts as used up', async () => {
  const { clock, cache } = setUp(100_000)
  clock.delay = 60_000
  await cache.get()
  clock.now += 30_000
  await cache.get()
  assert.equal(clock.fetched, 2)
})

test('a token of unknown lifetime is kept until it is dropped', async () => {
  const { clock, cache } = setUp()
  const token = await cache.get()
  clock.now += 1e12
  await cache.get()
  assert.equal(clock.fetched, 1)
  cache.drop((held) => held === token)
  await cache.get()
  assert.equal(clock.fetched, 2)
})

test('a clock that is set back or forward costs one renewal, not one for each request', async () => {
  const { clock, cache } = setUp(3_600_000)
  await cache.get()
  for (const jump of [-86_400_000, 86_400_000, -1e12, 1e12]) {
    const before = clock.fetched
    clock.now += jump
    for (let count = 0; count < 10; count += 1) await cache.get()
    assert.equal(clock.fetched, before + 1, String(jump))
  }
})

test('a clock that is corrected by a moment keeps the token', async () => {
  const { clock, cache } = setUp(3_600_000)
  await cache.get()
  clock.now -= 2_000
  await cache.get()
  assert.equal(clock.fetched, 1)
})

test('only the token that was rejected is dropped', async () => {
  const { clock, cache } = setUp(3_600_000)
  const token = await cache.get()
  cache.drop((held) => held !== token)
  assert.equal(await cache.get(), token)
  assert.equal(clock.fetched, 1)
})

test('a token past its lifetime is forgotten whenever it is refused, one that is fresh only once in a row', async () => {
  const { clock, cache } = setUp(1_000)
  for (let round = 1; round <= 5; round++) {
    await cache.get()
    clock.now += 1_000
    assert.equal(
      cache.drop(() => true),
      'expired',
    )
    assert.equal(clock.fetched, round)
  }
  await cache.get()
  assert.equal(
    cache.drop(() => true),
    undefined,
  )
  await cache.get()
  cache.drop(() => true)
  await cache.get()
  assert.equal(clock.fetched, 7)
})

test('a sign-in that was refused is tried again after a minute, and where the clock was set back', async () => {
  const clock = { now: 1_000_000_000, asked: 0 }
  const refuse = async () => {
    clock.asked += 1
    throw new SyncError('AUTH_FAILED', 'The password is wrong.')
  }
  const cache = createTokenCache(refuse, () => clock.now)
  const ask = () => assert.rejects(cache.get(), { code: 'AUTH_FAILED' })
  await ask()
  clock.now += 59_999
  await ask()
  assert.equal(clock.asked, 1)
  clock.now += 1
  await ask()
  assert.equal(clock.asked, 2)
  clock.now -= 86_400_000
  await ask()
  assert.equal(clock.asked, 3)
})
