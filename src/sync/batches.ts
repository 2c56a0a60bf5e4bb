import type { Slice } from '../destinations/resume-point.ts'
import type { Batch, Position, TableWriter } from '../destinations/destination.ts'
import type { Member } from '../schema/value.ts'
import type { TableSchema } from '../schema/table-schema.ts'
import type { OpenListing } from '../destinations/checkpoint.ts'
import type { CursorType } from './cursor.ts'
import type { RowRules } from './encode-page.ts'
import { Filling } from './filling.ts'
import type { MarkChunks } from './mark-chunks.ts'
import type { CutListing } from './max-pages.ts'
import type { Bounds } from './reading.ts'
import type { SliceCursors } from './slice-cursors.ts'
import type { StreamStep } from './slices.ts'

export interface BatchRules {
  readonly position: Position
  readonly schema: TableSchema
  readonly primaryKey: readonly string[]
  readonly keyNulls: boolean
  /** How the cursor is read and ordered; undefined where the stream has none. */
  readonly order: CursorType | undefined
  /** Of the stream, or of the slice with this key; `opened` where an earlier run has read a part of it. */
  readonly bounds: (key: string | undefined, opened: OpenListing | undefined) => Bounds
  /** Set where each slice has a cursor of its own. */
  readonly slices: SliceRules | undefined
  /** Of an append stream with a cursor: the marks that are too many for its checkpoints. */
  readonly chunks: MarkChunks
  /** What a checkpoint remembers a slice by; undefined where none comes twice. */
  readonly markOf: ((slice: Slice) => string) | undefined
  /** What a row gets beside its own members, by its slice. */
  readonly extra: (slice: Slice) => readonly Member[]
  /** What of the listing stays the same from batch to batch. */
  readonly open: Pick<OpenListing, 'source'> & { readonly runId: string; readonly refresh?: true }
  readonly retract: readonly string[]
  /** A backfill leaves the cursor alone. */
  readonly movesCursor: boolean
  /** Told where `max_pages` cuts a listing off; false where the cursor must stay. May throw `LISTING_INCOMPLETE`. */
  readonly onCut: (cut: CutListing) => boolean
  readonly maxRejects: number | undefined
  /** Bytes of a row. */
  readonly maxRow: number
  /** See `RowRules.repair`. */
  readonly repair?: ((bytes: Uint8Array) => string) | undefined
  /** See `RowRules.redactor`. */
  readonly redactor: RowRules['redactor']
  /** Milliseconds from a batch's first page until it closes. */
  readonly age: number
  readonly now: () => number
  /** See `TableWriter.isWide`. */
  readonly isWide?: TableWriter['isWide']
  /** The run is told to stop: that there are no more pages does not mean that the listing has ended. */
  readonly isStopped: () => boolean
  /** Stop here: the run is over for this time, or has its fill of rows (told how many there are with this page). */
  readonly mayStop: (rows: number) => boolean
  readonly describe: (step: StreamStep) => string
}

export interface SliceRules {
  readonly cursors: SliceCursors
  readonly keyOf: (slice: Slice) => string
  /** What the log says of slices is another listing's. */
  readonly forgets: boolean
  /** Rows that come once more would be there twice. */
  readonly appends: boolean
}

/** A batch, and what the run's record tells of it once it is committed. */
export interface FilledBatch {
  readonly batch: Batch
  readonly pages: number
}

/**
 * Groups whole pages into batches. The last batch of a listing that was read to its end is `complete`, and may be
 * empty. Where reading fails the pages before are handed over first.
 */
export async function* toBatches(
  steps: AsyncIterable<StreamStep>,
  rules: BatchRules,
): AsyncGenerator<FilledBatch, void, undefined> {
  await using filling = new Filling(rules)
  let failure: unknown
  let failed = false
  try {
    for await (const step of steps) {
      const isLast = await filling.add(step)
      if (isLast || rules.mayStop(filling.rowsRead)) {
        yield await filling.close(isLast)
        return
      }
      if (filling.isFull) yield await filling.close(false)
    }
  } catch (error) {
    failed = true
    failure = error
  }
  // Steps that end while the run is told to stop are not the end of the listing.
  if (!failed && !rules.isStopped()) yield await filling.close(true)
  else {
    const salvaged = await filling.salvage(failed)
    if (salvaged) yield salvaged
  }
  if (failed) throw failure
}
