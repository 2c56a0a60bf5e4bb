/** RFC 3986 section 2.3: everything but letters, digits, `-`, `.`, `_` and `~` becomes `%XX` of its UTF-8 bytes, in upper case. */
export function encodePercent(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/[!'()*]/g, toPercent)
}

/**
 * The same of a name or value as it stands in a query or form: decoded (`+` is a blank) and encoded again, byte by byte,
 * so that what is no UTF-8 stays what it is.
 */
export function encodeFormPart(written: string): string {
  if (/^[\w.~-]*$/.test(written)) return written
  return reencode(written.replaceAll('+', ' '))
}

/** The same of a part of a URL in which `+` is a plus sign. */
export function reencode(written: string): string {
  const bytes = Buffer.from(written, 'utf8')
    .toString('latin1')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return bytes.replaceAll(/[^\w.~-]/g, toPercent)
}

/** The names and values of a query or form as they are written, in order; a name alone has an empty value. */
export function splitPairs(written: string): (readonly [name: string, value: string])[] {
  return written
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=')
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
    })
}

/** By name, then by value, in the order of their bytes; for texts that are encoded and hence ASCII. */
export function comparePairs(
  [name, value]: readonly [string, string],
  [otherName, otherValue]: readonly [string, string],
): number {
  return compare(name, otherName) || compare(value, otherValue)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

function toPercent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}
