import { isUtf8 } from 'node:buffer'
import { SyncError } from '../base/errors.ts'
import { notIn, replacement } from './charset.ts'
import { cutShort, endsTooEarly } from './cut-short.ts'
import { describeEntity, findEntity } from './entity.ts'
import { describeBytes, Envelope } from './envelope.ts'
import { parseExact, stringifyExact } from '../base/json/exact-json.ts'
import { compilePath, leadingNames, memberAt, simplePath } from '../base/json/path.ts'
import { complaintIn, explainNoRows, isErrorBody, reportsError } from './missing-rows.ts'
import { refuseNonFinite } from './non-finite.ts'
import type { PageBody, PageDecoder } from './page-decoder.ts'
import { type BodyOptions, defineDecoder } from './decoder.ts'
import { noRows, RowCollector } from './page-rows.ts'
import { createRowScan } from './row-scan.ts'
import { findRowsPath } from './rows-path.ts'
import { lineOfAny } from '../base/words/line.ts'

/** As much of a first page is held in order to find out where its rows are, when the stream does not say. */
const searchLimit = 32 * 1024 * 1024

/**
 * JSON whose rows lie in an array that a simple path leads to: they are cut out of the bytes as these come in. For any
 * other path the body is parsed as a whole.
 */
export default defineDecoder({ name: 'json', accept: 'application/json', isJson: true, create: jsonDecoder })

function jsonDecoder(options: BodyOptions): PageDecoder {
  const { rows } = options
  if (rows === undefined) return searchingDecoder(options)
  const path = simplePath(rows)
  return path ? cuttingDecoder(path, rows, options) : parsingDecoder(rows, options)
}

function cuttingDecoder(path: readonly string[], rows: string, options: BodyOptions): PageDecoder {
  const envelope = new Envelope(path, options.maxWhole)
  const scan = createRowScan(options, false)
  const { collected } = scan
  let inRows = false
  let arrays = 0
  let arrayAt = Infinity
  let bytes = 0

  const scanRows = async (): Promise<void> => {
    const state = await scan.run()
    if (state === 'malformed' || state === 'not an object') {
      const rest = scan.rest()
      const number = refuseNonFinite(rest, options.where, (at) => bytes - rest.length + at)
      if (number) throw number
    }
    if (state === 'malformed') throw invalid(options, `is no valid JSON after row ${collected.count}`)
    if (state === 'not an object')
      throw invalid(options, `has a row that is no object: row ${collected.count + 1} of ${rows}`)
    if (state === 'ended') {
      inRows = false
      await readEnvelope(scan.rest())
    }
  }

  const readEnvelope = async (chunk: Uint8Array): Promise<void> => {
    const at = guard(options, () => envelope.read(chunk))
    if (at < 0) return
    if (arrays++ > 0) throw invalid(options, `has ${rows} twice`)
    inRows = true
    arrayAt = bytes - chunk.length + at
    scan.push(chunk.subarray(at))
    if (scan.ready) await scanRows()
  }

  return {
    write: (chunk) => {
      bytes += chunk.length
      if (!inRows) return readEnvelope(chunk)
      scan.push(chunk)
      return scan.ready ? scanRows() : undefined
    },
    end: async () => {
      if (inRows) await scanRows()
      if (inRows) throw cutShort(invalid(options, `ends in the middle of the rows, after row ${collected.count}`))
      const text = envelope.text()
      if (!envelope.isText)
        options.onRepair?.('The answers hold bytes beside their rows that are no UTF-8; they are read as U+FFFD.')
      const behind = bytes - Buffer.byteLength(text)
      const parsed = parseBody(text, options, (at) => (at < arrayAt ? at : behind + at))
      const highest = scan.close()
      if (parsed === noBody) return bodiless(path, bytes)
      if (arrays > 0) {
        const complaint = collected.count === 0 ? complaintIn(parsed) : undefined
        return {
          envelope: parsed,
          rows: collected.finish(highest),
          rowsAt: path,
          bytes,
          ...(complaint !== undefined && { problem: reportsError(options.where, complaint) }),
        }
      }
      return collectParsed(collected, { parsed, rows, bytes }, options)
    },
    discard: () => collected.discard(),
  }
}

