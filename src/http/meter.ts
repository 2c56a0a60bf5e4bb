/** Counters of one stream's requests, changed in place as they happen. */
export interface Meter {
  /** Every attempt that was sent. */
  requests: number
  /** The attempts after the first of each request. */
  retries: number
  /** Of the bodies, after decompression, those of failed attempts included. */
  bytes: number
  /** Milliseconds since 1970; there while a request waits for the rate limit or for its next try. */
  waitingUntil?: number
}

export function createMeter(): Meter {
  return { requests: 0, retries: 0, bytes: 0 }
}
