import { SyncError } from '../base/errors.ts'
import { notIn, replacement } from './charset.ts'
import { cutShort } from './cut-short.ts'
import { describeBytes } from './envelope.ts'
import { stringifyExact } from '../base/json/exact-json.ts'
import { type BodyOptions, defineDecoder } from './decoder.ts'
import { describeEntity, findXmlEntity } from './entity.ts'
import { isObject, leadingNames, memberAt, simplePath } from '../base/json/path.ts'
import { explainNoRows, reportsError } from './missing-rows.ts'
import type { PageBody, PageDecoder } from './page-decoder.ts'
import { noRows, RowCollector } from './page-rows.ts'
import { findXmlRows, listLinks, selectXmlRows, withoutRows, writePath } from './xml-rows.ts'
import { decodeXml } from './xml-text.ts'
import { XmlError, type XmlNode, parseXml } from './xml-tree.ts'
import { lineOfAny } from '../base/words/line.ts'

/** A document is held and parsed as a whole. */
const sizeLimit = 32 * 1024 * 1024

/** XML 1.0: one document a body; its rows are elements, written as JSON. */
export default defineDecoder({ name: 'xml', accept: 'application/json', saysCharset: true, create: xmlDecoder })

function xmlDecoder(options: BodyOptions): PageDecoder {
  const limit = options.maxWhole ?? sizeLimit
  const chunks: Uint8Array[] = []
  const collected = new RowCollector()
  let bytes = 0
  return {
    write: (chunk) => {
      bytes += chunk.length
      if (bytes > limit)
        throw new SyncError(
          'RESPONSE_TOO_LARGE',
          `${options.where} answered over ${describeBytes(limit)} of XML: ask for smaller pages, or raise max_body`,
        )
      chunks.push(chunk.slice())
    },
    end: async (): Promise<PageBody> => {
      const document = await readDocument(Buffer.concat(chunks.splice(0)), options)
      if (!document) return { envelope: null, rows: noRows(), bytes, bodiless: true }
      const found = locateRows(document, options)
      if ('problem' in found) return { envelope: document, rows: noRows(), bytes, problem: found.problem }
      const rows = selectXmlRows(document, found.path)
      for (const row of rows) await collected.addText(stringifyExact(isObject(row) ? row : { '#text': row }))
      return {
        envelope: withoutRows(document, found.path),
        rows: collected.finish(),
        rowsAt: simplePath(found.path),
        bytes,
      }
    },
    discard: () => collected.discard(),
  }
}

/** Undefined where there is no body, and there need not be one. */
async function readDocument(body: Buffer, options: BodyOptions): Promise<XmlNode | undefined> {
  const library = await import('fast-xml-parser')
  let text = ''
  try {
    text = decodeXml(body, options.charset, false)
    if (text.includes('\uFFFD')) replaceOrRefuse(body, options)
    if (text.trim() === '') {
      if (options.mayBeEmpty) return undefined
      throw new XmlError('is empty')
    }
    const document = listLinks(parseXml(text, library))
    if (Object.keys(document).some((root) => root.toLowerCase() === 'html')) throw new XmlError('is HTML')
    return document
  } catch (thrown) {
    if (thrown instanceof XmlError) {
      const problem = invalid(options, thrown.message, thrown)
      throw isCut(text) ? cutShort(problem) : problem
    }
    if (thrown instanceof TypeError && isCut(text)) throw cutShort(notIn('text of its charset', options.where, thrown))
    if (thrown instanceof TypeError) throw notIn('text of its charset', options.where, thrown)
    if (thrown instanceof RangeError) throw invalid(options, 'is in a charset that is not known', thrown)
    throw thrown
  }
}

/** Throws a `TypeError` where bytes are not in the charset, unless the stream says that they are to be replaced. */
function replaceOrRefuse(body: Buffer, { charset, replaceInvalid, onRepair }: BodyOptions): void {
  try {
    decodeXml(body, charset, true)
  } catch (thrown) {
    if (replaceInvalid !== true) throw thrown
    onRepair?.(replacement)
  }
}

