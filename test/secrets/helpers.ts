import type { Effects } from '../../src/base/effects.ts'
import type { Log } from '../../src/base/log.ts'
import { type SecretRef, parseSecretRef } from '../../src/secrets/ref.ts'

export function parseRef(text: string): SecretRef {
  const ref = parseSecretRef(text)
  if (!ref) throw new Error(`${text} is no reference`)
  return ref
}

const ignore = () => {}

export const quietLog: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore, trace: ignore }

/** Effects whose waits are over at once; `waits` notes them, in milliseconds, at the longest that jitter allows. */
export function effectsOf(waits: number[] = []): Effects {
  return {
    now: () => 0,
    sleep: async (ms, signal) => {
      signal.throwIfAborted()
      waits.push(ms)
    },
    random: () => 1,
  }
}
