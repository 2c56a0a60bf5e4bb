import type { Stop } from './stop.ts'
import type { Deadline } from '../http/deadline.ts'

/** The time that a run has. */
export interface Budget extends Disposable {
  readonly deadline: Deadline
  /** Aborts when the budget is used up or the run is asked to stop. */
  readonly soft: AbortSignal
}

/** `seconds` from `started` (milliseconds since 1970) on; none where absent. */
export function startBudget(seconds: number | undefined, stop: Stop, started: number): Budget {
  const over = new AbortController()
  // A longer budget than a timer takes is none.
  const timer =
    seconds === undefined || seconds > 2_000_000 ? undefined : setTimeout(() => over.abort(), seconds * 1000)
  const soft = AbortSignal.any([stop.soft, stop.hard, over.signal])
  return {
    soft,
    deadline: {
      at: seconds === undefined ? Infinity : started + seconds * 1000,
      get stopping() {
        return soft.aborted
      },
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
