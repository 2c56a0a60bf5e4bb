/** What a stream tells while it runs. */
export interface Progress {
  readonly stream: string
  /** Rows committed. */
  readonly rows: number
  /** Rows read, committed or not. */
  readonly read: number
  readonly pages: number
  readonly requests: number
  readonly retries: number
  /** Until when the rate limit or a retry holds the stream back (milliseconds since 1970), if it does. */
  readonly waitingUntil?: number
}
