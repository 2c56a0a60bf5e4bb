import { Spool } from '../base/spool.ts'
import type { FilledBatch } from './batches.ts'
import type { Checkpoint, OpenListing } from '../destinations/checkpoint.ts'
import type { ListingPlan } from './stream.ts'

/** Of a listing that has nothing in the warehouse yet: no run goes on there, as no connector is its source. */
export const nothingYet: Omit<OpenListing, 'began'> = {
  source: '',
  place: { next: { method: 'GET', url: '', headers: {} } },
  highest: null,
  pages: 0,
  mark: '',
  runs: [],
  refresh: true,
}

/**
 * Puts an empty batch before the last one of a full refresh, unless the log tells of the refresh already: whatever
 * becomes of the table then, the next run knows that its rows are not those of the cursor, and reads everything again.
 */
export async function* announceRefresh(
  batches: AsyncIterable<FilledBatch>,
  { position, refresh, announced }: ListingPlan,
  now: () => number,
): AsyncGenerator<FilledBatch, void, undefined> {
  let known = !refresh || announced
  for await (const filled of batches) {
    const { batch } = filled
    if (known || !batch.complete) {
      yield filled
    } else {
      const checkpoint: Checkpoint = { ...position.checkpoint, open: { ...nothingYet, began: now() } }
      const empty = { rows: 0, lines: new Spool(), columns: [], rejects: [], retract: [], complete: false }
      yield { pages: 0, batch: { ...empty, seq: batch.seq, checkpoint, announcement: true } }
      yield { ...filled, batch: { ...batch, seq: batch.seq + 1 } }
    }
    known = true
  }
}
