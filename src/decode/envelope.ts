import { isUtf8 } from 'node:buffer'

const [quote, backslash, colon, comma, openBrace, closeBrace, openBracket, closeBracket] = [
  0x22, 0x5c, 0x3a, 0x2c, 0x7b, 0x7d, 0x5b, 0x5d,
] as const

/** An envelope is parsed as a whole, so it may not grow without bound. */
const sizeLimit = 64 * 1024 * 1024
const depthLimit = 500

/**
 * Takes in the part of a body that lies around the rows. It looks for the array at `path` and stops just inside it;
 * the caller takes the rows from there and comes back behind them. The text that is left, with an empty array in
 * place of the rows, is small and is parsed as usual; that also tells whether it was JSON at all.
 */
export class Envelope {
  readonly #path: readonly Buffer[]
  readonly #kept: Uint8Array[] = []
  #size = 0
  /** The bracket of each level that is open. */
  readonly #open: number[] = []
  /** How many of the innermost levels' keys lie on the path. */
  #onPath = 0
  #inString = false
  #escaped = false
  #isKey = false
  #key: number[] = []
  #keyMatches = true

  readonly #limit: number

  constructor(path: readonly string[], limit: number = sizeLimit) {
    this.#limit = limit
    this.#path = path.map((name) => Buffer.from(name))
  }

  /** Reads `bytes` and returns where the first row would start, or -1 where the rows do not begin here. */
  read(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; at++) {
      if (this.#step(bytes[at] as number)) {
        this.#keep(bytes.subarray(0, at + 1))
        this.#keep(Buffer.from(']'))
        return at + 1
      }
    }
    this.#keep(bytes)
    return -1
  }

  /** The text around the rows. */
  text(): string {
    const text = Buffer.concat(this.#kept).toString()
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  }

  /** Whether it is UTF-8 throughout. */
  get isText(): boolean {
    return isUtf8(Buffer.concat(this.#kept))
  }

  /** True once what follows is the array of rows. */
  #step(byte: number): boolean {
    if (this.#inString) {
      this.#stepString(byte)
      return false
    }
    switch (byte) {
      case quote:
        this.#inString = true
        this.#key = []
        break
      case colon:
        this.#isKey = false
        break
      case comma:
        this.#keyMatches = false
        this.#isKey = this.#open.at(-1) === openBrace
        break
      case openBrace:
      case openBracket: {
        const isValueOnPath = this.#keyMatches && this.#open.length === this.#onPath
        if (byte === openBracket && isValueOnPath && this.#onPath === this.#path.length) {
          this.#keyMatches = false
          return true
        }
        if (this.#open.length >= depthLimit) throw new RangeError(`nested over ${depthLimit} levels`)
        if (byte === openBrace && isValueOnPath) this.#onPath++
        this.#open.push(byte)
        this.#keyMatches = false
        this.#isKey = byte === openBrace
        break
      }
      case closeBrace:
      case closeBracket:
        this.#open.pop()
        this.#onPath = Math.min(this.#onPath, this.#open.length)
        this.#isKey = false
        break
      default:
    }
    return false
  }

  #stepString(byte: number): void {
    const wanted = this.#isKey && this.#open.length === this.#onPath && this.#onPath <= this.#path.length
    if (this.#escaped) this.#escaped = false
    else if (byte === backslash) this.#escaped = true
    else if (byte === quote) {
      this.#inString = false
      if (wanted) this.#keyMatches = this.#isNext()
      return
    }
    if (wanted && this.#key.length < 1024) this.#key.push(byte)
  }

  #isNext(): boolean {
    const key = Buffer.from(this.#key)
    const name = this.#path[this.#onPath - 1]
    if (!name) return false
    if (!key.includes(backslash)) return key.equals(name)
    try {
      return JSON.parse(`"${key.toString()}"`) === name.toString()
    } catch {
      return false
    }
  }

  #keep(bytes: Uint8Array): void {
    this.#size += bytes.length
    if (this.#size > this.#limit) throw new RangeError(`over ${describeBytes(this.#limit)} beside the rows`)
    // A copy: the caller may use the chunk again.
    this.#kept.push(bytes.slice())
  }
}

export const describeBytes = (bytes: number): string =>
  bytes >= 1024 * 1024 ? `${Math.floor(bytes / 1024 / 1024)} MiB` : `${bytes} bytes`
