import { parseHttpDate } from './http-date.ts'
import { numericDelay, parseRetryAfter } from './retry-after.ts'
import type { ResponseHeaders } from './send.ts'

/** What a response says of the provider's own limit. */
export interface Allowance {
  /** Requests left until `resetAt`. */
  readonly remaining: number
  /** Milliseconds since 1970 by our clock, never before now. */
  readonly resetAt: number
}

/** Resets further away than the longest billing month are taken for nonsense. */
const longestReset = 32 * 86_400_000

/**
 * Reads the limit that lies nearest: the `RateLimit` field of draft-ietf-httpapi-ratelimit-headers (`"default";r=50;t=30`
 * and the older `limit=100, remaining=50, reset=30`), else `RateLimit-Remaining/-Reset`, else their `X-` forms, whose
 * reset may be delta seconds, a duration such as `1m30s`, epoch seconds, epoch milliseconds or a date. Undefined where nothing usable is said.
 */
export function readAllowance(headers: ResponseHeaders, now: number): Allowance | undefined {
  const limits = [structured(headers['ratelimit']), ...named(headers)].find((found) => found.length > 0) ?? []
  const serverNow = providerNow(headers, now)
  const usable = limits.flatMap(({ remaining, reset }) => {
    const wait = resetDelay(reset, serverNow)
    return wait === undefined || !(remaining >= 0) ? [] : [{ remaining, resetAt: now + Math.ceil(wait) }]
  })
  return usable.toSorted((a, b) => a.remaining - b.remaining || b.resetAt - a.resetAt)[0]
}

/** Milliseconds that `Retry-After` (or Azure's `Retry-After-Ms`) asks to wait; undefined where it is not there or says nothing. */
export function readRetryAfter(headers: ResponseHeaders, now: number): number | undefined {
  const exact = headers['retry-after-ms'] ?? headers['x-ms-retry-after-ms'] ?? ''
  if (/^[1-9]\d{0,8}$/.test(exact)) return Number(exact)
  const value = headers['retry-after']
  return value === undefined ? undefined : parseRetryAfter(value, providerNow(headers, now))
}

/** Milliseconds that a refusal asks to wait: its Retry-After, else the reset of a limit that is used up. */
export function readWait(headers: ResponseHeaders, now: number): number | undefined {
  const asked = readRetryAfter(headers, now)
  if (asked !== undefined) return asked
  const allowance = readAllowance(headers, now)
  return allowance && allowance.remaining < 1 && allowance.resetAt > now ? allowance.resetAt - now : undefined
}

/** What a 403 says that is a rate limit in truth: GitHub's secondary limit, Google's per user and project, AWS and others. */
const limitWords =
  /secondary rate limit|abuse detection|rate ?limit ?exceeded|exceeded (?:\w+ ){0,4}rate limit|too ?many ?requests/i

/** Whether a 403 is a rate limit in truth, as GitHub's is: by its headers, or by `words`, the beginning of its body. */
export function saysRateLimited(headers: ResponseHeaders, words: string, now: number): boolean {
  const used = ['x-ratelimit-remaining', 'ratelimit-remaining'].some((name) => headers[name]?.trim() === '0')
  return used || headers['retry-after'] !== undefined || readWait(headers, now) !== undefined || limitWords.test(words)
}

interface Limit {
  readonly remaining: number
  readonly reset: string
}

function structured(value = ''): readonly Limit[] {
  const left = /remaining=(\d+)/i.exec(value)?.[1]
  const until = /reset=(\d+)/i.exec(value)?.[1]
  if (left !== undefined && until !== undefined) return [{ remaining: Number(left), reset: until }]
  return value.split(',').flatMap((policy) => {
    const remaining = /;\s*r=(\d+)/.exec(policy)?.[1]
    const reset = /;\s*t=(\d+)/.exec(policy)?.[1]
    return remaining === undefined || reset === undefined ? [] : [{ remaining: Number(remaining), reset }]
  })
}

/** Several limits may be listed side by side, as in `X-RateLimit-Remaining: 0, 14523` with `X-RateLimit-Reset: 1, 1419704`. */
function named(headers: ResponseHeaders): readonly (readonly Limit[])[] {
  return ['ratelimit', 'x-ratelimit', 'x-rate-limit'].map((prefix) => {
    const remaining = headers[`${prefix}-remaining`]
    const reset = headers[`${prefix}-reset`]
    if (remaining === undefined || reset === undefined) return []
    if (!/^[\d\s.,-]+$/.test(reset)) return [{ remaining: count(remaining), reset: reset.trim() }]
    const resets = reset.split(',')
    return remaining.split(',').map((part, at) => ({ remaining: count(part), reset: (resets[at] ?? '').trim() }))
  })
}

function count(text: string): number {
  return text.trim() === '' ? NaN : Math.max(0, Number(text))
}

/** Milliseconds to the reset; undefined where it is nonsense. A moment that has passed is 0. */
function resetDelay(reset: string, now: number): number | undefined {
  const value = /^\d+(?:\.\d+)?$/.test(reset) ? Number(reset) : undefined
  const other = (): number => durationOf(reset) ?? (parseHttpDate(reset, now) ?? NaN) - now
  const delay = value === undefined ? other() : numericDelay(value, now)
  return delay <= longestReset ? Math.max(0, delay) : undefined
}

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** Milliseconds of `1h6m0.5s` or `20ms`, as Go writes a duration. */
function durationOf(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[dhms]))+$/.test(text)) return undefined
  const parts = text.matchAll(/(?<![\d.])(\d+(?:\.\d+)?)(ms|[dhms])/g)
  return [...parts].reduce((sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 0), 0)
}

/** The provider's clock where it tells it, so that a difference between the clocks does no harm. */
function providerNow(headers: ResponseHeaders, now: number): number {
  return parseHttpDate(headers['date'] ?? '', now) ?? now
}
