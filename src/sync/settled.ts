import type { Position } from '../destinations/destination.ts'
import type { FilledBatch } from './batches.ts'
import { type Checkpoint, checkpointVersion } from '../destinations/checkpoint.ts'
import { checkSize } from './checkpoint-size.ts'
import type { StreamSource } from './slices.ts'
import type { ListingPlan, StreamJob } from './stream.ts'

/** Queues repeat a message within days, and between two deliveries of one a stream may be read for others. */
const deliveriesKept = 10

/**
 * Whether the log says that what this run was asked for has been done: an earlier delivery of its message read the
 * stream to its end, or the listing that a continuation is to go on with has been finished by another run.
 */
export function isSettled({ delivery, continuesFrom }: StreamJob, { seq, checkpoint }: Position): boolean {
  if (checkpoint.open !== undefined) return false
  if (delivery !== undefined && checkpoint.settled?.includes(delivery)) return true
  return continuesFrom !== undefined && continuesFrom !== seq
}

/** Adds to each checkpoint what it is a checkpoint of, and to that of a complete listing for which delivery it was read. */
export async function* stampBatches(
  batches: AsyncIterable<FilledBatch>,
  job: StreamJob,
  listing: ListingPlan & Pick<StreamSource, 'changed' | 'known'>,
): AsyncGenerator<FilledBatch, void, undefined> {
  const before = listing.position.checkpoint
  const { start } = before.done !== null && before.identity ? before.identity : job.identity
  const identity = { ...job.identity, start }
  const { delivery } = job
  const settled = [...(delivery === undefined ? [] : [delivery]), ...(before.settled ?? [])].slice(0, deliveriesKept)
  const brought = [...new Set([...(listing.resumed ? (before.open?.runs ?? []) : []), job.runId])]
  let rows = listing.staged && listing.resumed
  let stored = before.stored ?? before.done !== null
  for await (const filled of batches) {
    const { batch } = filled
    // What is put aside becomes the table with the last batch.
    rows ||= batch.rows > 0
    stored ||= rows && (batch.complete || !listing.staged)
    const earlier = batch.complete ? settled : (before.settled ?? [])
    const checkpoint: Checkpoint = {
      version: checkpointVersion,
      ...batch.checkpoint,
      identity,
      stored,
      ...(earlier.length > 0 && { settled: earlier }),
      ...(batch.complete && job.beside !== undefined && job.write === 'append' && { brought }),
    }
    const known = listing.known?.stamp(checkpoint, batch.complete) ?? checkpoint
    const stamped = listing.changed?.stamp(known, batch.complete) ?? known
    try {
      checkSize(job.where, stamped)
    } catch (error) {
      await batch.lines[Symbol.asyncDispose]()
      throw error
    }
    yield { ...filled, batch: { ...batch, checkpoint: stamped } }
  }
}
