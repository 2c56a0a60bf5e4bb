import type { FlagDialect } from '../flag-sql.ts'

/** A name in double quotes, whatever it holds. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A path literal where DuckDB would take `*`, `?` and `[` for a pattern. */
export function quotePath(path: string): string {
  return quoteText(path.replaceAll(/[[*?]/g, '[$&]'))
}

export function listNames(names: readonly string[]): string {
  return names.map(quoteName).join(', ')
}

export const flagDialect: FlagDialect = {
  quoteName,
  quoteText,
  timestamp: 'TIMESTAMPTZ',
  lengthOf: (column) => `len(${column})`,
  textOf: (column) => `CAST(${column} AS VARCHAR)`,
}