/** Whether a text that is no document began as one and lacks the end of its root. */
function isCut(text: string): boolean {
  const root = findRoot(text)
  if (root === '') return /^\s*<[?!]/.test(text)
  return root.toLowerCase() !== 'html' && !new RegExp(`</${root}\\s*>`).test(text)
}

/** What may come before the root of a document. */
const prologs = [
  ['<?', '?>'],
  ['<!--', '-->'],
  ['<!', '>'],
] as const

/** The name of the first element; empty where there is none. */
function findRoot(text: string): string {
  let rest = text.replace(/^\uFEFF/, '').trimStart()
  for (let prolog = prologOf(rest); prolog; prolog = prologOf(rest)) {
    const [open, close] = prolog
    const end = rest.indexOf(close, open.length)
    if (end < 0) return ''
    rest = rest.slice(end + close.length).trimStart()
  }
  return /^<([\w:.-]+)/.exec(rest)?.[1] ?? ''
}

const prologOf = (text: string) => prologs.find(([open]) => text.startsWith(open))

function locateRows(document: XmlNode, options: BodyOptions): { path: string } | { problem: SyncError } {
  const search = findXmlRows(document)
  const found = 'candidates' in search ? undefined : writePath(search)
  const { rows, asked } = options
  if (rows === undefined) {
    const place = 'candidates' in search ? simplePath(search.candidates[0] ?? '$') : search
    const entity = place && findXmlEntity(document, place, asked)
    if (entity) {
      const path = writePath(entity)
      if (!asked?.one) options.onGuess?.(describeEntity(options, path))
      options.onRowsFound?.(path)
      return { path }
    }
    if (found === undefined) {
      const candidates = 'candidates' in search ? search.candidates : []
      // A root without any element in it is a listing without rows.
      if (candidates.length === 0) return { path: '$.nothing[*]' }
      return { problem: rowsNotFound(options, candidates) }
    }
    options.onRowsFound?.(found)
    return { path: found }
  }
  // Nothing where the rows should be, but a list elsewhere: taking that for an empty page would be success with no rows.
  const elsewhere = found !== undefined && found !== rows && Array.isArray(selectParent(document, search)) ? found : ''
  if (selectXmlRows(document, rows).length > 0) return { path: rows }
  if (elsewhere !== '') return { problem: rowsNotFound(options, [elsewhere]) }
  const problem = missingIn(document, rows, options)
  return problem && !(options.mayLackRows && problem.code === 'ROWS_NOT_FOUND') ? { problem } : { path: rows }
}

/** XML has no empty lists: an element that may hold rows is enough, as long as it is not that of an error. */
function missingIn(document: XmlNode, rows: string, { where }: BodyOptions): SyncError | undefined {
  const [root = ''] = Object.keys(document)
  if (/^(?:\w+:)?(?:error|errorresponse|fault|exception)s?$/i.test(root)) return reportsError(where, root)
  const parsed = isObject(document[root]) ? document[root] : document
  const names = simplePath(rows) ?? leadingNames(rows)
  const there = names.length > 1 ? memberAt(document, names.slice(0, -1)) !== undefined : names[0] === root
  return explainNoRows({ parsed, rows, there, where })
}

/** What is at the place that was found: an array only where it repeats. */
function selectParent(document: XmlNode, search: ReturnType<typeof findXmlRows>): unknown {
  if ('candidates' in search) return undefined
  return search.reduce<unknown>((node, name) => (isObject(node) ? node[name] : undefined), document)
}

const invalid = (options: BodyOptions, what: string, cause?: unknown): SyncError =>
  new SyncError('RESPONSE_INVALID', `The body that ${options.where} answered ${what}; expected XML`, { cause })

const rowsNotFound = (options: BodyOptions, candidates: readonly string[]): SyncError =>
  new SyncError(
    'ROWS_NOT_FOUND',
    `No rows where they were looked for in what ${options.where} answered: say which they are, such as rows: ${lineOfAny(candidates)}`,
    { details: { candidates } },
  )
