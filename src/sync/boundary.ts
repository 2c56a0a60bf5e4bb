import type { CursorValue, SeenRows } from './checkpoint.ts'
import { SyncError } from '../errors.ts'
import type { CursorType } from './cursor.ts'
import { type Copies, type CursorMarks, readMarks, type SavedMarks, saveMarks, sizeOfMarks } from './marks.ts'

/**
 * Bytes of marks that a listing keeps at most, as they go into each of its checkpoints: some 90,000 rows of one cursor.
 * A stream that would need more belongs into a merge.
 */
const marksLimit = 1024 * 1024

export interface BoundaryOptions {
  readonly where: string
  /** Rows before it were read by an earlier listing; null where everything is new, or where all rows are to be kept. */
  readonly floor: CursorValue | null
  /** Rows at or beyond it are left out. */
  readonly until: CursorValue | undefined
  /** What earlier listings appended at or beyond the cursor. */
  readonly seen: SeenRows | undefined
  /** Append streams: keep in mind what a later listing will bring again; what this one has brought so far. */
  readonly remember: SavedMarks | undefined
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
export class Boundary {
  readonly #options: BoundaryOptions
  /** By mark: what earlier listings appended. */
  readonly #known: ReadonlyMap<string, Copies>
  /** By mark: what this listing has brought, new or not. */
  readonly #met: Map<string, Copies>
  /** What an older checkpoint holds may be more than is taken now. */
  readonly #limit: number

  constructor(options: BoundaryOptions) {
    this.#options = options
    this.#known = readMarks(options.seen ?? {})
    this.#met = readMarks(options.remember ?? {})
    this.#limit = Math.max(marksLimit, sizeOfMarks(this.#known), sizeOfMarks(this.#met))
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
    for (const [mark, copies] of met) this.#met.set(mark, copies)
    for (const [mark, { cursor }] of this.#met) {
      // How many copies of a known row have come must be counted up to the end of the listing.
      if (!this.#isReached(cursor, edge) && !this.#known.has(mark)) this.#met.delete(mark)
    }
    if (sizeOfMarks(this.#met) > this.#limit) {
      throw new SyncError(
        'CONFIG_INVALID',
        `${this.#options.where}: ${this.#met.size} rows lie at the cursor (within lookback), too many to tell new ones from old in append; give the stream a primary_key and write: merge, or a shorter lookback`,
      )
    }
  }

  /** What an interrupted listing has brought so far. */
  get kept(): readonly CursorMarks[] {
    return saveMarks(this.#met)
  }

  /** Whether every row of a page has to be looked at, as some of it lies beyond `until`. */
  reachesEnd(highest: CursorValue): boolean {
    const { until, order } = this.#options
    return until !== undefined && order.compare(highest, until) >= 0
  }

  /** What a complete listing leaves behind: what it brought and what of the earlier ones can still come again. */
  seen(edge: CursorValue | null): SeenRows | undefined {
    if (!this.#options.remember) return undefined
    const stored = new Map(this.#known)
    for (const [mark, copies] of this.#met) {
      if (copies.count >= (stored.get(mark)?.count ?? 0)) stored.set(mark, copies)
    }
    const marks = saveMarks(new Map([...stored].filter(([, { cursor }]) => this.#isReached(cursor, edge))))
    if (marks.length === 0) return undefined
    const highest = marks.map(([cursor]) => cursor).reduce((a, b) => this.#options.order.higher(a, b))
    return { highest, marks }
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
