import type { Redact } from './describe.ts'

const longest = 300

/** Where providers put their words, the most telling first: RFC 6749, RFC 9457, GraphQL, JSON:API and the usual habits. */
const names = [
  'error_description',
  'detail',
  'details',
  'message',
  'error_message',
  'errorMessage',
  'msg',
  'description',
  'reason',
  'title',
  'error',
  'errors',
  'fault',
  'code',
]

/**
 * What the provider says went wrong, found in the parsed body of an error (a string where it was no JSON): one line, of
 * at most 300 characters, without secrets and control characters. Undefined where it says nothing.
 */
export function findWords(body: unknown, redact: Redact): string | undefined {
  return tidyWords(typeof body === 'string' ? textOf(body) : search(body, 0), redact)
}

/** The same tidying for words that were found by other means. */
export function tidyWords(words: string | undefined, redact: Redact): string | undefined {
  // Redacted before anything is cut off or replaced, as half a secret would no longer be known for one, and once more
  // after, as a control character may have hidden it.
  const clean = redact(redact(words ?? '').replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')).trim()
  if (clean === '') return undefined
  return clean.length <= longest ? clean : `${clean.slice(0, longest - 3).replace(/[\uD800-\uDBFF]$/, '')}...`
}

function search(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value
  if (typeof value !== 'object' || value === null || depth > 4) return undefined
  if (Array.isArray(value)) return first(value.slice(0, 10), (item) => search(item, depth + 1))
  const fields = value as Record<string, unknown>
  const named = first(names, (name) => search(fields[name], depth + 1))
  // `{"errors": {"email": ["is taken"]}}`: below one of the names any key may hold them.
  const words =
    named ?? (depth > 0 ? first(Object.values(fields).slice(0, 10), (item) => search(item, depth + 1)) : undefined)
  const code = typeof fields['error'] === 'string' ? fields['error'] : undefined
  return words !== undefined && code !== undefined && code !== words ? `${code}: ${words}` : words
}

function first<Item>(items: readonly Item[], find: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** An HTML page is quoted by its title, any other text by its beginning. */
function textOf(body: string): string {
  const start = body.slice(0, 16 * 1024)
  if (!/^\s*</.test(start)) return start
  return /<title[^>]*>([^<]*)/i.exec(start)?.[1] ?? ''
}
