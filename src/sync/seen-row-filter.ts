import type { OpenListing, SeenRows } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { SyncError } from '../base/errors.ts'
import type { CursorType } from './cursor.ts'
import { heavyBytes, type MarkChunks } from './mark-chunks.ts'
import { type ChunkRef, type Copies, markLength, readMarks, saveMarks } from '../destinations/marks.ts'

/** Rows that a listing keeps in mind at most: they take some 150 bytes of memory each. */
const rowsLimit = 750_000

export interface BoundaryOptions {
  readonly where: string
  /** Rows before it were read by an earlier listing; null where everything is new, or where all rows are to be kept. */
  readonly floor: CursorValue | null
  /** Rows at or beyond it are left out. */
  readonly until: CursorValue | undefined
  /** What earlier listings appended at or beyond the cursor. */
  readonly seen: SeenRows | undefined
  /** Append streams: keep in mind what a later listing will bring again; what this one has brought so far. */
  readonly remember: Pick<OpenListing, 'marks' | 'chunks' | 'repeats' | 'seen'> | undefined
  readonly chunks: MarkChunks
  /** Whether a row's mark stands for its primary key: then its copies are one row, however many there are. */
  readonly keyed: boolean
  /** How cursors are read and ordered. */
  readonly order: CursorType
}

/** A row as the boundary knows it: a function each, as most rows are never asked. */
export interface RowMarks {
  /** See `rowMark`. */
  readonly mark: () => string
  /** What checkpoints have that were saved before marks were told from values: see `byteMark`. */
  readonly byteMark: () => string
}

/** What one page brings, apart from the boundary until the page is encoded: encoding may have to start again. */
export interface PageTally {
  /** By mark. */
  readonly met: Map<string, Copies>
}

/**
 * The edge between what was appended and what is new. A listing starts at the saved cursor, so rows at it come again.
 * They are known by their marks, and copies are counted: of `n` that were appended and `m` that a listing brings the
 * last `m - n` are new. Nothing here is needed where rows are merged by key, except for `until`.
 */
export class SeenRowFilter {
  readonly #options: BoundaryOptions
  /** By mark: what earlier listings appended. */
  readonly #known: ReadonlyMap<string, Copies>
  /** By mark: what this listing has brought, new or not. */
  readonly #met: Map<string, Copies>
  /** What of it is in no chunk yet. */
  readonly #pending: Set<string>
  /** The chunks of what is new with this listing, and of what was known before. */
  #fresh: readonly ChunkRef[]
  #repeats: readonly ChunkRef[]
  /** The last one that was asked for, and the one by which rows were forgotten. */
  #edge: CursorValue | null = null
  #prunedAt: CursorValue | null = null
  #pruneAbove = 1024

  constructor(options: BoundaryOptions) {
    const { seen = { highest: null }, remember = {}, chunks } = options
    const { marks = [], seen: rows = [], chunks: fresh = [], repeats = [] } = remember
    this.#options = options
    this.#known = readMarks({ ...seen, marks: [...chunks.read(seen.chunks ?? []), ...(seen.marks ?? [])] })
    this.#met = readMarks({ marks: [...chunks.read([...fresh, ...repeats]), ...marks], rows })
    this.#pending = new Set(readMarks({ marks, rows }).keys())
    this.#fresh = fresh
    this.#repeats = repeats
  }

