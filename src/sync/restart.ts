import { SyncError } from '../base/errors.ts'

/** A source that changes so often while it is read will do so again. */
export const mostRestarts = 2

/** How a listing has gone that has failed. */
export interface Attempt {
  /** It went on inside a listing that an earlier run began. */
  readonly resumed: boolean
  /** How often this run has begun again before it. */
  readonly restarts: number
  /** This run has committed something of the stream. */
  readonly committed: boolean
}

/** Whether reading a listing from its start may do what this one could not. */
export function mayRestart(error: unknown, { resumed, restarts, committed }: Attempt): boolean {
  if (!(error instanceof SyncError)) return false
  if (error.details['moved'] === true) return restarts < mostRestarts
  if (restarts > 0) return false
  // What a listing lacks that was read in two parts it may have lost in between.
  if (error.code === 'LISTING_EXPIRED' || (resumed && error.code === 'TABLE_SHRINKS')) return true
  return resumed && !committed && hasExpired(error)
}

/**
 * Whether the saved page leads nowhere: the provider says that it has expired, answers its request with a refusal, or
 * it was a link that is not to be followed. The listing from its start tells whether that was passing.
 */
function hasExpired(error: SyncError): boolean {
  if (error.code === 'API_REFUSED') return [400, 404, 410, 422].includes(error.details['status'] as number)
  return ['ORIGIN_REFUSED', 'PAGE_REPEATED', 'LISTING_INCOMPLETE'].includes(error.code)
}
