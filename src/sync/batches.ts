import type { PageRows } from '../decode/page-decoder.ts'
import { Spool } from '../decode/spool.ts'
import type { Batch, Position, Reject } from '../destinations/destination.ts'
import { SyncError } from '../errors.ts'
import type { Member } from '../schema/value.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import type { Boundary } from './boundary.ts'
import type { Checkpoint, CursorValue, OpenListing } from './checkpoint.ts'
import type { CursorType } from './cursor.ts'
import { encodePage } from './encode-page.ts'
import type { Place, Slice, StreamStep } from './slices.ts'

/** A batch closes once it holds so much: large enough for cheap loads, small enough to lose little work. */
const batchBytes = 16 * 1024 * 1024

const hour = 3_600_000

export interface BatchRules {
  readonly position: Position
  readonly schema: TableSchema
  readonly primaryKey: readonly string[]
  /** How the cursor is read and ordered; undefined where the stream has none. */
  readonly order: CursorType | undefined
  readonly boundary: Boundary | undefined
  /** What a row gets beside its own members, by its slice. */
  readonly extra: (slice: Slice) => readonly Member[]
  /** What of the listing stays the same from batch to batch. */
  readonly open: Pick<OpenListing, 'source' | 'runs'> & { readonly refresh?: true }
  readonly retract: readonly string[]
  /** A backfill leaves the cursor alone. */
  readonly movesCursor: boolean
  /** The provider promises newest first: a page that lies before it as a whole is the last. */
  readonly descendingTo: CursorValue | null
  /** The provider promises oldest first: nothing lies before it behind a page that reaches it. */
  readonly ascendingTo: CursorValue | undefined
  readonly maxRejects: number | undefined
  /** Milliseconds from a batch's first page until it closes. */
  readonly age: number
  readonly now: () => number
  /** The run is told to stop: that there are no more pages does not mean that the listing has ended. */
  readonly isStopped: () => boolean
  /** Stop here: the run is over for this time, or has its fill of rows (told how many there are with this page). */
  readonly mayStop: (rows: number) => boolean
  readonly describe: (step: StreamStep) => string
}

/** A batch, and what the run's record tells of it once it is committed. */
export interface FilledBatch {
  readonly batch: Batch
  readonly pages: number
}

/**
 * Groups whole pages into batches; a page is never split, so a checkpoint always lies between two pages. The last batch
 * of a listing that was read to its end is `complete`, and may be empty. Where reading fails the pages before are
 * handed over first.
 */