/** Keeps the bytes, parses them as a whole and picks the rows by any RFC 9535 path. */
function parsingDecoder(rows: string, options: BodyOptions): PageDecoder {
  const collected = new RowCollector()
  const whole = wholeBody(options)
  return {
    write: whole.write,
    end: async () => {
      const { chunks, bytes } = whole
      const body = Buffer.concat(chunks)
      const parsed = parseBody(body.toString(), options)
      if (parsed === noBody) return bodiless(leadingNames(rows), bytes())
      if (!isUtf8(body)) {
        if (options.replaceInvalid !== true) throw notIn('UTF-8', options.where)
        options.onRepair?.(replacement)
      }
      try {
        return await collectParsed(collected, { parsed, rows, bytes: bytes() }, options)
      } catch (cause) {
        // The stack is used up.
        if (cause instanceof RangeError) throw invalid(options, 'is nested too deeply to pick its rows', cause)
        throw cause
      }
    },
    discard: () => collected.discard(),
  }
}

/** The stream does not say where its rows are: looks at the whole of this page, then cuts it like any other. */
function searchingDecoder(options: BodyOptions): PageDecoder {
  const whole = wholeBody(options)
  let found: PageDecoder | undefined
  return {
    write: whole.write,
    end: async (): Promise<PageBody> => {
      const parsed = parseBody(Buffer.concat(whole.chunks).toString(), options)
      if (parsed === noBody) return bodiless(undefined, whole.bytes())
      const empty = { envelope: parsed, rows: noRows(), bytes: whole.bytes() }
      const entity = findEntity(parsed, options.asked)
      const search = entity ?? findRowsPath(parsed)
      const hasNone = 'candidates' in search
      const complaint = isErrorBody(parsed) || hasNone ? complaintIn(parsed) : undefined
      if (complaint !== undefined) return { ...empty, problem: reportsError(options.where, complaint) }
      if (hasNone) {
        const isEmpty = isBlank(parsed) && options.mayLackRows === true
        return isEmpty ? empty : { ...empty, problem: rowsNotFound(options, search.candidates) }
      }
      const rows = writePath(search.path, search.single === true)
      if (entity && !options.asked?.one) options.onGuess?.(describeEntity(options, '$'))
      options.onRowsFound?.(rows)
      found = jsonDecoder({ ...options, rows })
      for (const chunk of whole.chunks) await found.write(chunk)
      return found.end()
    },
    discard: async () => found?.discard(),
  }
}

function wholeBody(options: BodyOptions) {
  const limit = options.maxWhole ?? searchLimit
  const chunks: Uint8Array[] = []
  let size = 0
  return {
    chunks,
    bytes: () => size,
    write: (chunk: Uint8Array): void => {
      size += chunk.length
      if (size > limit) {
        throw new SyncError(
          'RESPONSE_TOO_LARGE',
          `${options.where} answered over ${describeBytes(limit)}, too much to look for its rows in: say where they are, such as rows: $.data[*], or raise max_body`,
        )
      }
      chunks.push(chunk.slice())
    },
  }
}

interface ParsedBody {
  readonly parsed: unknown
  readonly rows: string
  readonly bytes: number
}

/** Rows of a body that was parsed: an object for each value that the path finds. */
async function collectParsed(
  collected: RowCollector,
  { parsed, rows, bytes }: ParsedBody,
  options: BodyOptions,
): Promise<PageBody> {
  const found = compilePath(rows)(parsed).filter((value) => value !== null)
  const rowsAt = leadingNames(rows)
  const list = rowsAt.length === 0 ? parsed : memberAt(parsed, rowsAt)
  const problem = findProblem(found, { parsed, rows, list }, options)
  if (problem) return { envelope: parsed, rows: noRows(), rowsAt, bytes, problem }
  for (const value of found) await collected.addText(stringifyExact(value))
  return { envelope: parsed, rows: collected.finish(), rowsAt, ...(!simplePath(rows) && sentIn(list)), bytes }
}

