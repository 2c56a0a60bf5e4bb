import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import { createSemaphore } from '../http/semaphore.ts'

/** How much of the work that comes in one process takes on. */
export interface AdmissionLimits {
  /** Runs at the same time. */
  readonly running: number
  /** Calls that are being read, wait or run. */
  readonly calls: number
  /** How long a call waits for a run's turn, in milliseconds. */
  readonly wait: number
}

/** Keeps a flood of calls from filling the memory: each holds a place, and whoever finds none is told to come back. */
export interface Admission {
  /** Takes a place before the body is read; the function returned gives it back. Throws `TOO_MANY_RUNS`. */
  enter(): () => void
  /** Waits for the turn to run. Throws `TOO_MANY_RUNS` after `wait`, `INTERRUPTED` where `stopping` aborts first. */
  takeTurn(stopping: AbortSignal): Promise<() => void>
}

/** Seconds after which a caller who was turned away is told to come back. */
const comeBackAfter = 10

export function createAdmission(limits: AdmissionLimits, effects: Effects): Admission {
  const turns = createSemaphore(limits.running)
  let calls = 0
  return {
    enter() {
      if (calls >= limits.calls) throw tooMany(`${limits.calls} calls are being worked on already: come back later.`)
      calls += 1
      let inside = true
      return () => {
        if (inside) calls -= 1
        inside = false
      }
    },
    async takeTurn(stopping) {
      const over = new AbortController()
      const waiting = new AbortController()
      effects.sleep(limits.wait, waiting.signal).then(
        () => over.abort(),
        () => undefined,
      )
      try {
        return await turns.enter(AbortSignal.any([stopping, over.signal]))
      } catch (cause) {
        if (stopping.aborted)
          throw new SyncError('INTERRUPTED', 'This instance is being stopped: call again.', { cause })
        if (!over.signal.aborted) throw cause
        throw tooMany(`${limits.running} runs are under way, and none has ended in time: come back later.`)
      } finally {
        waiting.abort()
      }
    },
  }
}

function tooMany(message: string): SyncError {
  return new SyncError('TOO_MANY_RUNS', message, { details: { retryAfter: comeBackAfter } })
}
