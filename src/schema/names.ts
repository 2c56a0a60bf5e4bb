import { createHash } from 'node:crypto'

/**
 * What BigQuery (https://cloud.google.com/bigquery/docs/schemas#column_names, and the columns of change histories) and
 * headrace keep for themselves, without regard to case.
 */
const reserved =
  /^(_TABLE_|_FILE_|_PARTITION|_ROW_TIMESTAMP|__ROOT__|_COLIDENTIFIER|_CHANGE_|_headrace_|(_valid_from|_valid_to|_deleted_at)$)/i

/** Characters of a column's name, as BigQuery allows. */
export const longestName = 300

/** The legal spelling of a key: `[A-Za-z_][A-Za-z0-9_]*`, at most 300 characters, nothing reserved. */
export function legalName(key: string): string {
  const letters = key.replaceAll(/[^A-Za-z0-9_]/g, '_')
  const started = letters === '' || /^\d/.test(letters) ? `_${letters}` : letters
  const free = reserved.test(started) ? `col${started}` : started
  return free.length <= longestName ? free : withSuffix(free, key)
}

/** `name`, told apart from others that end up the same by a hash of its key. */
export function withSuffix(name: string, key: string): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 8)
  return `${name.slice(0, longestName - hash.length - 1)}_${hash}`
}

/** The name of the column beside `column` that takes the values of another type. */
export const variantName = (column: string, type: string): string => {
  const name = `${column}__${type}`
  return name.length <= longestName ? name : withSuffix(name, name)
}
