import { type SyncError, toSyncError } from '../base/errors.ts'

type Redact = (text: string) => string

/** A cause of a cause of a cause: deeper ones are left out. */
const deepest = 10

/**
 * What was thrown as a `SyncError` without any known secret: in its message, its stack and its details, and in those of
 * every cause. Whoever makes an error of what a provider or a warehouse said hands it on through here, so that nobody
 * who prints, saves or exports it has to.
 */
export function redactError(thrown: unknown, redact: Redact): SyncError {
  return copyError(toSyncError(thrown), redact, 0)
}

/** The same value with every text in it redacted, the names of members too. */
export function redactDeep<T>(value: T, redact: Redact): T {
  // Plain data has no circles: nothing of it is too deep.
  return copy(value, redact, -Infinity) as T
}

/** Keeps what an error is (`instanceof`, its fields): only its words differ. */
function copyError<T extends Error>(error: T, redact: Redact, depth: number): T {
  const own = Object.getOwnPropertyNames(error).map((name) => {
    const value = (error as unknown as Readonly<Record<string, unknown>>)[name]
    return [
      name,
      { value: copy(value, redact, depth + 1), enumerable: name !== 'stack', configurable: true, writable: true },
    ]
  })
  const made: unknown = Object.setPrototypeOf(new Error(), Object.getPrototypeOf(error) as object)
  return Object.defineProperties(made as T, Object.fromEntries(own) as PropertyDescriptorMap)
}

function copy(value: unknown, redact: Redact, depth: number): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > deepest) return undefined
  if (value instanceof Error) return copyError(value, redact, depth)
  if (Array.isArray(value)) return value.map((item) => copy(item, redact, depth + 1))
  // What has a class of its own (a response, a socket) says nothing that is shown.
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value) as null)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [redact(name), copy(inner, redact, depth + 1)]),
  )
}
