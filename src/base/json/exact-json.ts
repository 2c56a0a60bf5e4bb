type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

/** `JSON.rawJSON` and a reviver's `context.source` (ECMAScript, "JSON.parse source text access"). */
const json = JSON as typeof JSON & { rawJSON(text: string): unknown }

/** Sixteen digits in a row, or an exponent: only then can a number fail to survive a double. */
const suspicious = /\d{16}|\d[eE]/

const revive: Reviver = (_key, value, { source }) => {
  if (typeof value !== 'number' || source === undefined || Number.isSafeInteger(value)) return value
  if (/^-?\d+$/.test(source)) return BigInt(source)
  return Number.isFinite(value) ? value : json.rawJSON(source)
}

/** Parses JSON; an integer beyond 2^53 comes out as a BigInt rather than rounded. Throws a `SyntaxError`. */
export function parseExact(text: string): unknown {
  return suspicious.test(text) ? JSON.parse(text, revive as (key: string, value: unknown) => unknown) : JSON.parse(text)
}

/** The way back: prints a BigInt as the integer it is. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? json.rawJSON(item.toString()) : item,
  )
}
