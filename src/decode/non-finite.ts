import { SyncError } from '../base/errors.ts'
import type { PageDecoder } from './page-decoder.ts'

const [quote, backslash] = [0x22, 0x5c] as const

/** What stands between the values of a body: white space and `,:[]{}`. */
const separators = new Set(Buffer.from(' \t\n\r,:[]{}'))

/** Numbers as Python, JavaScript and others write them; RFC 8259 section 6 has none of them. */
const tokens = ['NaN', 'Infinity', '-Infinity'].map((token) => Buffer.from(token))
const longest = 9
const isFirst = (byte: number): boolean => tokens.some(([first]) => first === byte)

/**
 * Hands on a body in UTF-8 with null in place of each NaN, Infinity and -Infinity that stands as a value; `onFound` is
 * called once for each chunk that has some. A chunk may end anywhere.
 */
export function withFinite(decoder: PageDecoder, onFound: () => void): PageDecoder {
  const finite = new FiniteText(onFound)
  return {
    write: (chunk) => decoder.write(finite.read(chunk)),
    end: async () => {
      await decoder.write(finite.finish())
      return decoder.end()
    },
    discard: () => decoder.discard(),
  }
}

class FiniteText {
  readonly #onFound: () => void
  #inString = false
  #escaped = false
  /** Whether a value may begin with the next byte: what comes before it is no part of a value. */
  #atStart = true
  /** The end of the last chunk, which may be the beginning of a token. */
  #held: Uint8Array = new Uint8Array(0)

  constructor(onFound: () => void) {
    this.#onFound = onFound
  }

  read(chunk: Uint8Array): Uint8Array {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = new Uint8Array(0)
    return this.#replace(bytes, false)
  }

  finish(): Uint8Array {
    return this.#replace(this.#held, true)
  }

  #replace(bytes: Uint8Array, ended: boolean): Uint8Array {
    const parts: Uint8Array[] = []
    let kept = 0
    let at = 0
    while (at < bytes.length) {
      if (!this.#startsHere(bytes[at] as number)) {
        at++
        continue
      }
      const end = endOfWord(bytes, at)
      if (end === bytes.length && !ended && end - at <= longest) break
      if (isToken(bytes.subarray(at, end))) {
        parts.push(bytes.subarray(kept, at), Buffer.from('null'))
        kept = end
      }
      this.#atStart = false
      at = end
    }
    this.#held = bytes.slice(at)
    if (parts.length === 0) return bytes.subarray(0, at)
    this.#onFound()
    return Buffer.concat([...parts, bytes.subarray(kept, at)])
  }

  /** Steps over a byte, or is true where a token may begin with it. */
  #startsHere(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) this.#inString = false
      return false
    }
    if (byte === quote) {
      this.#inString = true
      this.#atStart = false
    } else if (separators.has(byte)) this.#atStart = true
    else if (this.#atStart && isFirst(byte)) return true
    else this.#atStart = false
    return false
  }
}

function endOfWord(bytes: Uint8Array, start: number): number {
  let end = start
  while (end < bytes.length && bytes[end] !== quote && !separators.has(bytes[end] as number)) end++
  return end
}

const isToken = (word: Uint8Array): boolean => tokens.some((token) => token.equals(word))

/** Where in `bytes`, which begin outside of a text, the first of these numbers is, and which; undefined where there is none. */
function findNonFinite(bytes: Uint8Array): { readonly at: number; readonly token: string } | undefined {
  let inString = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number
    if (byte === backslash) at++
    else if (byte === quote) inString = !inString
    else if (!inString && !separators.has(byte)) {
      const end = endOfWord(bytes, at)
      const word = bytes.subarray(at, end)
      if (isToken(word)) return { at, token: Buffer.from(word).toString() }
      at = end - 1
    }
  }
  return undefined
}

/**
 * The failure of a body that holds such a number, where `text`, a part of it, shows one; `place` says where in the body a
 * byte of that part is.
 */
export function refuseNonFinite(
  text: Uint8Array | string,
  where: string,
  place = (at: number): number => at,
): SyncError | undefined {
  const found = findNonFinite(typeof text === 'string' ? Buffer.from(text) : text)
  return (
    found &&
    new SyncError(
      'RESPONSE_INVALID',
      `The body that ${where} answered holds ${found.token} at byte ${place(found.at)}, which JSON does not have; add non_finite: 'null' to the stream to read it as null`,
    )
  )
}
