import type { SeenRowFilter } from './seen-row-filter.ts'
import type { OpenListing } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { CursorType } from './cursor.ts'
import type { EncodedPage } from './encode-page.ts'
import type { CutListing } from './max-pages.ts'
import type { Page } from './pages.ts'
import type { SliceProgress } from '../destinations/slice-state.ts'

/** Where a listing begins and ends: the stream's, or that of one of its slices. */
export interface Bounds {
  /** The cursor that the last complete listing led to. */
  readonly done: CursorValue | null
  /** How the cursor is ordered; undefined where the stream has none. */
  readonly order: CursorType | undefined
  readonly boundary: SeenRowFilter | undefined
  /** The provider promises newest first: a page that lies before it as a whole is the last. */
  readonly descendingTo: CursorValue | null
  /** The provider promises oldest first: nothing lies before it behind a page that reaches it. */
  readonly ascendingTo: CursorValue | undefined
}

const hour = 3_600_000

/** How far the listing has got that is being read: the stream's, or that of the slice whose turn it is. */
export class Reading {
  readonly bounds: Bounds
  /** The runs that have committed rows of it. */
  readonly runs: Set<string>
  #began: number | undefined
  #highest: CursorValue | null
  /** The cursor stays where it was, as `max_pages` has left pages unread. */
  #stays: boolean

  constructor(bounds: Bounds, opened: Pick<OpenListing, 'began' | 'highest' | 'runs' | 'stays'> | undefined) {
    this.bounds = bounds
    this.runs = new Set(opened?.runs)
    this.#began = opened?.began
    this.#highest = opened?.highest ?? null
    this.#stays = opened?.stays ?? false
  }

  get highest(): CursorValue | null {
    return this.#highest
  }

  /** When it began, by the provider's clock (RFC 9110 section 6.6.1), so that ours need not agree with it; milliseconds since 1970. */
  began(page: Page, now: number): number {
    this.#began ??= beganAt(page, now)
    return this.#began
  }

  add({ highest }: Pick<EncodedPage, 'highest'>): void {
    this.#highest = this.bounds.order?.higher(this.#highest, highest) ?? null
  }

  /** Takes that this page, the last, is not the end: `moves` decides whether the cursor may move all the same. */
  cut({ highest }: Pick<EncodedPage, 'highest'>, moves: (cut: Pick<CutListing, 'from' | 'highest'>) => boolean): void {
    const { done: from, order } = this.bounds
    this.#stays ||= !moves({ from, highest: order?.higher(this.#highest, highest) ?? null })
  }

  /** Rows that were left out do not count towards `highest`, but those that passed as they are stand in `rows.highest`. */
  isPastRange({ body: { rows } }: Page, { highest }: Pick<EncodedPage, 'highest'>): boolean {
    const { order, descendingTo, ascendingTo } = this.bounds
    if (!order) return false
    const passed = rows.highest !== null && order.reads(rows.highest) ? rows.highest : null
    const top = rows.nonConforming.length === 0 ? (passed ?? highest) : highest
    if (descendingTo !== null && top !== null && order.compare(top, descendingTo) < 0) return true
    return ascendingTo !== undefined && passed !== null && order.compare(passed, ascendingTo) >= 0
  }

  /** What a checkpoint inside of it says. */
  open(now: number): Pick<OpenListing, 'highest' | 'began' | 'marks' | 'chunks' | 'repeats' | 'stays'> {
    const { boundary } = this.bounds
    return {
      highest: this.#highest,
      began: this.#began ?? now,
      ...boundary?.save(),
      ...(this.#stays && { stays: true as const }),
    }
  }

  /** What it leads to, now that it was read to its end. */
  finish(now: number): SliceProgress {
    const { done, boundary, order } = this.bounds
    const began = this.#began ?? now
    const highest = this.#stays ? null : this.#highest
    const seen = boundary?.seen(boundary.edge(order?.higher(done, highest) ?? null, began))
    return {
      done: !order || highest === null ? done : order.higher(done, order.capAtBegin(highest, began)),
      ...(seen && { seen }),
    }
  }
}

/** The provider may have looked at its rows as soon as it was asked. */
export const beganAt = ({ headers, took }: Pick<Page, 'headers' | 'took'>, now: number): number =>
  (dateOf(headers['date']) ?? now) - Math.min(Math.max(took, 0), hour)

function dateOf(header: string | undefined): number | undefined {
  const at = Date.parse(header ?? '')
  return Number.isNaN(at) ? undefined : at
}
