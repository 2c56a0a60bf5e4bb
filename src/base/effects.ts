import { setTimeout } from 'node:timers/promises'

/** What the parts below `app.ts` may know of the world: passed in, so that a test can hold the clock. */
export interface Effects {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after `ms`; rejects when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** In [0, 1). */
  random(): number
}

export const systemEffects: Effects = {
  now: Date.now,
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
  random: Math.random,
}
