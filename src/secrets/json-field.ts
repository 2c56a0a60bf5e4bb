import { SyncError } from '../base/errors.ts'

/**
 * The field of a JSON secret that `pointer` names: a plain name, or a JSON pointer (RFC 6901). A number comes as it is
 * written, as a long client id would not survive a double. `name` is the secret's, for messages. Throws
 * `SECRET_MISSING`, never with a word of the content, which the parser's own errors quote.
 */
export function readJsonField(text: string, pointer: string, name: string): string {
  let value = parseExactly(text, name)
  for (const step of parsePointer(pointer)) value = readMember(value, step)
  if (typeof value === 'string' && value !== '') return value
  if (typeof value === 'boolean') return String(value)
  throw new SyncError('SECRET_MISSING', `${name} has no text in its field ${pointer}; ${describe(value)}.`)
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'there is no such field, or it is null'
  if (value === '') return 'it is empty'
  return Array.isArray(value) ? 'it is a list' : 'it is an object, so name one of its fields, such as #/oauth/client_id'
}

function parseExactly(text: string, name: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
      typeof value === 'number' ? (context?.source ?? String(value)) : value,
    )
  } catch {
    throw new SyncError(
      'SECRET_MISSING',
      `${name} is not JSON, so no field of it can be read; leave out # or store JSON.`,
    )
  }
}

export function parsePointer(pointer: string): readonly string[] {
  if (!pointer.startsWith('/')) return [pointer]
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Of an object or a list; undefined where there is no such member. */
export function readMember(value: unknown, step: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return (value as Record<string, unknown>)[step]
}
