/**
 * What BigQuery, or the way to it, answered instead of a result. `status` is the HTTP status, 0 where there was no
 * answer, 200 for a job that ran and failed; `reason` is the service's own
 * (https://cloud.google.com/bigquery/docs/error-messages), or one of ours: `connection`, `timeout`, `stuck`.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

const passingReasons = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'jobRateLimitExceeded',
  'rateLimitExceeded',
  'tableUnavailable',
])

/** Whether the same request may succeed in a moment. Not so `quotaExceeded`: a quota of a day does not refill in seconds. */
export function isPassing(thrown: unknown): boolean {
  if (!(thrown instanceof ServiceError) || thrown.reason === 'quotaExceeded') return false
  const { status, reason } = thrown
  return status === 0 || status === 408 || status === 429 || status >= 500 || passingReasons.has(reason)
}

export function isNotFound(thrown: unknown): thrown is ServiceError {
  return thrown instanceof ServiceError && (thrown.status === 404 || thrown.reason === 'notFound')
}

/** The thing is there already, or the job id is taken. */
export function isDuplicate(thrown: unknown): thrown is ServiceError {
  return thrown instanceof ServiceError && thrown.status === 409
}
