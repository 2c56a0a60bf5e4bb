import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import { backoff } from '../base/backoff.ts'

export interface RetryDeps {
  readonly effects: Effects
  readonly signal: AbortSignal
}

/** Bounds of the waits between tries, in milliseconds; `attempts` counts all tries. */
export interface RetryLimits {
  readonly attempts: number
  readonly base: number
  readonly cap: number
}

/**
 * Runs `task` until it succeeds, fails for good (`SyncError.retry` is false, or the task itself was told to stop) or has
 * used up its tries, with full jitter between them. `details.waitMs` of an error is a wait that the other side asked for.
 * Throws `INTERRUPTED` when the signal aborts.
 */
export async function retry<Result>(
  task: () => Promise<Result>,
  limits: RetryLimits,
  deps: RetryDeps,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      throwIfAborted(deps.signal)
      return await task()
    } catch (thrown) {
      throwIfAborted(deps.signal)
      if (!(thrown instanceof SyncError) || !mayPass(thrown) || attempt >= limits.attempts) throw thrown
      await pause(thrown, attempt, limits, deps)
    }
  }
}

function mayPass(error: SyncError): boolean {
  return error.retry && error.code !== 'INTERRUPTED'
}

async function pause(error: SyncError, attempt: number, limits: RetryLimits, deps: RetryDeps): Promise<void> {
  const asked = Number(error.details['waitMs'] ?? 0)
  if (asked > limits.cap) throw error
  try {
    await deps.effects.sleep(Math.max(asked, backoff(attempt, limits, deps.effects.random())), deps.signal)
  } catch (cause) {
    throwIfAborted(deps.signal)
    throw cause
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted)
    throw new SyncError('INTERRUPTED', 'The run was told to stop while it waited for its credentials.')
}
