import { Secret } from '../../secrets/secret.ts'
import type { Token } from './token-request.ts'
import type { SavedTokens } from '../../secrets/token-store/contract.ts'

/** Left of the life of a token that another process saved, at the least, in milliseconds: its clock may differ. */
const maxSkewMs = 60_000

/** How far in the future a token may have been saved, in milliseconds, before one of two clocks must be wrong. */
const tolerance = 30_000

/** The last moment that RFC 3339 can write. */
const endOfTime = Date.UTC(9999, 11, 31)

/** RFC 3339; `ms` since 1970, or the end of time where a provider promises more. */
export function formatTime(ms: number): string {
  return new Date(Math.min(ms, endOfTime)).toISOString()
}

/**
 * The saved access token, if it is good for a while by the clock of this process: `now` is in milliseconds since 1970. A
 * token from the future shows that the clocks differ, so that nothing is known of its end; it counts as stale.
 */
export function readSavedToken(saved: SavedTokens, now: number): Token | undefined {
  const { access_token: text, expires_at: end, obtained_at: start, scope } = saved
  if (text === undefined) return undefined
  const scopes = scope?.split(' ').filter((one) => one !== '')
  const token = { value: new Secret(text), ...(scopes && { scopes }) }
  if (end === undefined) return token
  const since = start === undefined ? now : Date.parse(start)
  const lifetime = Date.parse(end) - now
  const skew = Math.min(maxSkewMs, (Date.parse(end) - since) / 10)
  // NaN, of what is no time, is in no order either.
  return since - now <= tolerance && lifetime > skew ? { ...token, lifetime } : undefined
}
