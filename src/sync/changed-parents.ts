import { createHash } from 'node:crypto'
import { formatsOf } from '../syntax/cursor-format.ts'
import type { StreamConfig } from '../connector/connector.ts'
import type { Checkpoint, OpenParents, ParentProgress } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { CursorType } from './cursor.ts'
import { identify } from './identity.ts'
import type { JobOptions } from './job-options.ts'
import type { ParentPage } from './parent-listings.ts'
import type { ParentRow } from './slice-values.ts'
import type { ListingPlan } from './stream.ts'

interface Changes {
  readonly options: JobOptions
  readonly parent: StreamConfig
  readonly checkpoint: Checkpoint
  /** The listing goes on inside one that an earlier run began. */
  readonly resumed: boolean
}

/** The order of a parent's cursor, as its children read it. */
export function parentOrder(
  { connector, warn }: JobOptions,
  { name, incremental }: StreamConfig,
  before?: ParentProgress,
): CursorType | undefined {
  if (!incremental) return undefined
  return new CursorType({
    where: `stream ${name} of ${connector.name}`,
    field: incremental.cursor,
    formats: formatsOf(incremental),
    timeZone: incremental.time_zone,
    lookback: incremental.lookback,
    edges: incremental.start === undefined ? [] : [incremental.start],
    saved: before?.cursor,
    done: before?.done ?? null,
    warn,
  })
}

/**
 * `parent.changed_only`: of the parents only those are read that lie at the stream's own cursor of their listing, or beyond
 * it. That cursor moves with the last commit of the children, so that a parent whose children failed, or were cut
 * off, comes again.
 */
export class ChangedParents {
  readonly #order: CursorType
  readonly #parent: StreamConfig
  readonly #of: string
  readonly #done: CursorValue | null
  readonly #now: () => number
  #highest: CursorValue | null = null
  #began: number | undefined
  #stays = false

  constructor({ options, parent, checkpoint: { parents: saved, open }, resumed }: Changes) {
    this.#parent = parent
    this.#now = () => options.effects.now()
    this.#of = hashOf(options, parent)
    if (saved && saved.of !== this.#of)
      options.warn(
        'STATE_CHANGED',
        `Stream ${options.stream.name} or its parent ${parent.name} asks for something else than before, so that the children of all parents are read once.`,
      )
    const before = saved?.of === this.#of ? saved : undefined
    this.#done = before?.done ?? null
    this.#order = parentOrder(options, parent, before) as CursorType
    const opened = resumed ? open?.parents : undefined
    if (!opened) return
    this.#highest = opened.highest
    this.#began = opened.began
    this.#stays = opened.stays ?? false
  }

  /** What `{{ cursor }}` is in the parent's request. */
  get start(): CursorValue | null {
    const { start } = this.#parent.incremental ?? {}
    return this.#floor ?? (start === undefined ? null : this.#order.spell(start))
  }

  /** The rows of a page whose children are read; `isPast` where nothing behind them has changed. */
  take({ rows, cursors = [], began, cut }: ParentPage): {
    readonly rows: readonly ParentRow[]
    readonly isPast: boolean
  } {
    const order = this.#order
    const found = cursors.filter((cursor) => cursor !== null)
    if (!order.isSettled) order.learn(found)
    if (rows.length > 0 && found.length === 0) order.warnOfAbsence()
    this.#began ??= began
    for (const cursor of found) {
      if (!order.reads(cursor)) order.warnOf(cursor)
      else if (order.isBarred(cursor, Math.max(began ?? 0, this.#now()))) order.warnOfBarred(cursor)
      else this.#highest = order.higher(this.#highest, cursor)
    }
    // Only where the rest is known to lie beyond may the cursor pass what was read.
    const isAscending = this.#parent.incremental?.order === 'asc'
    if (cut && (!isAscending || this.#highest === null || this.#highest === this.#done)) this.#stays = true
    const floor = this.#floor
    const isOld = (cursor: CursorValue | null | undefined): boolean =>
      floor !== null &&
      (cursor ?? null) !== null &&
      order.reads(cursor as CursorValue) &&
      order.compare(cursor as CursorValue, floor) < 0
    const changed = rows.filter((_, at) => !isOld(cursors[at]))
    const isDescending = this.#parent.incremental?.order === 'desc'
    return { rows: changed, isPast: isDescending && rows.length > 0 && changed.length === 0 }
  }

  /** Children were left out. */
  stay(): void {
    this.#stays = true
  }

  /** Adds to a checkpoint of the children where their parents stand. */
  stamp(checkpoint: Checkpoint, complete: boolean): Checkpoint {
    const order = this.#order
    const { open } = checkpoint
    const moves = complete && !this.#stays && this.#highest !== null
    const done = moves
      ? order.higher(this.#done, order.capAtBegin(this.#highest as CursorValue, this.#began ?? 0))
      : this.#done
    const parents = { of: this.#of, done, ...(order.saved && { cursor: order.saved }) }
    return { ...checkpoint, parents, ...(open && { open: { ...open, parents: this.#open() } }) }
  }

  get #floor(): CursorValue | null {
    return this.#done === null ? null : this.#order.shift(this.#done)
  }

  #open(): OpenParents {
    return {
      highest: this.#highest,
      ...(this.#began !== undefined && { began: this.#began }),
      ...(this.#stays && { stays: true as const }),
    }
  }
}

/** Undefined where the children of all parents are read, as by a backfill. */
export function findChanged({ position, resumed }: ListingPlan, options: JobOptions): ChangedParents | undefined {
  const { stream, connector, backfill } = options
  const parent = connector.streams.find(({ name }) => name === stream.parent?.stream)
  if (!stream.parent?.changed_only || !parent || backfill) return undefined
  return new ChangedParents({ options, parent, checkpoint: position.checkpoint, resumed })
}

/** What decides which parents there are, and which children they have. */
function hashOf({ connector, stream, env }: JobOptions, parent: StreamConfig): string {
  const parts = [stream, parent].map((one) => {
    const { source, filters, rows, cursor, format, start, key, table } = identify({
      connector,
      stream: one,
      env,
      backfill: undefined,
    })
    return [source, filters, rows, cursor, format, start, key, table]
  })
  const text = JSON.stringify([...parts, stream.parent?.include, stream.partitions])
  return createHash('sha256').update(text).digest('base64url').slice(0, 11)
}
