import { parseHttpDate } from './http-date.ts'

/** A longer wait than any provider means; it keeps a moment computed from nonsense within what a date can hold. */
const longest = 366 * 86_400_000

/**
 * Milliseconds that a `Retry-After` value asks for (RFC 9110 section 10.2.3): seconds, also fractional, or a date in any
 * form, compared with `now` (milliseconds since 1970, best by the provider's own clock). Undefined where it says
 * nothing that one could wait for: 0, negative, a date that has passed, nonsense; then our own backoff decides.
 */
export function parseRetryAfter(value: string, now: number): number | undefined {
  const text = value.trim()
  const wait = secondsOf(text) ?? dateOf(text, now)
  return wait !== undefined && wait > 0 ? Math.min(Math.ceil(wait), longest) : undefined
}

/** A header that two proxies have set arrives as a list: the longest counts. */
function secondsOf(text: string): number | undefined {
  const parts = text.split(',').map((part) => part.trim())
  return parts.every((part) => /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(part))
    ? Math.max(...parts.map(Number)) * 1_000
    : undefined
}

function dateOf(text: string, now: number): number | undefined {
  const at = parseHttpDate(text, now)
  return at === undefined ? undefined : at - now
}
