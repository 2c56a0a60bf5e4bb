import { compilePath, namesInLast, pointsInto, setPath, simplePath } from '../../base/json/path.ts'
import { SyncError } from '../../base/errors.ts'
import { placedMessage } from '../schema-findings.ts'
import { stopProblem } from '../../paginators/index.ts'
import type { Path, Report } from '../problems.ts'
import type { StreamSubject } from './subject.ts'

/** A paginator whose pages come to an end, and whose place in the request there is. */
export function checkPaging({ stream, broken, report }: StreamSubject): void {
  const { paginator, stop, max_pages: maxPages } = stream
  if (!paginator || broken.has('paginator')) return
  const problem =
    stop && !broken.has('stop') && !broken.has('max_pages') ? stopProblem(paginator, stop, maxPages) : undefined
  if (problem !== undefined) report(['paginator'], lowerFirst(problem.replace(/\.$/, '')))
  if (!broken.has('rows')) checkPlaces({ stream, broken, report })
  if (broken.has('body') || broken.has('method') || broken.has('body_format')) return
  if ('body' in paginator && paginator.body !== undefined) checkBody('body', paginator.body, { stream, broken, report })
  if ('in' in paginator && paginator.in === 'body') checkBody('in', paginator.param, { stream, broken, report })
}

/** Rows are cut out of the answer, so that nothing in it leads to them but the last one. */
function checkPlaces({ stream, report }: StreamSubject): void {
  const list = stream.rows === undefined ? undefined : namesOf(stream.rows)
  if (!list) return
  for (const [key, path] of Object.entries(stream.paginator ?? {})) {
    const isPlace = placeKeys.has(key) && typeof path === 'string' && !path.startsWith('header:')
    if (!isPlace || !pointsInto(path, list) || namesInLast(path, list)) continue
    report(
      ['paginator', key],
      'it leads into the rows, which are cut out of the answer: use { type: keyset, field: FIELD, param: NAME }, or [-1] for the last row',
    )
  }
}

const placeKeys = new Set(['path', 'total', 'total_pages', 'has_more'])

/** Undefined for a path that is reported elsewhere, or that picks from the answer without cutting it. */
function namesOf(rows: string): readonly string[] | undefined {
  try {
    return simplePath(rows)
  } catch {
    return undefined
  }
}

function checkBody(key: 'in' | 'body', param: string, { stream, report }: StreamSubject): void {
  const { body, body_format: format, method } = stream
  const none = body === undefined || body === null
  if (none && method === 'GET')
    report(['paginator', key], 'a GET without a body has no place for it: add method: POST, or a body')
  else if (format === 'text')
    report(['paginator', key], 'a body of text has no place for it: expected body_format json or form')
  else if (format === 'json' && param.startsWith('$')) {
    tryPath({ path: ['paginator', key === 'in' ? 'param' : key], report }, () => setPath(body ?? {}, param, 'x'))
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

/** The JSONPaths and regular expressions of a stream; its paginator has checked its own. */
export function checkPatterns({ stream, report }: StreamSubject): void {
  const paths: (readonly [Path, string | undefined])[] = [[['rows'], stream.rows]]
  stream.errors?.forEach((rule, at) => {
    paths.push([['errors', at, 'body'], rule.body], [['errors', at, 'message'], rule.message])
    if (rule.text !== undefined) checkRegExp(rule.text, { path: ['errors', at, 'text'], report })
    if (rule.header) checkRegExp(rule.header.matches, { path: ['errors', at, 'header', 'matches'], report })
  })
  for (const [path, text] of paths) if (text !== undefined) tryPath({ path, report }, () => compilePath(text))
}

function tryPath({ path, report }: { path: Path; report: Report }, attempt: () => unknown): void {
  try {
    attempt()
  } catch (error) {
    if (!(error instanceof SyncError)) throw error
    report(path, ...placedMessage(error.message))
  }
}

function checkRegExp(text: string, { path, report }: { path: Path; report: Report }): void {
  try {
    new RegExp(text)
  } catch (error) {
    report(path, `expected a regular expression: ${(error as Error).message.replace(/^.*: /s, '').toLowerCase()}`)
  }
}
