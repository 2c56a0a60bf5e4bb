import type { ErrorRule, RetryConfig } from './config.ts'
import type { Signer } from './signer.ts'
import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Deadline } from './deadline.ts'
import { redactError } from '../secrets/redact-error.ts'
import { authorize } from './authorize.ts'
import type { Redact } from './describe.ts'
import { createHeadClassifier, createClassifier } from './error-rules.ts'
import { allowOrigins, type Origins } from './origins.ts'
import { limitRate, type RateLimiter } from './rate-limit.ts'
import { followRedirects } from './redirect.ts'
import { retryFailures } from './retry.ts'
import { type Middleware, type Send, stack } from './send.ts'
import { createTransport, type TransportOptions } from './transport.ts'

export interface ClientOptions extends TransportOptions {
  readonly auth: Signer
  readonly origins: Origins
  readonly retry: RetryConfig
  readonly rules: readonly ErrorRule[]
  readonly limiter: RateLimiter
  readonly deadline: Deadline
  readonly effects: Effects
  readonly log: Log
  readonly redact: Redact
  /** Around everything else: sees a page with all its attempts as one. */
  readonly observe?: Middleware | undefined
}

/**
 * The way of every request to a provider. Resolves with a 2xx, or with what a rule of the connector says to ignore;
 * anything else that happens is a `SyncError`. Rejects with INTERRUPTED as soon as the signal aborts.
 */
export function createClient(options: ClientOptions): Send {
  const { auth, origins, retry, rules, limiter, deadline, effects, log, redact, meter, observe } = options
  const judge = createClassifier(rules, redact, () => effects.now())
  const wait = { effects, deadline, meter }
  const send = stack(
    [
      ...(observe ? [observe] : []),
      retryFailures({ retry, judge, wait, redact, log }),
      followRedirects(judge, redact),
      allowOrigins(origins, redact),
      limitRate(limiter, judge, { wait, longest: retry.max_elapsed, redact }),
      authorize(auth, origins, judge),
    ],
    createTransport({ ...options, isRefused: createHeadClassifier(rules), keepsText: rules.length > 0 }),
  )
  return (request, signal) =>
    send(request, signal).catch((error: unknown) => {
      throw redactError(
        signal.aborted
          ? new SyncError('INTERRUPTED', 'The run was told to stop in the middle of a request.', { cause: error })
          : error,
        redact,
      )
    })
}