export async function* toBatches(
  steps: AsyncIterable<StreamStep>,
  rules: BatchRules,
): AsyncGenerator<FilledBatch, void, undefined> {
  const { position, schema, boundary, order } = rules
  const opened = position.checkpoint.open
  let seq = position.seq
  let began = opened?.began
  let highest = opened?.highest ?? null
  let pagesRead = opened?.pages ?? 0
  let mark = opened?.mark ?? ''
  let rowsRead = 0
  let rejected = 0
  let refused = opened?.refused ?? false
  let batch = emptyBatch()

  const close = (place: Place | undefined): FilledBatch => {
    seq++
    const { lines, rows, rejects, pages } = batch
    batch = emptyBatch()
    const checkpoint = place ? midway(place) : done()
    const retract = seq === position.seq + 1 ? rules.retract : []
    return {
      pages,
      batch: {
        seq,
        rows,
        lines,
        columns: schema.columns,
        checkpoint,
        rejects,
        retract,
        complete: !place,
        whole: !place && !refused,
      },
    }
  }

  const midway = (place: Place): Checkpoint => ({
    ...kept(position.checkpoint),
    ...spelling(),
    open: {
      ...rules.open,
      place,
      highest,
      began: began ?? rules.now(),
      pages: pagesRead,
      mark,
      ...(boundary && { seen: boundary.kept }),
      ...(refused && { refused }),
    },
    names: schema.names,
  })

  const spelling = (): Pick<Checkpoint, 'cursor'> => (order?.saved ? { cursor: order.saved } : {})

  const done = (): Checkpoint => {
    if (!rules.movesCursor) return { ...kept(position.checkpoint), ...spelling(), names: schema.names }
    const start = began ?? rules.now()
    const before = position.checkpoint.done
    const reached = !order || highest === null ? before : order.higher(before, order.capAtBegin(highest, start))
    const seen = boundary?.seen(boundary.edge(order?.higher(before, highest) ?? null, start))
    return { done: reached, ...spelling(), ...(seen && { seen }), names: schema.names }
  }

  let failure: unknown
  let failed = false
  try {
    for await (const streamStep of steps) {
      const { page } = streamStep.step
      await using rows = page.body.rows
      // The provider may have looked at its rows as soon as it was asked.
      began ??= (dateOf(page.headers['date']) ?? rules.now()) - Math.min(Math.max(page.took, 0), hour)
      const encoded = await encodePage(rows, {
        schema,
        primaryKey: rules.primaryKey,
        order,
        boundary,
        extra: rules.extra(streamStep.slice),
        where: rules.describe(streamStep),
        highest,
        began,
      })
      // A batch that holds a part of a page is given up.
      batch.place = undefined
      await batch.lines.take(encoded.lines)
      batch.rows += encoded.rows
      batch.rejects.push(...encoded.rejects)
      batch.pages++
      batch.since ??= rules.now()
      batch.place = streamStep.after
      pagesRead++
      mark = streamStep.step.next ? page.mark : ''
      rowsRead += encoded.rows
      rejected += encoded.rejects.length
      refused ||= encoded.rejects.length > 0
      highest = order?.higher(highest, encoded.highest) ?? null
      if (rules.maxRejects !== undefined && rejected > rules.maxRejects)
        throw tooManyRejects(rejected, rules.maxRejects, rules.describe(streamStep))
      // Past the range of one slice there are still the others.
      if (!streamStep.after || (!streamStep.after.slices && isPastRange(rows, encoded.highest, rules))) {
        yield close(undefined)
        return
      }
      if (rules.mayStop(rowsRead)) {
        yield close(streamStep.after)
        return
      }
      if (batch.lines.size >= batchBytes || rules.now() - batch.since >= rules.age) yield close(streamStep.after)
    }
  } catch (error) {
    failed = true
    failure = error
  }
  // Steps that end while the run is told to stop are not the end of the listing.
  if (!failed && !rules.isStopped()) yield close(undefined)
  else if (batch.pages > 0 && batch.place) yield close(batch.place)
  await batch.lines[Symbol.asyncDispose]()
  if (failed) throw failure
}

interface OpenBatch {
  readonly lines: Spool
  readonly rejects: Reject[]
  rows: number
  pages: number
  since: number | undefined
  place: Place | undefined
}

const emptyBatch = (): OpenBatch => ({
  lines: new Spool(),
  rejects: [],
  rows: 0,
  pages: 0,
  since: undefined,
  place: undefined,
})

/** What of a checkpoint a listing in progress leaves as it is. */
const kept = ({ done, seen }: Checkpoint): Pick<Checkpoint, 'done' | 'seen'> => ({ done, ...(seen && { seen }) })

/** Rows that were left out do not count towards `highest`, but those that passed as they are stand in `rows.highest`. */
function isPastRange(rows: PageRows, highest: CursorValue | null, rules: BatchRules): boolean {
  const { order, descendingTo, ascendingTo } = rules
  if (!order) return false
  const passed = rows.highest !== null && order.reads(rows.highest) ? rows.highest : null
  const top = rows.odd.length === 0 ? (passed ?? highest) : highest
  if (descendingTo !== null && top !== null && order.compare(top, descendingTo) < 0) return true
  return ascendingTo !== undefined && passed !== null && order.compare(passed, ascendingTo) >= 0
}

/** The provider's clock (RFC 9110 section 6.6.1), so that ours need not agree with it. */
function dateOf(header: string | undefined): number | undefined {
  const at = Date.parse(header ?? '')
  return Number.isNaN(at) ? undefined : at
}

const tooManyRejects = (count: number, limit: number, where: string): SyncError =>
  new SyncError(
    'TOO_MANY_REJECTS',
    `${count} rows were refused up to ${where}, and max_rejects allows ${limit}; _headrace_rejects tells why for those that were committed`,
  )
