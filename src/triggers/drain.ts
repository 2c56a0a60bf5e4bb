import type { Stop } from '../run/stop.ts'

/** Cloud Run kills 10 s after SIGTERM. */
const hardAfter = 8_000
const exitAfter = 9_500

/** How the process ends: runs finish their batch, their callers get an answer, then it exits. */
export interface Drain {
  readonly stop: Stop
  /** Counts `task` as one that the process waits for. */
  track(task: () => Promise<void>): Promise<void>
}

/** Answers SIGTERM and SIGINT; a second signal stops the runs at once. */
export function createDrain(): Drain {
  const soft = new AbortController()
  const hard = new AbortController()
  let running = 0

  const exitWhenIdle = (): void => {
    // The last answer's bytes go out before the process does.
    if (soft.signal.aborted && running === 0) setImmediate(() => process.exit(0))
  }
  const begin = (): void => {
    if (soft.signal.aborted) return hard.abort()
    soft.abort()
    setTimeout(() => hard.abort(), hardAfter).unref()
    setTimeout(() => process.exit(0), exitAfter).unref()
    exitWhenIdle()
  }
  process.on('SIGTERM', begin)
  process.on('SIGINT', begin)

  return {
    stop: { soft: soft.signal, hard: hard.signal },
    async track(task) {
      running += 1
      try {
        await task()
      } finally {
        running -= 1
        exitWhenIdle()
      }
    },
  }
}
