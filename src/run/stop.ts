/** How a run may be told to stop. */
export interface Stop {
  /** Finish the batch, commit, hand over. */
  readonly soft: AbortSignal
  /** Stop now: what is not committed is read again later. */
  readonly hard: AbortSignal
}
