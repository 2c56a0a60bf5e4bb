import { forMessage } from './words/media.ts'

/** What each code means for the one who called: whether trying again can help, and the HTTP status that a trigger answers. */
const rules = {
  /** The connector file, a flag or the environment is wrong. */
  CONFIG_INVALID: { retry: false, status: 400 },
  CONNECTOR_NOT_FOUND: { retry: false, status: 404 },
  /** The trigger's body or query is wrong. */
  REQUEST_INVALID: { retry: false, status: 400 },
  /** The front door: no token, or none that proves who calls. */
  CALLER_UNKNOWN: { retry: false, status: 401 },
  /** The front door: known, but not allowed to do this. */
  CALLER_REFUSED: { retry: false, status: 403 },
  /** The keys or the provider that a caller is checked with cannot be had. */
  CALLER_UNCHECKED: { retry: true, status: 503 },
  /** All places for calls are taken, or the wait for a run's turn was too long. */
  TOO_MANY_RUNS: { retry: true, status: 429 },
  SECRET_MISSING: { retry: false, status: 424 },
  SECRET_FORBIDDEN: { retry: false, status: 424 },
  SECRET_UNAVAILABLE: { retry: true, status: 503 },
  /** The token endpoint refused (`invalid_client`, `invalid_scope`, ...) or answered nonsense. */
  AUTH_FAILED: { retry: false, status: 424 },
  /** The token endpoint could not be reached, or kept answering 5xx. */
  AUTH_UNAVAILABLE: { retry: true, status: 503 },
  /** The API answered 401 to a credential that was just renewed, or that cannot be renewed. */
  AUTH_REJECTED: { retry: false, status: 502 },
  /** A person must consent again: the refresh token was refused, has expired or was lost; `headrace connect` fixes it. */
  RECONNECT_NEEDED: { retry: false, status: 424 },
  /** TLS with the API failed for good: its certificate does not verify, or it does not take ours; nothing was sent. */
  TLS_FAILED: { retry: false, status: 502 },
  ORIGIN_REFUSED: { retry: false, status: 502 },
  /** 5xx, 408, 425 or a broken connection, until the attempts were used up. */
  API_UNAVAILABLE: { retry: true, status: 503 },
  /** Any other 4xx, or an `errors:` rule that says `fail`. */
  API_REFUSED: { retry: false, status: 502 },
  RATE_LIMITED: { retry: true, status: 503 },
  REQUEST_TIMEOUT: { retry: true, status: 503 },
  /** Not what the stream's `format` says: HTML, cut JSON, a row that is no object. */
  RESPONSE_INVALID: { retry: false, status: 502 },
  RESPONSE_TOO_LARGE: { retry: false, status: 502 },
  ROWS_NOT_FOUND: { retry: false, status: 502 },
  /** The provider no longer accepts the saved page; the listing starts again from `done`. */
  LISTING_EXPIRED: { retry: true, status: 503 },
  PAGE_REPEATED: { retry: false, status: 502 },
  /** A listing ended although the provider's own answers say that there is more; the cursor stays, nothing is replaced. */
  LISTING_INCOMPLETE: { retry: false, status: 502 },
  /** A cursor whose spelling is not known, so that rows cannot be ordered by it. */
  CURSOR_INVALID: { retry: false, status: 502 },
  /** The saved state belongs to another source, key or write mode than the connector file now names. */
  STATE_MISMATCH: { retry: false, status: 409 },
  KEY_MISSING: { retry: false, status: 502 },
  SCHEMA_FROZEN: { retry: false, status: 502 },
  TOO_MANY_REJECTS: { retry: false, status: 502 },
  /** A listing lacks more rows of the table than `deletes.max_share` allows: nothing was deleted. */
  TOO_MANY_DELETES: { retry: false, status: 502 },
  /** A listing that is to replace a table is empty or much smaller than it: nothing was replaced. */
  TABLE_SHRINKS: { retry: false, status: 502 },
  /** What a run would have to remember is too much for its checkpoint; nothing of the batch was written. */
  CHECKPOINT_TOO_LARGE: { retry: false, status: 502 },
  STATE_CONFLICT: { retry: true, status: 409 },
  DESTINATION_BUSY: { retry: true, status: 503 },
  DESTINATION_FULL: { retry: false, status: 503 },
  DESTINATION_READ_ONLY: { retry: false, status: 502 },
  DESTINATION_FAILED: { retry: false, status: 502 },
  /** The warehouse could not be reached, kept failing for a passing reason, or has a quota that is used up. */
  DESTINATION_UNAVAILABLE: { retry: true, status: 503 },
  /** No credentials for the warehouse, or a role is missing. */
  DESTINATION_FORBIDDEN: { retry: false, status: 424 },
  /** The rest of a run that stopped at its budget could not be handed on; calling again goes on from the checkpoint. */
  QUEUE_FAILED: { retry: true, status: 503 },
  /** The Google Cloud CLI refused a step of `headrace deploy`; running it again goes on from there. */
  DEPLOYMENT_FAILED: { retry: false, status: 502 },
  /** The abort signal fired: the process was told to stop now. */
  INTERRUPTED: { retry: true, status: 503 },
  /** A defect of this program. */
  INTERNAL: { retry: false, status: 500 },
} as const satisfies Record<string, { retry: boolean; status: number }>

export type ErrorCode = keyof typeof rules

export interface SyncErrorOptions {
  readonly cause?: unknown
  /** Safe to log: never a secret, a header or a body. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * The only error this program throws on purpose. `message` is one plain sentence: what happened, where (connector,
 * stream, URL without credentials) and what to do. Several lines are a list; what is foreign in them is cleaned.
 */
export class SyncError extends Error {
  override readonly name = 'SyncError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string | readonly string[], options: SyncErrorOptions = {}) {
    super(forMessage(message), { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  /** Whether a later try may succeed without anybody changing anything. */
  get retry(): boolean {
    return rules[this.code].retry
  }

  /** The HTTP status that a trigger answers with. */
  get status(): number {
    return rules[this.code].status
  }
}

/** Turns what was thrown into a `SyncError`; an unknown error is a defect of ours and says so. */
export function toSyncError(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return new SyncError('INTERNAL', `Unexpected error: ${text}`, { cause: thrown })
}
