import { compilePath } from '../decode/json-path.ts'
import { SyncError } from '../errors.ts'
import type { ApiRequest } from '../http/send.ts'

/** The first value at `path`; undefined where there is none. */
export function valueAt(envelope: unknown, path: string): unknown {
  return compilePath(path)(envelope)[0]
}

/** A count that a provider wrote as a number or as a string of digits; undefined for all else. */
export function toCount(value: unknown): number | undefined {
  if (typeof value === 'string' && !/^\d{1,15}$/.test(value)) return undefined
  const count =
    typeof value === 'number' || typeof value === 'string' || typeof value === 'bigint' ? Number(value) : NaN
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

/** A count at `path`; undefined where there is no path, no value, or a value that is no count: nonsense is ignored. */
export function countAt(envelope: unknown, path: string | undefined): number | undefined {
  return path === undefined ? undefined : toCount(valueAt(envelope, path))
}

const flags: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [true, true],
  [false, false],
  ['true', true],
  ['false', false],
  [1, true],
  [0, false],
])

/** Whether the provider says that there is more; undefined where it does not say. */
export function hasMore(envelope: unknown, path: string | undefined): boolean | undefined {
  return path === undefined ? undefined : flags.get(valueAt(envelope, path))
}

/** The URL of a request without its query, for messages. */
export function describe({ url }: Pick<ApiRequest, 'url'>): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

export function invalidAnswer(request: Pick<ApiRequest, 'url'>, problem: string): SyncError {
  return new SyncError('RESPONSE_INVALID', `The answer of ${describe(request)} cannot be paged: ${problem}.`)
}

/** What a JSON value is, in a word, for messages that must not repeat the value. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