function sentIn(list: unknown): Pick<PageBody, 'sent'> {
  if (!Array.isArray(list)) return {}
  return { sent: { count: list.length, first: list[0], last: list.at(-1), text: stringifyExact(list) } }
}

function findProblem(
  values: readonly unknown[],
  { parsed, rows, list }: Pick<ParsedBody, 'parsed' | 'rows'> & { readonly list: unknown },
  options: BodyOptions,
): SyncError | undefined {
  const complaint = isErrorBody(list) ? complaintIn(list) : undefined
  if (complaint !== undefined) return reportsError(options.where, complaint)
  const wrong = values.findIndex((value) => typeof value !== 'object' || Array.isArray(value))
  if (wrong >= 0) return invalid(options, `has a row that is no object: row ${wrong + 1} of ${rows}`)
  if (values.length > 0) return undefined
  const path = simplePath(rows)
  const isRoot = leadingNames(rows).length === 0
  // A body is the place of the rows only as a list: {} and null have none, where a member may be null or {} on an empty page.
  const isThere = isRoot ? path === undefined || Array.isArray(list) : list === null || typeof list === 'object'
  const missing = explainNoRows({ parsed, rows, there: isThere, where: options.where })
  if (isThere || !path || !missing || missing.code !== 'ROWS_NOT_FOUND') return missing && unless(missing, options)
  // Nothing where the rows should be, but rows elsewhere: this names the path that they have.
  const search = findRowsPath(parsed)
  if (!('path' in search) || search.single) return unless(missing, options)
  const elsewhere = writePath(search.path, false)
  return compilePath(elsewhere)(parsed).length > 0 ? rowsNotFound(options, [elsewhere]) : unless(missing, options)
}

/** A stream may say that its empty pages lack the place of the rows. */
const unless = (missing: SyncError, { mayLackRows }: BodyOptions): SyncError | undefined =>
  mayLackRows && missing.code === 'ROWS_NOT_FOUND' ? undefined : missing

const isBlank = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.keys(value).length === 0)

/** The JSONPath of a row: `$.data[*]`, or `$.data` where the body holds a single one. */
const writePath = (path: readonly string[], single: boolean): string =>
  `$${path.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)).join('')}${single ? '' : '[*]'}`

/** What stands for a body that is not there, and need not be. */
const noBody = Symbol('no body')

const bodiless = (rowsAt: readonly string[] | undefined, bytes: number): PageBody => ({
  envelope: null,
  rows: noRows(),
  rowsAt,
  bytes,
  bodiless: true,
})

/** `place` says where in the body a byte of the text is. */
function parseBody(written: string, options: BodyOptions, place?: (at: number) => number): unknown {
  const text = written.replace(/^\uFEFF/, '')
  if (text.trim() === '') {
    if (options.mayBeEmpty) return noBody
    throw invalid(options, 'is empty')
  }
  try {
    return parseExact(text)
  } catch (cause) {
    if (endsTooEarly(cause, text)) throw cutShort(invalid(options, 'ends in the middle of its JSON', cause))
    const number = refuseNonFinite(text, options.where, place)
    if (number) throw number
    throw invalid(options, text.trimStart().startsWith('<') ? 'is HTML or XML' : 'is no valid JSON', cause)
  }
}

function guard<T>(options: BodyOptions, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof RangeError) throw invalid(options, `is ${cause.message}`)
    throw cause
  }
}

const invalid = (options: BodyOptions, what: string, cause?: unknown): SyncError =>
  new SyncError('RESPONSE_INVALID', `The body that ${options.where} answered ${what}; expected JSON`, { cause })

const rowsNotFound = (options: BodyOptions, candidates: readonly string[]): SyncError =>
  new SyncError(
    'ROWS_NOT_FOUND',
    candidates.length > 0
      ? `No rows where they were looked for in what ${options.where} answered: say which they are, such as rows: ${lineOfAny(candidates)}`
      : `No array of objects in what ${options.where} answered: say where the rows are, such as rows: $.data[*]`,
    { details: { candidates } },
  )
