import { createHash, randomUUID } from 'node:crypto'
import { isObject } from '../base/json/path.ts'

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [
  0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d,
] as const

/** No provider knows this name, so that no row of one is taken for a placeholder. */
const name = `oversized-${randomUUID()}`
const prefix = Buffer.from(`{"${name}":`)

/** The size in bytes of the row that a placeholder stands for; undefined for any other row. */
export function oversizedBytes(row: Uint8Array): number | undefined {
  if (!prefix.equals(row.subarray(0, prefix.length))) return undefined
  return Number.parseInt(Buffer.from(row.subarray(prefix.length, prefix.length + 20)).toString('latin1'), 10)
}

/** As `oversizedBytes`, of a row that was parsed. */
export function oversizedSize(row: unknown): number | undefined {
  const size = isObject(row) ? row[name] : undefined
  return size === undefined ? undefined : Number(size)
}

/** Passes over a row that is too large to be held: looks for its end and keeps its size and its hash, nothing else. */
export class OversizedRow {
  readonly #hash = createHash('sha256')
  #bytes = 0
  #depth = 0
  #inString = false
  #escaped = false

  /** Of the row so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes what follows, the row's first brace to begin with. The index behind the end of the row, or -1 where it goes on. */
  read(bytes: Uint8Array): number {
    const end = this.#findEnd(bytes)
    const part = end < 0 ? bytes : bytes.subarray(0, end)
    this.#bytes += part.length
    this.#hash.update(part)
    return end
  }

  /** A row that takes its place: two of them are the same only where the rows are. */
  placeholder(): Buffer {
    return Buffer.concat([prefix, Buffer.from(`${this.#bytes},"":"${this.#hash.digest('base64url')}"}`)])
  }

  #findEnd(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] as number
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false
        else if (byte === backslash) this.#escaped = true
        else if (byte === quote) this.#inString = false
      } else if (byte === quote) this.#inString = true
      else if (byte === openBrace || byte === openBracket) this.#depth++
      else if ((byte === closeBrace || byte === closeBracket) && --this.#depth === 0) return at + 1
    }
    return -1
  }
}
