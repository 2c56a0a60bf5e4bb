import { SyncError } from '../../base/errors.ts'
import type { Token } from './token-request.ts'

/** A token is renewed this long before its end, in milliseconds, as requests take time and clocks differ. */
const maxSkewMs = 30_000

/**
 * A sign-in that was refused for good is not tried again for this long, in milliseconds: each stream asks again, and many
 * providers lock an account after a few wrong passwords.
 */
const refusalTtlMs = 60_000

export interface Entry {
  readonly token: Token
  /** When it was asked for, so that the time of the answer counts as life used up. */
  readonly since: number
}

/** Keeps the last token of one client. */
export interface TokenCache {
  /** The token, fetched if there is none that is fresh; callers at the same time share one fetch. */
  get(): Promise<Token>
  /**
   * Forgets the token if `isRejected` says so: a newer one that came meanwhile stays. So does one that took the place of a
   * rejected one and was never accepted: another would fare no better, and each page would ask for one. A token that is
   * past its lifetime (`expired`) is always forgotten, as it would be refused with any credential.
   */
  drop(isRejected: (token: Token) => boolean): 'expired' | undefined
  /** Called with each request that the API accepted, and whether it had the token. */
  accept(isAccepted: (token: Token) => boolean): void
  /** The token that was fetched last, fresh or not, and when it was asked for in milliseconds since 1970. */
  peek(): Entry | undefined
}

/** `now` gives milliseconds since 1970. A token without a lifetime is kept until it is dropped. */
export function createTokenCache(fetchToken: () => Promise<Token>, now: () => number): TokenCache {
  let entry: Entry | undefined
  let pending: Promise<Token> | undefined
  let refusal: { readonly error: SyncError; readonly since: number } | undefined
  /** The one before was rejected, and this one was not accepted yet. */
  let unconfirmed = false

  async function renew(): Promise<Token> {
    const since = now()
    try {
      const token = await fetchToken()
      entry = { token, since }
      return token
    } catch (error) {
      if (error instanceof SyncError && !error.retry) refusal = { error, since }
      throw error
    }
  }

  return {
    async get() {
      if (entry && isFresh(entry, now())) return entry.token
      if (refusal && Math.abs(now() - refusal.since) < refusalTtlMs) throw refusal.error
      if (entry) unconfirmed = false
      pending ??= renew().finally(() => (pending = undefined))
      return pending
    },
    drop(isRejected) {
      if (!entry || !isRejected(entry.token)) return undefined
      const { token, since } = entry
      const isExpired = token.lifetime !== undefined && now() - since >= token.lifetime
      if (unconfirmed && !isExpired) return undefined
      entry = undefined
      unconfirmed = !isExpired
      return isExpired ? 'expired' : undefined
    },
    accept(isAccepted) {
      if (unconfirmed && entry && isAccepted(entry.token)) unconfirmed = false
    },
    peek: () => entry,
  }
}

/** A clock that was set back hides how old a token is, so such a token counts as stale. */
function isFresh({ token: { lifetime }, since }: Entry, now: number): boolean {
  if (lifetime === undefined) return true
  const skew = Math.min(maxSkewMs, lifetime / 10)
  const age = now - since
  return age > -skew && age < lifetime - skew
}
