import { compilePath, memberAt, namesInLast } from '../base/json/path.ts'
import { SyncError } from '../base/errors.ts'
import type { ApiRequest } from '../http/send.ts'
import type { PageView } from './paginator.ts'

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

/** What a page says at a place: a JSONPath into its envelope or its last row, which is cut out of it, or `header:NAME`. */
export function answerAt(page: PageView, path: string): unknown {
  const { envelope, headers, rowsAt } = page
  if (path.startsWith('header:')) return headers[path.slice('header:'.length).trim().toLowerCase()]
  const names = rowsAt && namesInLast(path, rowsAt)
  return names ? memberAt(page.lastRow(), names) : valueAt(envelope, path)
}

/** A count at `path`; undefined where there is no path, no value, or a value that is no count: nonsense is ignored. */
export function countAt(page: PageView, path: string | undefined): number | undefined {
  return path === undefined ? undefined : toCount(answerAt(page, path))
}

const yes: ReadonlySet<string> = new Set(['true', 'yes', 'y', 't', 'on', '1'])
const no: ReadonlySet<string> = new Set(['false', 'no', 'n', 'f', 'off', '0'])

/** A flag in any of the usual spellings, such as true, "False", "Y" or 0; undefined for all else. */
export function readFlag(value: unknown): boolean | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const text = String(value).trim().toLowerCase()
  return yes.has(text) ? true : no.has(text) ? false : undefined
}

/** Whether the provider says that there is more; undefined where it does not say. */
export function hasMore(envelope: unknown, path: string | undefined): boolean | undefined {
  return path === undefined ? undefined : readFlag(valueAt(envelope, path))
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
