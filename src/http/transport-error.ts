import type { ErrorCode } from '../base/errors.ts'

/** Codes of failures that another attempt may not meet again. */
const passing: ReadonlySet<ErrorCode> = new Set(['API_UNAVAILABLE', 'REQUEST_TIMEOUT'])

/**
 * An attempt that brought no response that could be read. Never leaves the layers: the retry layer makes a `SyncError`
 * of it, a sentence in which `message` follows method and URL (`was cut short`).
 */
export class TransportError extends Error {
  override readonly name = 'BrokenExchange'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }

  /** Whether another attempt may do better. */
  get retry(): boolean {
    return passing.has(this.code)
  }
}
