import type { Token } from './token-request.ts'

/** A token is renewed this long before its end, in milliseconds, as requests take time and clocks differ. */
const longestSkew = 30_000

interface Entry {
  readonly token: Token
  /** When it was asked for, so that the time of the answer counts as life used up. */
  readonly since: number
}

/** Keeps the last token of one client. */
export interface TokenCache {
  /** The token, fetched if there is none that is fresh; callers at the same time share one fetch. */
  get(): Promise<Token>
  /** Forgets the token if `isRejected` says so: a newer one that came meanwhile stays. */
  drop(isRejected: (token: Token) => boolean): void
}

/** `now` gives milliseconds since 1970. A token without a lifetime is kept until it is dropped. */
export function createTokenCache(fetchToken: () => Promise<Token>, now: () => number): TokenCache {
  let entry: Entry | undefined
  let pending: Promise<Token> | undefined

  async function renew(): Promise<Token> {
    const since = now()
    const token = await fetchToken()
    entry = { token, since }
    return token
  }

  return {
    async get() {
      if (entry && isFresh(entry, now())) return entry.token
      pending ??= renew().finally(() => (pending = undefined))
      return pending
    },
    drop(isRejected) {
      if (entry && isRejected(entry.token)) entry = undefined
    },
  }
}

/** A clock that was set back hides how old a token is, so such a token counts as stale. */
function isFresh({ token: { lifetime }, since }: Entry, now: number): boolean {
  if (lifetime === undefined) return true
  const skew = Math.min(longestSkew, lifetime / 10)
  const age = now - since
  return age > -skew && age < lifetime - skew
}