  /**
   * Whether a row with this cursor passes without a closer look. `edge` is the lowest cursor from which on rows are
   * to be remembered.
   */
  passes(cursor: CursorValue | null, edge: CursorValue | null): boolean {
    const { remember, order } = this.#options
    if (cursor === null) return remember === undefined
    if (!this.#isInside(cursor) || this.#mayBeKnown(cursor)) return false
    return remember === undefined || (edge !== null && order.compare(cursor, edge) < 0)
  }

  /** Whether a row is new; it counts among those of its page. A row without a cursor may come with any listing. */
  admits(cursor: CursorValue | null, row: RowMarks, { met }: PageTally): boolean {
    if (cursor !== null && !this.#isInside(cursor)) return false
    if (!this.#options.remember) return true
    const mark = row.mark()
    const before = Math.max(met.get(mark)?.count ?? 0, this.#met.get(mark)?.count ?? 0)
    met.set(mark, { cursor, count: before + 1 })
    const known = cursor === null || this.#mayBeKnown(cursor) ? this.#copiesOf(row) : 0
    return this.#options.keyed ? known === 0 && before === 0 : before >= known
  }

  /** From where on rows must be remembered, once `highest` has been seen in a listing that began at `began` (ms since 1970). */
  edge(highest: CursorValue | null, began: number): CursorValue | null {
    const { order } = this.#options
    return highest === null ? null : order.shift(order.capAtBegin(highest, began))
  }

  /** Keeps a page's rows in mind, and forgets new ones that lie before `edge`: no listing starts there again. */
  remember({ met }: PageTally, edge: CursorValue | null): void {
    if (!this.#options.remember) return
    for (const [mark, copies] of met) {
      this.#met.set(mark, copies)
      this.#pending.add(mark)
    }
    this.#edge = edge
    if (this.#met.size <= this.#pruneAbove) return
    this.#prune()
    this.#pruneAbove = Math.max(1024, this.#met.size * 2)
    if (this.#met.size > rowsLimit) throw this.#tooMany()
    this.#pruneAbove = Math.min(this.#pruneAbove, rowsLimit)
  }

  /** Whether the rows since the last commit are so many that they are to be committed. */
  get isHeavy(): boolean {
    return this.#pending.size * markLength > heavyBytes
  }

  /** What a checkpoint inside of the listing says of it. Too much for one becomes a chunk, which goes with the same commit. */
  save(): Pick<OpenListing, 'marks' | 'chunks' | 'repeats'> {
    this.#prune()
    if (this.#pending.size * markLength > this.#options.chunks.limit) {
      const [fresh, repeats] = [this.#waiting(true), this.#waiting(false)]
      if (fresh.size > 0) this.#fresh = [...this.#fresh, this.#write(fresh)]
      if (repeats.size > 0) this.#repeats = [...this.#repeats, this.#write(repeats)]
      this.#pending.clear()
    }
    const pending = new Map([...this.#pending].map((mark) => [mark, this.#met.get(mark) as Copies]))
    return {
      marks: saveMarks(pending),
      ...(this.#fresh.length > 0 && { chunks: this.#fresh }),
      ...(this.#repeats.length > 0 && { repeats: this.#repeats }),
    }
  }

  /** Whether every row of a page has to be looked at, as some of it lies beyond `until`. */
  reachesEnd(highest: CursorValue): boolean {
    const { until, order } = this.#options
    return until !== undefined && order.compare(highest, until) >= 0
  }

  /** What a complete listing leaves behind: what it brought and what of the earlier ones can still come again. */
  seen(edge: CursorValue | null): SeenRows | undefined {
    const { remember, seen } = this.#options
    if (!remember) return undefined
    const stored = new Map([...readMarks({ marks: [], ...seen }), ...this.#waiting(true)])
    const inline = new Map([...stored].filter(([, { cursor }]) => this.#isReached(cursor, edge)))
    let chunks = [...(seen?.chunks ?? []), ...this.#fresh].filter((ref) => this.#isKept(ref, edge))
    if (inline.size * markLength > this.#options.chunks.limit) {
      chunks = [...chunks, this.#write(inline)]
      inline.clear()
    }
    if (inline.size + chunks.length === 0) return undefined
    const highest = [highestOf(inline, this.#options.order), ...chunks.map((chunk) => chunk.highest)]
    return {
      highest: highest.reduce((a, b) => this.#options.order.higher(a, b), null),
      marks: saveMarks(inline),
      ...(chunks.length > 0 && { chunks }),
    }
  }

  /** What is in no chunk yet: new rows and further copies of known ones, or the others. */
  #waiting(isNew: boolean): ReadonlyMap<string, Copies> {
    const found = new Map<string, Copies>()
    for (const mark of this.#pending) {
      const copies = this.#met.get(mark)
      if (copies && copies.count > (this.#known.get(mark)?.count ?? 0) === isNew) found.set(mark, copies)
    }
    return found
  }

  #write(copies: ReadonlyMap<string, Copies>): ChunkRef {
    return this.#options.chunks.write(copies, highestOf(copies, this.#options.order))
  }

  /** Forgets what no listing brings again. How many copies of a known row have come must be counted up to the end of this one. */
  #prune(): void {
    const edge = this.#edge
    if (edge === null || edge === this.#prunedAt) return
    this.#prunedAt = edge
    for (const [mark, { cursor }] of this.#met) {
      if (this.#isReached(cursor, edge) || this.#known.has(mark)) continue
      this.#met.delete(mark)
      this.#pending.delete(mark)
    }
    this.#fresh = this.#fresh.filter((ref) => this.#isKept(ref, edge))
  }

  #isKept({ highest, always }: ChunkRef, edge: CursorValue | null): boolean {
    return always === true || this.#isReached(highest, edge)
  }

  #tooMany(): SyncError {
    return new SyncError(
      'CONFIG_INVALID',
      `${this.#options.where}: ${this.#met.size} rows lie at the cursor (within lookback), too many to tell new ones from old in append; give the stream a primary_key and write: merge, or a shorter lookback`,
    )
  }

  #isInside(cursor: CursorValue): boolean {
    const { floor, until, order } = this.#options
    if (until !== undefined && order.compare(cursor, until) >= 0) return false
    return floor === null || order.compare(cursor, floor) >= 0
  }

  #isReached(cursor: CursorValue | null, edge: CursorValue | null): boolean {
    return cursor === null || edge === null || this.#options.order.compare(cursor, edge) >= 0
  }

  #mayBeKnown(cursor: CursorValue): boolean {
    const { seen, order } = this.#options
    const highest = seen?.highest ?? null
    return highest !== null && order.compare(cursor, highest) <= 0
  }

  #copiesOf(row: RowMarks): number {
    const copies = this.#known.get(row.mark())?.count ?? 0
    return copies > 0 || this.#known.size === 0 ? copies : (this.#known.get(row.byteMark())?.count ?? 0)
  }
}

function highestOf(copies: ReadonlyMap<string, Copies>, order: CursorType): CursorValue | null {
  let highest: CursorValue | null = null
  for (const { cursor } of copies.values()) if (cursor !== highest) highest = order.higher(highest, cursor)
  return highest
}
