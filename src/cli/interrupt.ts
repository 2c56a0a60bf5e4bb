import type { Stop } from '../run/stop.ts'
import { exitCodes } from './exit-code.ts'

export interface Interrupt extends Disposable {
  readonly stop: Stop
  /** Whether a signal came. */
  readonly happened: boolean
}

/**
 * Everything that waits is cut off by the signal, but for a renewal of tokens: what its provider answers must be saved, or
 * they are lost. Such a request has 30 s at most.
 */
const longestEnd = 35_000

/** Ctrl-C or SIGTERM once finishes the batch; Ctrl-C again stops now; a third time ends the process where it stands. */
export function listenForInterrupt(say: (text: string) => void): Interrupt {
  const soft = new AbortController()
  const hard = new AbortController()
  const interrupt = (): void => {
    if (hard.signal.aborted) process.exit(exitCodes.interrupted)
    if (soft.signal.aborted) {
      say('Stopping now; what is committed stays. A third time ends it where it stands.')
      hard.abort()
      setTimeout(() => process.exit(exitCodes.interrupted), longestEnd).unref()
    } else {
      say('Stopping: the batch is finished and committed first; press Ctrl-C again to stop now.')
      soft.abort()
    }
  }
  const terminate = (): void => {
    if (!soft.signal.aborted) interrupt()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', terminate)
  return {
    stop: { soft: soft.signal, hard: hard.signal },
    get happened() {
      return soft.signal.aborted
    },
    [Symbol.dispose]() {
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', terminate)
    },
  }
}
