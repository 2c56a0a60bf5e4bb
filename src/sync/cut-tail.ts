import type { PageRows } from '../decode/page-decoder.ts'

/** Fewer rows in the same order may be there twice by chance. */
export const fewestRows = 5

/** So many rows behind a cut are looked at: each costs a hash. */
const rowsWatched = 100_000

/** The last rows before a listing was cut short. Where many are inserted in front until it goes on, they come again, however many pages later. */
export class CutTail {
  readonly #marks: readonly string[]
  #latest: readonly string[] = []
  #left: number

  /** `marks` are those of the last rows, oldest first. */
  constructor(marks: readonly string[]) {
    this.#marks = marks.slice(-fewestRows)
    this.#left = marks.length < fewestRows ? 0 : rowsWatched
  }

  /** Nothing more is looked for. */
  end(): void {
    this.#left = 0
  }

  /** Takes a page. True where all of these rows have come again, one behind the other; once only. */
  async takes(rows: PageRows, markOf: (line: Buffer) => string): Promise<boolean> {
    if (this.#left <= 0) return false
    for await (const line of readRows(rows)) {
      if (this.#left-- <= 0) return false
      this.#latest = [...this.#latest, markOf(line)].slice(-fewestRows)
      if (this.#latest.every((mark, at) => mark === this.#marks[at]) && this.#latest.length === fewestRows) {
        this.end()
        return true
      }
    }
    return false
  }
}

/** The rows as the bytes they are; they hold until the next is asked for. */
export async function* readRows({ lines }: PageRows): AsyncGenerator<Buffer, void, undefined> {
  let open: Buffer = Buffer.alloc(0)
  for await (const chunk of lines.read()) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    open = open.length === 0 ? bytes : Buffer.concat([open, bytes])
    for (let end = open.indexOf(0x0a); end >= 0; end = open.indexOf(0x0a)) {
      yield open.subarray(0, end)
      open = open.subarray(end + 1)
    }
  }
}
