import type { RateLimitConfig } from './config.ts'
import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import { describeRequest, type Redact } from './describe.ts'
import type { ResponseClassifier } from './error-rules.ts'
import { readAllowance, readWait } from './rate-headers.ts'
import { createSemaphore } from './semaphore.ts'
import type { ApiResponse, Middleware } from './send.ts'
import { mayWait, slice, type WaitDeps, waitStep } from './wait.ts'
import { createWindow } from './window.ts'

/** The turns of all streams of a connector in a run, first come, first served. */
export interface RateLimiter {
  /** Waits for a turn. Rejects when `turn.signal` aborts. */
  take(turn: PermitRequest): Promise<Permit>
  /** Learns from a response what the provider still allows; `refused` where it was refused for its rate. */
  observe(response: Pick<ApiResponse, 'headers'>, refused: boolean): void
}

export interface PermitRequest {
  readonly signal: AbortSignal
  readonly wait: WaitDeps
  /** Longest wait for the provider's own limit, in milliseconds; one's own pace is only bounded by the deadline. */
  readonly longest: number
}

/** A turn, to be given back once the response is read; or, where the wait would be too long, when to come back. */
export type Permit = { readonly leave: () => void } | { readonly retryAt: number }

/** Paces requests by `rate_limit` and by what the provider says in its headers. */
export function createRateLimiter(config: RateLimitConfig, effects: Effects): RateLimiter {
  const { requests, per, cost, concurrency } = config
  const window = requests === undefined ? undefined : createWindow({ requests, per, cost })
  const gate = createSemaphore(1)
  const places = createSemaphore(concurrency)
  let inFlight = 0
  let blockedUntil = -Infinity
  let left = Infinity
  let leftUntil = -Infinity

  /** Only the head of the queue is here at any time. Resolves with the moment to come back where it is too far off. */
  const awaitStart = async ({ signal, wait, longest }: PermitRequest): Promise<number | undefined> => {
    for (;;) {
      const now = effects.now()
      const usedUp = left < cost && leftUntil > now
      const asked = Math.max(now, blockedUntil, usedUp ? leftUntil : now)
      const start = Math.max(asked, window?.earliest(now) ?? now)
      if (start <= now) return undefined
      // Those in flight will bring a newer figure of what is left, so it is too early to give up.
      const unsure = usedUp && inFlight > 0 && blockedUntil <= now
      if (!unsure && (asked - now > longest || !mayWait(start, wait))) return start
      await waitStep({ until: start, ms: Math.min(start - now, unsure ? 50 : slice) }, wait, signal)
    }
  }

  const start = (leave: () => void): Permit => {
    window?.take(effects.now())
    if (effects.now() >= leftUntil) left = Infinity
    left -= cost
    inFlight++
    let held = true
    return {
      leave: () => {
        if (held) inFlight--
        held = false
        leave()
      },
    }
  }

  return {
    take: async (turn) => {
      const pass = await gate.enter(turn.signal)
      try {
        const leave = await places.enter(turn.signal)
        try {
          const retryAt = await awaitStart(turn)
          if (retryAt === undefined) return start(leave)
          leave()
          return { retryAt }
        } catch (error) {
          leave()
          throw error
        }
      } finally {
        pass()
      }
    },
    observe: ({ headers }, refused) => {
      const now = effects.now()
      const wait = refused ? readWait(headers, now) : undefined
      if (wait !== undefined) blockedUntil = Math.max(blockedUntil, now + wait)
      const allowance = readAllowance(headers, now)
      if (!allowance) return
      // The others in flight may not be counted in it yet; each of them brings a newer figure when it comes back.
      left = allowance.remaining - cost * Math.max(0, inFlight - 1)
      leftUntil = allowance.resetAt
    },
  }
}

/** Lets a request through when its turn has come. Throws RATE_LIMITED where that would be too late, with `retryAt`. */
export function limitRate(
  limiter: RateLimiter,
  judge: ResponseClassifier,
  options: Omit<PermitRequest, 'signal'> & { redact: Redact },
): Middleware {
  return (next) => async (request, signal) => {
    const turn = await limiter.take({ signal, wait: options.wait, longest: options.longest })
    if ('retryAt' in turn)
      throw new SyncError(
        'RATE_LIMITED',
        `${describeRequest(request, options.redact)} was not sent, as the rate limit allows no request before ${new Date(turn.retryAt).toISOString()}; run again then.`,
        { details: { retryAt: turn.retryAt } },
      )
    try {
      const response = await next(request, signal)
      limiter.observe(response, judge(response).action === 'rate_limited')
      return response
    } finally {
      turn.leave()
    }
  }
}
