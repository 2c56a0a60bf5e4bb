/** When a run has to hand over: soft, looked at between two batches and before a long wait. */
export interface Deadline {
  /** Milliseconds since 1970; Infinity where there is no budget. */
  readonly at: number
  /** True once the run was asked to stop (Ctrl-C, SIGTERM), regardless of the time. */
  readonly stopping: boolean
}
