import { SyncError } from '../base/errors.ts'
import { isObject } from '../base/json/path.ts'

/** What an error body holds beside its error; an object with any other member may be a row. */
const errorMember =
  /^(?:errors?|messages?|code|status|success|ok|data|details?|type|description|title|reason|hint|instance|timestamp|path|meta|fault|exception|error(?:description|code|message)|statuscode|requestid|traceid|documentationurl)$/

/** What says in so many words that there is no error. */
const harmless = new Set(['', '0', 'false', 'null', 'none', 'no', 'ok', 'success'])

/** Where an answer reports an error: the name of a filled `error`, or of a `success` that is false; undefined where it reports none. */
export function complaintIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined
  const filled = Object.keys(body).find((name) => /^(?:errors?|fault|exception)$/i.test(name) && isFilled(body[name]))
  return filled ?? ['success', 'ok'].find((name) => body[name] === false || body[name] === 'false')
}

/** `{"code": 0, "message": "ok"}` is no error. */
function isFilled(value: unknown): boolean {
  if (typeof value === 'string') return !harmless.has(value.trim().toLowerCase())
  if (typeof value !== 'object' || value === null) return Boolean(value)
  if (Array.isArray(value)) return value.length > 0
  const members = value as Readonly<Record<string, unknown>>
  const code = members['code'] ?? members['status']
  return Object.values(members).some((member) => member !== null) && code !== 0 && code !== 200 && code !== '0'
}

/** Whether an object is about an error and nothing else, so that it is no row. */
export function isErrorBody(body: unknown): boolean {
  return (
    isObject(body) &&
    complaintIn(body) !== undefined &&
    Object.keys(body).every((name) => errorMember.test(name.toLowerCase().replaceAll(/[^a-z]/g, '')))
  )
}

/** Whether the answer counts no rows, which is why none are there. */
function countsNone(body: unknown, depth = 0): boolean {
  if (!isObject(body) || depth > 3) return false
  return Object.entries(body).some(
    ([name, value]) =>
      ((value === 0 || value === '0') &&
        /^(?:total\w*|count|size|num_?found|nbhits|(?:item|row|record|result|page)_?count)$/i.test(name)) ||
      countsNone(value, depth + 1),
  )
}

export interface NoRows {
  readonly parsed: unknown
  /** The path that was asked for. */
  readonly rows: string
  /** Whether there is a place for rows. */
  readonly there: boolean
  /** Method and URL without credentials. */
  readonly where: string
}

/**
 * Why a body without rows is no empty page: it reports an error, or lacks the member that holds the rows and does not count
 * to zero. Taking it for one would end the listing, or empty a table, without a word.
 */
export function explainNoRows({ parsed, rows, there, where }: NoRows): SyncError | undefined {
  const complaint = complaintIn(parsed)
  if (complaint !== undefined) return reportsError(where, complaint)
  if (there || countsNone(parsed)) return undefined
  return new SyncError(
    'ROWS_NOT_FOUND',
    `There is nothing at ${rows} in what ${where} answered: fix rows, or set stop.missing_rows: true if the provider leaves it out of an empty page`,
    { details: { candidates: [], missing: true } },
  )
}

/** A 2xx whose body is an error. `details.words` asks for the provider's own words to be added. */
export function reportsError(where: string, name: string): SyncError {
  return new SyncError('API_REFUSED', `${where} answered with an error in place of rows, in its member ${name}`, {
    details: { words: true },
  })
}
