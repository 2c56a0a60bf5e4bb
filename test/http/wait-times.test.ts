import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backoff } from '../../src/base/backoff.ts'
import { parseHttpDate } from '../../src/http/http-date.ts'
import { readAllowance, readWait } from '../../src/http/rate-headers.ts'
import { parseRetryAfter } from '../../src/http/retry-after.ts'

const now = Date.UTC(2025, 5, 15, 12, 0, 0)
const second = fc
  .integer({ min: Date.UTC(1976, 0, 1) / 1_000, max: Date.UTC(2074, 0, 1) / 1_000 })
  .map((at) => at * 1_000)
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('a wait of our own lies between zero and the bound, which doubles up to the cap', () => {
  const attempt = fc.integer({ min: 1, max: 5_000 })
  fc.assert(
    fc.property(attempt, random, fc.nat(10_000), fc.nat(100_000), (n, r, base, cap) => {
      const wait = backoff(n, { base, cap }, r)
      assert.ok(wait >= 0 && wait <= cap && wait <= base * 2 ** Math.min(n - 1, 60), String(wait))
    }),
  )
  assert.equal(backoff(3, { base: 100, cap: 10_000 }, 0.5), 200)
})

/** The obsolete forms, as RFC 9110 section 5.6.7 has them. */
function dateForms(at: number): readonly string[] {
  const [, day, month, year, clock] = /, (\d+) (\w+) (\d+) ([\d:]+)/.exec(
    new Date(at).toUTCString(),
  ) as unknown as string[]
  const weekday = new Date(at).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' })
  const imf = `${weekday.slice(0, 3)}, ${day} ${month} ${year} ${clock} GMT`
  const rfc850 = `${weekday}, ${day}-${month}-${year?.slice(2)} ${clock} GMT`
  const asctime = `${weekday.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${clock} ${year}`
  return [imf, rfc850, asctime, new Date(at).toISOString()]
}

test('an HTTP date is read in all of its forms', () => {
  fc.assert(
    fc.property(second, (at) => {
      for (const form of dateForms(at)) assert.equal(parseHttpDate(form, now), at, form)
    }),
  )
  for (const form of ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])
    assert.equal(parseHttpDate(form, now), 784_111_777_000)
})

test('a Retry-After in seconds or as a date is that wait, and nothing else is any', () => {
  const seconds = fc.double({ min: 0.001, max: 1e6, noNaN: true })
  fc.assert(
    fc.property(seconds, (s) =>
      assert.equal(parseRetryAfter(s.toFixed(3), now), Math.ceil(Number(s.toFixed(3)) * 1_000) || undefined),
    ),
  )
  fc.assert(
    fc.property(second, (at) => {
      const wait = Math.min(at - now, 366 * 86_400_000)
      for (const form of dateForms(at)) assert.equal(parseRetryAfter(form, now), wait > 0 ? wait : undefined)
    }),
  )
  for (const nonsense of [
    '',
    '0',
    '0.0',
    '-1',
    '1e3',
    'NaN',
    'Infinity',
    '12s',
    'tomorrow',
    '0x10',
    '1,',
    'Mon, 99 Foo 2025 00:00:00 GMT',
  ])
    assert.equal(parseRetryAfter(nonsense, now), undefined, nonsense)
  assert.equal(parseRetryAfter(' 120, 30 ', now), 120_000)
})

test('whatever a Retry-After holds, the wait can be waited for and printed', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'0123456789.,-+e :GMTJan'.split('')) }),
    fc.bigInt().map(String),
  )
  fc.assert(
    fc.property(text, (value) => {
      const wait = parseRetryAfter(value, now)
      assert.ok(wait === undefined || (Number.isInteger(wait) && wait > 0))
      new Date(now + (wait ?? 0)).toISOString()
    }),
  )
})

for (const [name, headers, remaining, seconds] of [
  ['the draft', { 'ratelimit-limit': '100', 'ratelimit-remaining': '7', 'ratelimit-reset': '30' }, 7, 30],
  ['the structured draft', { ratelimit: '"default";r=50;t=30' }, 50, 30],
  ['the structured draft with several policies', { ratelimit: '"day";r=900;t=7200, "burst";r=0;t=2' }, 0, 2],
  ['the draft in between', { ratelimit: 'limit=100, remaining=0, reset=9' }, 0, 9],
  ['delta seconds', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '12' }, 0, 12],
  ['epoch seconds, as GitHub', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1_000 + 60) }, 0, 60],
  ['epoch milliseconds', { 'x-rate-limit-remaining': '1', 'x-rate-limit-reset': String(now + 60_000) }, 1, 60],
  [
    'epoch seconds by a clock that is wrong',
    {
      date: 'Sun, 01 Jun 2025 00:00:00 GMT',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(Date.UTC(2025, 5, 1, 0, 0, 5) / 1_000),
    },
    0,
    5,
  ],
  ['a date', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2025-06-15T12:00:03Z' }, 0, 3],
  ['two limits side by side', { 'x-ratelimit-remaining': '0, 14523', 'x-ratelimit-reset': '1, 1419704' }, 0, 1],
  ['a reset that has passed', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1_000 - 60) }, 0, 0],
] as const) {
  test(`a limit is read ahead from ${name}`, () => {
    assert.deepEqual(readAllowance(headers, now), { remaining, resetAt: now + seconds * 1_000 })
  })
}

test('headers that say nothing usable of a limit are passed over', () => {
  for (const headers of [
    {},
    { 'x-ratelimit-remaining': '5' },
    { 'x-ratelimit-reset': '5' },
    { 'x-ratelimit-remaining': 'many', 'x-ratelimit-reset': '5' },
    { 'x-ratelimit-remaining': '', 'x-ratelimit-reset': '' },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '-1' },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '99999999999999999' },
    { ratelimit: 'nonsense' },
  ])
    assert.equal(readAllowance(headers, now), undefined, JSON.stringify(headers))
})

test('whatever the headers hold, what is read can be waited for', () => {
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'0123456789.,-;rt= "'.split('')) }),
    fc.bigInt().map(String),
  )
  const names = [
    'ratelimit',
    'ratelimit-remaining',
    'ratelimit-reset',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
    'retry-after',
    'date',
  ] as const
  const headers = fc.dictionary(fc.constantFrom(...names), value)
  fc.assert(
    fc.property(headers, (given) => {
      const allowance = readAllowance(given, now)
      assert.ok(
        !allowance || (allowance.remaining >= 0 && allowance.resetAt >= now && Number.isFinite(allowance.resetAt)),
      )
      const wait = readWait(given, now)
      assert.ok(wait === undefined || (wait > 0 && Number.isFinite(wait)))
    }),
  )
})
