import type { FlagDialect } from '../flag-sql.ts'

/** A name in backticks, whatever it holds. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

/** A text as a literal, whatever it holds. */
export function quoteText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  return `'${escaped.replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`
}

export function listNames(names: readonly string[]): string {
  return names.map(quoteName).join(', ')
}

export const flagDialect: FlagDialect = {
  quoteName,
  quoteText,
  timestamp: 'TIMESTAMP',
  lengthOf: (column) => `ARRAY_LENGTH(${column})`,
  textOf: (column, type) => (type === 'json' ? `TO_JSON_STRING(${column})` : `SAFE_CAST(${column} AS STRING)`),
}

/** A value that a statement refers to as `@name`. */
export interface Parameter {
  readonly type: 'STRING' | 'INT64'
  readonly value: string | readonly string[]
}

/** A statement, or a script of several, with the values it refers to. */
export interface Sql {
  readonly query: string
  readonly parameters: Readonly<Record<string, Parameter>>
}

/** As the REST API spells parameters (`QueryParameter`). */
export function toQueryParameters(parameters: Sql['parameters']): readonly object[] {
  return Object.entries(parameters).map(([name, { type, value }]) =>
    typeof value === 'string'
      ? { name, parameterType: { type }, parameterValue: { value } }
      : {
          name,
          parameterType: { type: 'ARRAY', arrayType: { type } },
          parameterValue: { arrayValues: value.map((one) => ({ value: one })) },
        },
  )
}
