import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Permit, createRateLimiter } from '../../src/http/rate-limit.ts'
import { createMeter } from '../../src/http/meter.ts'
import { createSemaphore } from '../../src/http/semaphore.ts'
import { createWindow } from '../../src/http/window.ts'
import { failsWith, fakeEffects, never, serve, testClient } from './support.ts'

const free = { at: Infinity, stopping: false }

function setUp(
  config: { requests?: number; per?: number; concurrency?: number; cost?: number },
  effects = fakeEffects(0),
) {
  const limiter = createRateLimiter({ per: 1_000, concurrency: 1, cost: 1, ...config }, effects)
  const wait = { effects, deadline: free, meter: createMeter() }
  const take = (signal = never) => limiter.take({ signal, wait, longest: 60_000 })
  return { effects, limiter, take, wait }
}

function leave(admission: Permit): void {
  assert.ok('leave' in admission)
  admission.leave()
}

test('never do more requests start in any window than are allowed, and the pace is kept up', async () => {
  const config = fc.record({
    requests: fc.double({ min: 0.1, max: 20, noNaN: true }),
    per: fc.integer({ min: 1, max: 5_000 }),
    cost: fc.integer({ min: 1, max: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(config, fc.array(fc.nat(2_000), { maxLength: 60 }), async (limit, gaps) => {
      const { effects, take } = setUp(limit)
      const starts: number[] = []
      for (const gap of gaps) {
        effects.advance(gap)
        leave(await take())
        starts.push(effects.now())
      }
      const capacity = Math.max(1, Math.floor(limit.requests / limit.cost + 1e-9))
      const length = limit.requests < limit.cost ? (limit.per * limit.cost) / limit.requests : limit.per
      const tooSoon = starts.filter(
        (start, at) => at >= capacity && start - (starts[at - capacity] as number) < length - 1e-6,
      )
      assert.deepEqual(tooSoon, [])
      const waited = effects.slept.length === 0 || starts.length > capacity
      assert.ok(waited, 'it waited though there was room')
    }),
  )
})

test('those who wait are served in the order in which they came, never more at once than allowed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 30 }),
      fc.infiniteStream(fc.nat(3)),
      async (concurrency, count, ticks) => {
        const { take } = setUp({ concurrency, requests: 7 })
        let inFlight = 0
        let most = 0
        const order: number[] = []
        const work = async (id: number) => {
          const admission = await take()
          order.push(id)
          most = Math.max(most, ++inFlight)
          for (let left = ticks.next().value ?? 0; left > 0; left--) await new Promise(setImmediate)
          inFlight--
          leave(admission)
        }
        const ids = Array.from({ length: count }, (_, id) => id)
        await Promise.all(ids.map(work))
        assert.deepEqual(order, ids)
        assert.equal(most <= concurrency, true)
      },
    ),
    { numRuns: 50 },
  )
})

test('one who gives up waiting loses its place to the next', async () => {
  const { take } = setUp({ concurrency: 1 })
  const first = await take()
  const abort = new AbortController()
  const second = take(abort.signal)
  const third = take()
  abort.abort()
  await assert.rejects(second)
  leave(first)
  leave(await third)
})

test('a place that is given back twice counts once', async () => {
  const semaphore = createSemaphore(1)
  const back = await semaphore.enter(never)
  back()
  back()
  await semaphore.enter(never)
  const late = new AbortController()
  const waiting = semaphore.enter(late.signal)
  late.abort()
  await assert.rejects(waiting)
})

test('a clock that is set back does not hold the requests up', () => {
  const window = createWindow({ requests: 2, per: 1_000, cost: 1 })
  window.take(5_000_000)
  window.take(5_000_000)
  assert.equal(window.earliest(1_000), 2_000)
  assert.equal(window.earliest(2_000), 2_000)
})

test('a limit that is used up is waited for before it is hit', async () => {
  const { effects, limiter, take } = setUp({ concurrency: 4 })
  leave(await take())
  limiter.observe({ headers: { 'x-ratelimit-remaining': '2', 'x-ratelimit-reset': '30' } }, false)
  leave(await take())
  leave(await take())
  assert.deepEqual(effects.slept, [])
  leave(await take())
  assert.equal(effects.total(), 30_000)
  leave(await take())
  assert.equal(effects.total(), 30_000)
})

test('what is left is taken to be shared with the requests in flight, until they say more', async () => {
  const fake = fakeEffects(0)
  const sleep = async (ms: number, signal: AbortSignal) => {
    await new Promise(setImmediate)
    await fake.sleep(ms, signal)
  }
  const { effects, limiter, take } = setUp({ concurrency: 3 }, { ...fake, sleep })
  const [first, second] = [await take(), await take()]
  limiter.observe({ headers: { ratelimit: '"a";r=1;t=7200' } }, false)
  leave(first)
  let taken = false
  const third = take().then((admission) => {
    taken = true
    return admission
  })
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
  assert.ok(effects.slept.length > 3)
  assert.equal(taken, false)
  limiter.observe({ headers: { ratelimit: '"a";r=1;t=7200' } }, false)
  leave(second)
  leave(await third)
})

test('a wait for the provider beyond the longest, or past the deadline, is not begun', async () => {
  const { effects, limiter, take, wait } = setUp({ requests: 1, per: 10_000 })
  leave(await take())
  const hurried = {
    signal: never,
    wait: { ...wait, deadline: { at: effects.now() + 5_000, stopping: false } },
    longest: 60_000,
  }
  assert.deepEqual(await limiter.take(hurried), { retryAt: 10_000 })
  limiter.observe({ headers: { 'retry-after': '3600' } }, true)
  assert.deepEqual(await take(), { retryAt: 3_600_000 })
  assert.deepEqual(effects.slept, [])
})

test('our own pace is waited for however slow it is', async () => {
  const { effects, take } = setUp({ requests: 1, per: 3_600_000 })
  leave(await take())
  leave(await take())
  assert.equal(effects.total(), 3_600_000)
})

test('the client holds back before the limit, shows it in the meter, and stops where it would be too long', async (t) => {
  let reset = '20'
  const origin = await serve(t, (_, response) => response.setHeader('ratelimit', `"x";r=0;t=${reset}`).end('[]'))
  const effects = fakeEffects()
  const shown: unknown[] = []
  const watched = {
    ...effects,
    sleep: (ms: number, signal: AbortSignal) => {
      shown.push(meter.waitingUntil)
      return effects.sleep(ms, signal)
    },
  }
  const meter = createMeter()
  const { get } = testClient(t, origin, { effects: watched, meter })
  await get('/')
  const until = effects.now() + 20_000
  reset = '7200'
  await get('/')
  assert.equal(effects.now(), until)
  assert.deepEqual(new Set(shown), new Set([until]))
  const error = await failsWith(get('/'), 'RATE_LIMITED')
  assert.equal(error.details['retryAt'], until + 7_200_000)
  assert.equal(meter.requests, 2)
  assert.equal(meter.waitingUntil, undefined)
})

test('a refusal holds all requests of the connector up, not only the one refused', async (t) => {
  let calls = 0
  const effects = fakeEffects()
  const origin = await serve(t, (_, response) =>
    (++calls === 1 ? response.writeHead(429, { 'retry-after': '10' }) : response).end('[]'),
  )
  const { get, meter } = testClient(t, origin, { effects, concurrency: 1 })
  await Promise.all([get('/a'), get('/b'), get('/c')])
  assert.ok(effects.now() >= 10_000)
  assert.equal(meter.requests, 4)
})
