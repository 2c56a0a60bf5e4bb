import { createHash } from 'node:crypto'

/** Labels hold lower-case letters, digits, _ and -, at most 63 (https://cloud.google.com/bigquery/docs/labels-intro). */
export function toLabel(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '_')
    .slice(0, 63)
}

/** A short name for a text of any length: the first `length` hexadecimal digits of its SHA-256. */
export function shortHash(text: string, length = 12): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
