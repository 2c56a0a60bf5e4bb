import { SyncError } from '../base/errors.ts'

/** Another attempt may bring the whole of the body that `error` is about: a connection that closes ends one without a length. */
export const cutShort = ({ code, message, cause }: SyncError): SyncError =>
  new SyncError(code, message, { cause, details: { cut: true } })

/** Whether what `JSON.parse` met was the end of a text that began as JSON does. */
export function endsTooEarly(cause: unknown, text: string): boolean {
  const message = cause instanceof Error ? cause.message : ''
  const [, at] = /at position (\d+)/.exec(message) ?? []
  return /^\s*[[{]/.test(text) && (/end of JSON input/.test(message) || Number(at ?? -1) >= text.trimEnd().length)
}
