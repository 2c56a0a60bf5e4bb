import { isUtf8 } from 'node:buffer'
import { parseExact } from '../base/json/exact-json.ts'
import type { PageRows } from './page-decoder.ts'
import type { RowEntry, ScannedRows } from './row-scanner.ts'
import { Spool } from '../base/spool.ts'

const lineFeed = 0x0a

/** Several pages may be in flight beside the batches, so a large one leaves memory soon. */
export const pageLimit = 4 * 1024 * 1024

/** Gathers the rows of one page as they are found. */
export class RowCollector {
  readonly #lines = new Spool(pageLimit)
  readonly #odd: number[] = []
  readonly #entries: Uint32Array[] = []
  #count = 0
  #wide: readonly string[] = []
  #last: Uint8Array | undefined

  get count(): number {
    return this.#count
  }

  add({ lines, count, nonConforming: odd, entries }: ScannedRows): void | Promise<void> {
    const base = this.#lines.size
    const wrong = isUtf8(lines) ? odd : withInvalidUtf8(lines, odd)
    for (const offset of wrong) this.#odd.push(base + offset)
    if (entries.length > 0)
      this.#entries.push(base === 0 ? entries : entries.map((value, index) => (index % 3 === 0 ? base + value : value)))
    this.#count += count
    // A copy, as the spool gives the block back once it has moved to its file.
    this.#last = new Uint8Array(lines.subarray(startOfLast(lines)))
    return this.#lines.write(lines)
  }

  /** Adds a row that was parsed already; it takes the slow road. */
  addText(text: string): void | Promise<void> {
    const lines = Buffer.from(`${text}\n`)
    return this.add({
      lines,
      count: 1,
      nonConforming: Uint32Array.of(0, lines.length - 1),
      entries: Uint32Array.of(0, 0, 0),
    })
  }

  /** See `PageRows.wide`. */
  noteWide(keys: readonly string[]): void {
    this.#wide = keys
  }

  finish(highest?: string): PageRows {
    const lines = this.#lines
    const last = this.#last
    const entries = this.#entries
    const wide = this.#wide
    return {
      count: this.#count,
      lines,
      nonConforming: this.#odd,
      highest: highest ?? null,
      wide,
      last: () => last && parseExact(Buffer.from(last).toString()),
      *entries(): Generator<RowEntry> {
        for (const list of entries) {
          for (let at = 0; at < list.length; at += 3) {
            yield { line: list[at] as number, cursor: list[at + 1] as number, cursorLength: list[at + 2] as number }
          }
        }
      },
      [Symbol.asyncDispose]: () => lines[Symbol.asyncDispose](),
    }
  }

  discard(): Promise<void> {
    return this.#lines[Symbol.asyncDispose]()
  }
}

/** The rows of a page that has none. */
export const noRows = (): PageRows => new RowCollector().finish()

const startOfLast = (lines: Uint8Array): number =>
  lines.length > 1 ? lines.lastIndexOf(lineFeed, lines.length - 2) + 1 : 0

/** The odd rows, and beside them those that hold bytes which are no UTF-8. */
function withInvalidUtf8(lines: Uint8Array, odd: Uint32Array): Uint32Array {
  const known = new Set(odd)
  const all: number[] = []
  for (let start = 0; start < lines.length;) {
    const end = lines.indexOf(lineFeed, start)
    if (known.has(start) || !isUtf8(lines.subarray(start, end))) all.push(start, end)
    start = end + 1
  }
  return Uint32Array.from(all)
}
