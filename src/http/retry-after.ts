import { parseHttpDate } from './http-date.ts'

/** A longer wait than any provider means; it keeps a moment computed from nonsense within what a date can hold. */
const longest = 366 * 86_400_000

/**
 * Milliseconds that a `Retry-After` value asks for (RFC 9110 section 10.2.3): seconds, also fractional, or a date in any
 * form, or (not in the RFC) the moment as seconds or milliseconds since 1970, compared with `now` (milliseconds since 1970, best by the provider's own clock). Undefined where it says
 * nothing that one could wait for: 0, negative, a date that has passed, nonsense; then our own backoff decides.
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim()
  const wait = numberOf(text, now) ?? dateOf(text, now)
  return wait !== undefined && wait > 0 ? Math.min(Math.ceil(wait), longest) : undefined
}

/** A header that two proxies have set arrives as a list: the longest counts. */
function numberOf(text: string, now: number): number | undefined {
  const parts = text.split(',').map((part) => part.trim())
  return parts.every((part) => /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(part))
    ? Math.max(...parts.map((part) => numericDelay(Number(part), now)))
    : undefined
}

/**
 * Milliseconds to what a number says: below a billion it counts seconds, as an epoch it would lie before 2001; else it is
 * an epoch in seconds, from 10^11 on in milliseconds.
 */
export function numericDelay(value: number, now: number): number {
  if (value < 1e9) return value * 1_000
  return (value < 1e11 ? value * 1_000 : value) - now
}

function dateOf(text: string, now: number): number | undefined {
  const at = parseHttpDate(text, now)
  return at === undefined ? undefined : at - now
}
