import { createHash } from 'node:crypto'
import { SyncError } from '../../base/errors.ts'
import { createSemaphore } from '../../http/semaphore.ts'
import type { Identity } from './provider.ts'

/** How long the provider's answer holds, in milliseconds: a token that is revoked works so much longer. */
const keepFor = 60_000
const maxKept = 1_000
/** Requests to the provider at a time, and checks that wait for one: junk tokens cost no more than that. */
const maxChecking = 8
const maxWaiting = 32

/**
 * Asks the provider about a token once a minute, however often it comes; tokens themselves are not kept. Tokens that were
 * refused are remembered apart from those that were accepted, so that junk does not push these out. Throws
 * `CALLER_UNCHECKED` where too many checks wait already.
 */
export function rememberChecks(
  check: (token: string) => Promise<Identity>,
  now: () => number,
): (token: string) => Promise<Identity> {
  const accepted = createMemory<Identity>(now)
  const refused = createMemory<SyncError>(now)
  const underway = new Map<string, Promise<Identity>>()
  const turns = createSemaphore(maxChecking)
  const never = new AbortController().signal

  async function ask(key: string, token: string): Promise<Identity> {
    const leave = await turns.enter(never)
    try {
      const identity = await check(token)
      accepted.keep(key, identity)
      return identity
    } catch (thrown) {
      // A provider that could not be asked has said nothing.
      if (thrown instanceof SyncError && !thrown.retry) refused.keep(key, thrown)
      throw thrown
    } finally {
      leave()
      underway.delete(key)
    }
  }

  return async (token) => {
    const key = createHash('sha256').update(token).digest('base64')
    const identity = accepted.find(key)
    if (identity) return identity
    const refusal = refused.find(key)
    if (refusal) throw refusal
    const already = underway.get(key)
    if (already) return already
    if (underway.size >= maxChecking + maxWaiting) throw tooMany()
    const asked = ask(key, token)
    underway.set(key, asked)
    return asked
  }
}

/** The last thousand values, each for a minute. */
function createMemory<Value>(now: () => number) {
  const kept = new Map<string, { readonly until: number; readonly value: Value }>()
  return {
    find(key: string): Value | undefined {
      const entry = kept.get(key)
      return entry && entry.until > now() ? entry.value : undefined
    },
    keep(key: string, value: Value): void {
      const [oldest] = kept.keys()
      if (kept.size >= maxKept && oldest !== undefined) kept.delete(oldest)
      kept.delete(key)
      kept.set(key, { until: now() + keepFor, value })
    },
  }
}

const tooMany = (): SyncError =>
  new SyncError('CALLER_UNCHECKED', 'Too many tokens wait to be checked with the provider: call again.', {
    details: { retryAfter: 10 },
  })
