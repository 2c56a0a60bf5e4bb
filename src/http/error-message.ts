import { cut, oneLine } from '../base/words/line.ts'
import { parseText } from './error-body.ts'
import type { Redact } from './describe.ts'

const longest = 300

/**
 * Where providers put their words, the most telling first: RFC 6749, GraphQL, RFC 9457, JSON:API, SOAP and the usual
 * habits; in lower case without `_` and `-`.
 */
const names = [
  'errordescription message errormessage exceptionmessage errormessages messages msg faultstring',
  'detail details description reason title error errors exception fault errorcode code',
].flatMap((line) => line.split(' '))

/**
 * What the provider says went wrong, found in the parsed body of an error (a string where it was no JSON), else its
 * beginning: one line, of at most 300 columns, without secrets and control characters. Undefined where it is empty.
 */
export function extractErrorMessage(body: unknown, redact: Redact): string | undefined {
  return sanitizeMessage(typeof body === 'string' ? textOf(body) : (search(body, 0) ?? beginning(body)), redact)
}

/** The same of an answer that nobody has parsed. */
export function readWords(text: string, redact: Redact): string | undefined {
  return extractErrorMessage(parseText(text), redact)
}

function beginning(body: unknown): string | undefined {
  const isFilled = typeof body === 'object' && body !== null && Object.keys(body).length > 0
  return isFilled ? JSON.stringify(body) : undefined
}

/** The same tidying for words that were found by other means. */
export function sanitizeMessage(words: string | undefined, redact: Redact): string | undefined {
  // Redacted before anything is cut off or replaced, as half a secret would no longer be known for one, and once more
  // after, as a control character may have hidden it.
  const clean = redact(oneLine(redact(words ?? '')).replaceAll(/ {2,}/g, ' '))
  if (clean === '') return undefined
  return cut(clean, longest)
}

function search(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value
  if (typeof value !== 'object' || value === null || depth > 4) return undefined
  if (Array.isArray(value)) return first(value.slice(0, 10), (item) => search(item, depth + 1))
  const fields = Object.fromEntries(Object.entries(value).map(([name, inner]) => [plainName(name), inner]))
  const named = first(names, (name) => search(fields[name], depth + 1))
  // `{"errors": {"email": ["is taken"]}}`: below one of the names any key may hold them.
  const words =
    named ?? (depth > 0 ? first(Object.values(fields).slice(0, 10), (item) => search(item, depth + 1)) : undefined)
  const code = typeof fields['error'] === 'string' ? fields['error'] : undefined
  return words !== undefined && code !== undefined && code !== words ? `${code}: ${words}` : words
}

const plainName = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, '').replace(/^.*:/, '')

function first<Item>(items: readonly Item[], find: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** As much of a text is searched. */
const searched = 16 * 1024

/** The title of a web page that came in place of an answer, tidied. */
export function findTitle(html: string, redact: Redact): string | undefined {
  return sanitizeMessage(element(html.slice(0, searched), ['title']), redact)
}

/** XML is quoted by its code and message (S3, Azure, SOAP), an HTML page by its title, any other text by its beginning. */
function textOf(body: string): string {
  const start = body.slice(0, searched)
  if (!/^\s*</.test(start)) return start
  const message = element(start, ['Message', 'faultstring', 'error_description', 'Detail', 'Description'])
  const code = message && element(start, ['Code', 'faultcode'])
  const words = code && code !== message ? `${code}: ${message}` : message
  return words || element(start, ['title']) || unmarked(start)
}

/** The text of the first element that is called so, with any prefix, in any case. */
function element(xml: string, called: readonly string[]): string | undefined {
  return first(called, (name) => {
    // Searched for step by step, as one expression for the whole element takes the square of the length of a hostile text.
    const opening = new RegExp(`<(?:[\\w.-]{1,60}:)?${name}(?=[\\s>])`, 'i').exec(xml)
    if (!opening) return undefined
    const start = xml.indexOf('>', opening.index) + 1
    const end = start > 0 ? xml.indexOf('</', start) : -1
    return end < 0 ? undefined : unmarked(xml.slice(start, end)).trim() || undefined
  })
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

/** The text without its markup. */
function unmarked(markup: string): string {
  return markup
    .replaceAll(/<!\[CDATA\[|\]\]>/g, '')
    .replaceAll(/<(script|style)\b[\s\S]*?<\/\1>|<[^>]*>?/gi, ' ')
    .replaceAll(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '')
}
