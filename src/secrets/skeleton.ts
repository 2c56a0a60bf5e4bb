/**
 * What is left of a text where everything is taken out that differs between spellings of the same thing: white space and
 * line wraps, case, backslashes, `+ - _ /` (which base64 and base64url, forms and URLs write differently) and `=`.
 */
export interface Skeleton {
  readonly codes: Uint16Array
  /** Of each of them, its index in the text. */
  readonly at: Int32Array
}

export function toSkeleton(text: string): Skeleton {
  const codes = new Uint16Array(text.length)
  const at = new Int32Array(text.length)
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    let code = folded[unit] as number
    if (code === notYet) code = folded[unit] = fold(unit)
    if (code === leftOut) continue
    codes[length] = code
    at[length++] = index
  }
  return { codes: codes.subarray(0, length), at: at.subarray(0, length) }
}

/** Code units that no skeleton has, as they are control characters. */
const leftOut = 0
const notYet = 1

/** What has been found of each UTF-16 code unit. */
const folded = new Uint16Array(0x10000).fill(notYet)

function fold(unit: number): number {
  const char = String.fromCharCode(unit)
  if (/[\p{Cc}\p{Cf}\p{Z}+\-_/\\=]/u.test(char)) return leftOut
  const lower = char.toLowerCase()
  return lower.length === 1 ? lower.charCodeAt(0) : unit
}
