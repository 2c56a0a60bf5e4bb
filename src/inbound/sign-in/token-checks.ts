import { createHash } from 'node:crypto'
import { SyncError } from '../../errors.ts'
import type { Identity } from './provider.ts'

type Outcome = { readonly identity: Identity } | { readonly refusal: SyncError }

/** How long an answer of the provider's is taken for true: a token that is taken back works so much longer. */
const keepFor = 60_000
const mostKept = 1_000

/** Asks the provider about a token once a minute, however often it comes; tokens themselves are not kept. */
export function rememberChecks(
  check: (token: string) => Promise<Identity>,
  now: () => number,
): (token: string) => Promise<Identity> {
  const kept = new Map<string, { readonly until: number; readonly outcome: Promise<Outcome> }>()

  async function ask(token: string): Promise<Outcome> {
    try {
      return { identity: await check(token) }
    } catch (thrown) {
      // A provider that could not be asked has said nothing.
      if (thrown instanceof SyncError && !thrown.retry) return { refusal: thrown }
      throw thrown
    }
  }

  return async (token) => {
    const key = createHash('sha256').update(token).digest('base64')
    const known = kept.get(key)
    const entry = known && known.until > now() ? known : { until: now() + keepFor, outcome: ask(token) }
    if (entry !== known) {
      const [oldest] = kept.keys()
      if (kept.size >= mostKept && oldest !== undefined) kept.delete(oldest)
      kept.delete(key)
      kept.set(key, entry)
    }
    try {
      const outcome = await entry.outcome
      if ('identity' in outcome) return outcome.identity
      throw outcome.refusal
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.retry) kept.delete(key)
      throw thrown
    }
  }
}
