import type { CursorValue, SeenRow, SeenRows } from './checkpoint.ts'
import { SyncError } from '../errors.ts'
import { compareCursors, higherCursor, lowerCursor, momentLike, shiftCursor } from './cursor.ts'

/** So many rows are remembered at most; a stream that would need more belongs into a merge. */
const seenLimit = 250_000

export interface BoundaryOptions {
  readonly where: string
  /** Rows before it were read by an earlier listing; null where everything is new, or where all rows are to be kept. */
  readonly floor: CursorValue | null
  /** Rows at or beyond it are left out. */
  readonly until: CursorValue | undefined
  /** What earlier listings appended at or beyond the cursor. */
  readonly seen: SeenRows | undefined
  /** Append streams: keep in mind what a later listing will bring again; what this one has brought so far. */
  readonly remember: readonly SeenRow[] | undefined
  /** Whether a number that is the cursor counts time since 1970. */
  readonly timed: boolean
  /** Milliseconds; how far behind the cursor the next listing starts. */
  readonly lookback: number
}

/**
 * The edge between what was appended and what is new. A listing starts at the saved cursor, so rows at it come again;
 * they are known by their hash. Nothing here is needed where rows are merged by key, except for `until`.
 */
export class Boundary {
  readonly #options: BoundaryOptions
  readonly #known: ReadonlySet<string>
  readonly #kept: Map<string, CursorValue | null>

  constructor(options: BoundaryOptions) {
    this.#options = options
    this.#known = new Set(options.seen?.rows.map(([hash]) => hash))
    this.#kept = new Map(options.remember)
  }

  /**
   * Whether a row with this cursor passes without a closer look. `edge` is the lowest cursor from which on rows are
   * to be remembered.
   */
  passes(cursor: CursorValue | null, edge: CursorValue | null): boolean {
    const { floor, until, seen, remember } = this.#options
    if (cursor === null) return remember === undefined
    if (until !== undefined && compareCursors(cursor, until) >= 0) return false
    if (floor !== null && compareCursors(cursor, floor) < 0) return false
    if (seen && seen.highest !== null && compareCursors(cursor, seen.highest) <= 0) return false
    return remember === undefined || (edge !== null && compareCursors(cursor, edge) < 0)
  }

  /** Whether a row is new; `hash` is asked for only where it matters. A row without a cursor may come with any listing. */
  admits(cursor: CursorValue | null, hash: () => string): boolean {
    const { floor, until, seen } = this.#options
    if (cursor === null) return !this.#known.has(hash())
    if (until !== undefined && compareCursors(cursor, until) >= 0) return false
    if (floor !== null && compareCursors(cursor, floor) < 0) return false
    const mayBeKnown = seen && seen.highest !== null && compareCursors(cursor, seen.highest) <= 0
    return !(mayBeKnown && this.#known.has(hash()))
  }

  /** From where on rows must be remembered, once `highest` has been seen in a listing that began at `began` (ms since 1970). */
  edge(highest: CursorValue | null, began: number): CursorValue | null {
    return highest === null
      ? null
      : shiftCursor(capAtBegin(highest, began, this.#options.timed), this.#options.lookback)
  }

  /** Keeps a page's rows in mind (hash and cursor) and forgets those that lie before `edge`. */
  remember(rows: Iterable<SeenRow>, edge: CursorValue | null): void {
    if (!this.#options.remember) return
    for (const [hash, cursor] of rows) this.#kept.set(hash, cursor)
    if (edge !== null)
      for (const [hash, cursor] of this.#kept)
        if (cursor !== null && compareCursors(cursor, edge) < 0) this.#kept.delete(hash)
    if (this.#kept.size > seenLimit) {
      throw new SyncError(
        'CONFIG_INVALID',
        `${this.#options.where}: over ${seenLimit} rows lie at the cursor (within lookback), too many to tell new ones from old in append; give the stream a primary_key and write: merge, or a shorter lookback`,
      )
    }
  }

  /** What an interrupted listing has brought so far. */
  get kept(): readonly SeenRow[] {
    return [...this.#kept]
  }

  /** Whether every row of a page has to be looked at, as some of it lies beyond `until`. */
  reachesEnd(highest: CursorValue): boolean {
    const { until } = this.#options
    return until !== undefined && compareCursors(highest, until) >= 0
  }

  /** What a complete listing leaves behind: what it brought and what of the earlier ones can still come again. */
  seen(edge: CursorValue | null): SeenRows | undefined {
    if (!this.#options.remember) return undefined
    const { seen } = this.#options
    const stillReached = (seen?.rows ?? []).filter(
      ([, cursor]) => cursor === null || edge === null || compareCursors(cursor, edge) >= 0,
    )
    const rows = [...new Map([...stillReached, ...this.#kept])].sort(([a], [b]) => (a < b ? -1 : 1))
    if (rows.length === 0) return undefined
    const highest = rows.map(([, cursor]) => cursor).reduce((a, b) => higherCursor(a, b))
    return { highest, rows }
  }
}

/**
 * A time cursor never passes the moment at which its listing began: a row of a page already read may have changed
 * since, and would be lost behind a later row that moved the cursor on. Of a number one has to be told that it is time.
 */
export function capAtBegin(highest: CursorValue, began: number, timed: boolean): CursorValue {
  if (typeof highest === 'number' && !timed) return highest
  const moment = momentLike(highest, began)
  return moment === undefined ? highest : lowerCursor(highest, moment)
}
