/** The bounds of our own waits, in milliseconds: `base` doubles with each try, never beyond `cap`. */
export interface BackoffConfig {
  readonly base: number
  readonly cap: number
}

/**
 * Milliseconds to wait after the failed try `attempt` (1 for the first), with full jitter: callers that failed together
 * come back spread over the whole interval rather than together again. `random` is in [0, 1).
 */
export function backoff(attempt: number, config: BackoffConfig, random: number): number {
  const doublings = Math.min(attempt - 1, 60)
  return random * Math.min(config.cap, config.base * 2 ** doublings)
}
