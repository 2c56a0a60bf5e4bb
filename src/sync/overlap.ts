import type { PageRows } from '../decode/page-decoder.ts'
import { pageLimit } from '../decode/page-rows.ts'
import type { RowEntry } from '../decode/row-scanner.ts'
import { Spool } from '../base/spool.ts'
import { readMembers, refusal } from '../schema/value.ts'
import { CutTail, fewestRows, readRows } from './cut-tail.ts'
import { findCursor } from './row-cursor.ts'
import { withKeyMembers } from './row-keys.ts'
import { byteMark, rowMark, rowText } from './rows.ts'

/** So many rows of the pages before are known: rarely are more rows inserted between two requests. */
const tailRows = 20

/** And those of them that lie within so many bytes of the end of a page. */
const tailBytes = 64 * 1024

const lineFeed = Buffer.from('\n')

/** What makes a row the same one on another page. */
export interface SameRow {
  readonly primaryKey: readonly string[]
  readonly cursor: string | undefined
  /** Pages are asked for by a place that only the provider can read, so that a row without a key is rather another one. */
  readonly isOpaque?: boolean
}

export interface Overlap {
  /** The rows of the page that are new. */
  readonly rows: PageRows
  /** The last rows up to and with this page. */
  readonly tail: Tail
  /** The rows that were left out. */
  readonly dropped: number
  /** The page begins with rows that the one before it ends with, but they may as well be others. */
  readonly isDoubtful: boolean
  /** The page holds the rows that the one before it ends with, or at which the listing was cut, behind more rows than are known of that. */
  readonly isFar: boolean
}

/**
 * The last rows of the pages before, oldest first. Saved as their marks, which cost more than the bytes: they are made only
 * where a listing is cut short, or where a row comes again.
 */
export class Tail {
  /** The marks of rows that came before the listing was cut short. */
  readonly #saved: readonly string[]
  readonly #lines: readonly Buffer[]
  readonly #same: SameRow
  #marks: readonly string[] | undefined
  /** The rows at which the listing was cut short. */
  readonly cut: CutTail

  constructor(
    same: SameRow,
    saved: readonly string[] = [],
    lines: readonly Buffer[] = [],
    cut: CutTail = new CutTail(saved),
  ) {
    this.#same = same
    this.#saved = saved
    this.#lines = lines
    this.cut = cut
  }

  get length(): number {
    return this.#saved.length + this.#lines.length
  }

