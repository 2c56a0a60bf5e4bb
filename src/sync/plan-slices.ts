import type { Position } from '../destinations/destination.ts'
import { SyncError } from '../base/errors.ts'
import type { Checkpoint } from '../destinations/checkpoint.ts'
import type { ListingPlan, StreamJob } from './stream.ts'
import type { Warn } from '../base/warnings.ts'

/** Throws `STATE_MISMATCH` where each slice has a cursor, and one is wanted for all. */
export function checkSlices(
  { where, perSlice, refresh, write, deletesAbsent }: StreamJob,
  checkpoint: Checkpoint,
): void {
  const isWhole = refresh || checkpoint.open?.refresh === true || write === 'replace' || deletesAbsent
  if (checkpoint.per === undefined || perSlice || isWhole) return
  throw new SyncError(
    'STATE_MISMATCH',
    `The state of ${where} is a cursor for each slice, and none of them is a cursor for all: read everything again with --full-refresh, or set incremental: {per: slice}.`,
  )
}

/**
 * A stream that has had one cursor for all slices cannot tell which of them that cursor has passed unread: where rows
 * are merged by key each is read from its start; where they are appended, which would double them, each goes on at that
 * cursor, and only slices that come later begin at their start.
 */
export function warnOfSplit({ where, perSlice, refresh, write }: StreamJob, checkpoint: Checkpoint, warn: Warn): void {
  const { done, per, open } = checkpoint
  if (!perSlice || per !== undefined || done === null || refresh || open?.refresh === true) return
  const what =
    write === 'append'
      ? `each goes on at ${JSON.stringify(done)}, so what lies before it in a slice that was added or slow is still missing; --full-refresh brings it.`
      : 'each is read from its start once.'
  warn('SLICES_SPLIT', `${where} had one cursor for all slices and has one for each from now on: ${what}`)
}

/** Where a listing by slices goes on, given where one for all would. */
export function planSlices(
  { perSlice, write }: StreamJob,
  before: Position,
  { isWhole, checkpoint }: { readonly isWhole: boolean; readonly checkpoint: Checkpoint },
): Pick<ListingPlan, 'position' | 'forgetsSlices'> {
  const { seq } = before
  if (!perSlice) return { position: { seq, checkpoint } }
  if (isWhole) return { position: { seq, checkpoint: { ...checkpoint, per: 'slice' } } }
  const { per, base, linked } = before.checkpoint
  const { seen, ...rest } = checkpoint
  const kept: Checkpoint = { ...rest, per: 'slice', ...(base && { base }), ...(linked && { linked }) }
  if (per === 'slice') return { position: { seq, checkpoint: kept } }
  const { done } = checkpoint
  const goesOn = write === 'append' && done !== null
  return {
    position: { seq, checkpoint: { ...kept, ...(goesOn && { base: { done, ...(seen && { seen }) } }) } },
    forgetsSlices: true,
  }
}
