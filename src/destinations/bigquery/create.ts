import { backoff } from '../../base/backoff.ts'
import type { Client } from './client.ts'
import { isDuplicate, ServiceError } from './service-error.ts'

const tries = 4
const never = new AbortController().signal

/** Creates what another run may be creating at the same moment: a failure counts only where it is not there afterwards. */
export async function createOnce(
  { effects, limits }: Client,
  create: () => Promise<unknown>,
  isThere: () => Promise<boolean>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await create()
      return
    } catch (thrown) {
      if (isDuplicate(thrown)) return
      if (!(thrown instanceof ServiceError) || thrown.status !== 400 || attempt === tries) throw thrown
      if (await isThere()) return
      await effects.sleep(backoff(attempt, limits, effects.random()), never)
    }
  }
}
