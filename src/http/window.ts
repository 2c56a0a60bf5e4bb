/** At most so many requests in any stretch of `per` milliseconds, wherever it begins. */
export interface Window {
  /** The earliest moment at which one more may start: `now`, or later. */
  earliest(now: number): number
  /** Notes that one starts. */
  take(now: number): void
}

/**
 * A sliding window: unlike a token bucket it never lets two bursts meet at the edge of a period, which is how providers
 * with fixed or sliding windows of their own count. `requests` and `cost` may be fractions; where less than one request
 * fits into a period, the period is stretched to hold one.
 */
export function createWindow({ requests, per, cost }: { requests: number; per: number; cost: number }): Window {
  const capacity = Math.max(1, Math.floor(requests / cost + 1e-9))
  const length = requests < cost ? (per * cost) / requests : per
  let starts: number[] = []
  let first = 0
  let last = -Infinity

  const settle = (now: number) => {
    // A clock that was set back would otherwise hold the requests up for as long as it was set back.
    if (now < last) {
      const jump = last - now
      starts = starts.map((start) => start - jump)
    }
    last = now
    while (first < starts.length && (starts[first] as number) + length <= now) first++
    if (first > 1_024 && first * 2 > starts.length) {
      starts = starts.slice(first)
      first = 0
    }
  }

  return {
    earliest: (now) => {
      settle(now)
      return starts.length - first < capacity ? now : (starts[starts.length - capacity] as number) + length
    },
    take: (now) => {
      settle(now)
      starts.push(now)
    },
  }
}