  get marks(): readonly string[] {
    return (this.#marks ??= [...this.#saved, ...this.#lines.map((line) => markOf(line, this.#same))])
  }

  /** With the rows that follow, oldest first. */
  with(lines: readonly Buffer[]): Tail {
    const all = [...this.#lines, ...lines].slice(-tailRows)
    const saved = all.length < tailRows ? this.#saved.slice(all.length - tailRows) : []
    return new Tail(this.#same, saved, all, this.cut)
  }

  /** The rows as they came, one behind the other; undefined where they are too few to be known by. */
  get block(): Buffer | undefined {
    const lines = this.#lines.flatMap((line) => [line, lineFeed])
    return this.#lines.length < fewestRows ? undefined : Buffer.concat(lines)
  }

  /** Whether a row is one of these. */
  has(line: Buffer): boolean {
    const isCheap = this.#saved.length === 0 && this.#same.primaryKey.length === 0
    return isCheap ? this.#lines.some((one) => one.equals(line)) : this.marks.includes(markOf(line, this.#same))
  }

  toJSON(): readonly string[] {
    return this.marks
  }
}

/**
 * Where a row is inserted in front of numbered pages, the last rows of one page come again as the first of the next.
 * They are left out. Rows without a key, of which the last pages have copies, may as well be new: they stay.
 */
export async function cutOverlap(rows: PageRows, tail: Tail, same: SameRow): Promise<Overlap> {
  if (rows.count === 0) return { rows, tail, dropped: 0, isDoubtful: false, isFar: false }
  const head = tail.length === 0 ? [] : await readHead(rows, tail, same)
  const marks = head.length === 0 ? [] : tail.marks
  const { start, size } = overlapOf(marks, head, head.length === rows.count)
  const isTwin = same.isOpaque === true || start + size < marks.length || new Set(marks).size < marks.length
  const isDoubtful = size > 0 && same.primaryKey.length === 0 && isTwin
  const dropped = isDoubtful ? 0 : size
  const last = tail.with(await readTail(rows, rows.count - dropped))
  const length = head.slice(0, dropped).reduce((sum, row) => sum + row.length, 0)
  const rest = dropped === 0 ? rows : await behind(rows, { count: dropped, length })
  if (size > 0) tail.cut.end()
  const isFar =
    (await tail.cut.takes(rows, (line) => markOf(line, same))) || (size === 0 && (await holds(rows, tail.block)))
  return { rows: rest, tail: last, dropped, isDoubtful, isFar }
}

interface HeadRow {
  readonly mark: string
  /** Bytes, the line feed included. */
  readonly length: number
}

/** How many of the first rows are the last ones of the pages before, and where these begin; a whole page may lie further in front. */
function overlapOf(
  tail: readonly string[],
  head: readonly HeadRow[],
  isWhole: boolean,
): { readonly start: number; readonly size: number } {
  const isAt = (start: number, size: number): boolean =>
    tail.slice(start, start + size).every((mark, at) => head[at]?.mark === mark)
  for (let start = 0; start < tail.length; start++) {
    const size = Math.min(tail.length - start, head.length)
    if (size > 0 && (isWhole || size === tail.length - start) && isAt(start, size)) return { start, size }
  }
  return { start: tail.length, size: 0 }
}

/** The first rows of a page: none where the first is not among those before, which is the usual case. */
async function readHead(rows: PageRows, tail: Tail, same: SameRow): Promise<readonly HeadRow[]> {
  const head: HeadRow[] = []
  for await (const line of readRows(rows)) {
    if (!tail.has(line)) return head
    head.push({ mark: markOf(line, same), length: line.length + 1 })
    if (head.length === tail.length) return head
  }
  return head
}

/** Whether these bytes are in a page. */
async function holds({ lines }: PageRows, block: Buffer | undefined): Promise<boolean> {
  if (!block || lines.size < block.length) return false
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of lines.read()) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    const seam = Buffer.concat([rest, bytes.subarray(0, block.length)])
    if (bytes.includes(block) || seam.includes(block)) return true
    // A copy, as the page takes its blocks back.
    rest = Buffer.concat(bytes.length < block.length ? [rest, bytes] : [bytes.subarray(-block.length)]).subarray(
      -block.length,
    )
  }
  return false
}

/** The last rows of a page, at most `count`: copies, as the page gives its own back. */
async function readTail({ lines }: PageRows, count: number): Promise<readonly Buffer[]> {
  const end = await lines.readEnd(tailBytes)
  const bytes = Buffer.from(end.buffer, end.byteOffset, end.length)
  const isCut = bytes.length < lines.size
  const starts = [bytes.length]
  while (starts.length <= Math.min(count, tailRows) && (starts[0] as number) > 1) {
    const start = bytes.lastIndexOf(0x0a, (starts[0] as number) - 2) + 1
    if (start === 0 && isCut) break
    starts.unshift(start)
  }
  const [first = 0] = starts
  const copy = Buffer.from(bytes.subarray(first))
  return starts.slice(0, -1).map((start, at) => copy.subarray(start - first, (starts[at + 1] as number) - 1 - first))
}

function markOf(bytes: Uint8Array, { primaryKey, cursor }: SameRow): string {
  // Within one listing a row comes again as the same bytes: to read its members would cost more than the rest of its way.
  if (primaryKey.length === 0) return byteMark(bytes)
  const text = rowText(bytes)
  if (text === undefined || refusal(text) !== undefined) return byteMark(bytes)
  const members = withKeyMembers(readMembers(text), primaryKey)
  return rowMark(members, primaryKey, (cursor === undefined ? undefined : findCursor(members, text, cursor)) ?? null)
}

/** The rows of a page without the first ones, which take `length` bytes. */
async function behind(
  rows: PageRows,
  { count, length }: { readonly count: number; readonly length: number },
): Promise<PageRows> {
  const lines = new Spool(pageLimit)
  let at = 0
  for await (const chunk of rows.lines.read()) {
    const rest = chunk.subarray(Math.max(0, length - at))
    // A copy, as the page keeps its own: a spool gives its blocks back.
    if (rest.length > 0) await lines.write(new Uint8Array(rest))
    at += chunk.length
  }
  return {
    count: rows.count - count,
    lines,
    nonConforming: rows.nonConforming
      .filter((offset, index) => (index % 2 === 0 ? offset : (rows.nonConforming[index - 1] as number)) >= length)
      .map((offset) => offset - length),
    highest: rows.highest,
    wide: rows.wide,
    entries: () => entriesBehind(rows, length),
    last: () => rows.last(),
    async [Symbol.asyncDispose]() {
      await lines[Symbol.asyncDispose]()
      await rows[Symbol.asyncDispose]()
    },
  }
}

function* entriesBehind(rows: PageRows, length: number): Generator<RowEntry> {
  for (const entry of rows.entries()) if (entry.line >= length) yield { ...entry, line: entry.line - length }
}
