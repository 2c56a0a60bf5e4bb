import type { TableWriter } from '../destinations/destination.ts'
import type { FilledBatch } from './batches.ts'

/** The batches of a listing that are on their way into the warehouse: as many at once as the table's writer takes. */
export interface WriteQueue {
  /**
   * Waits until there is room, then hands the batch over without waiting for it. Throws the failure of a batch before
   * it, as soon as that is known; the batch is dropped then.
   */
  add(filled: FilledBatch): Promise<void>
  /** Waits for every batch. Throws the failure of the first that failed. */
  end(): Promise<void>
}

/** `onCommit` is told about each batch once it is durable, in order; never of one behind a batch that failed. */
export function createWriteQueue(
  table: TableWriter,
  { onCommit }: { readonly onCommit: (filled: FilledBatch) => void },
): WriteQueue {
  const underWay = new Set<Promise<void>>()
  let failure: { readonly reason: unknown } | undefined
  let before: Promise<void> = Promise.resolve()

  async function write(filled: FilledBatch, previous: Promise<void>): Promise<void> {
    await using _lines = filled.batch.lines
    try {
      await table.append(filled.batch)
      await previous
      onCommit(filled)
    } catch (reason) {
      // A failure that comes later than that of a batch behind it is the one that explains both.
      await previous
      failure ??= { reason }
      throw reason
    }
  }

  return {
    async add(filled) {
      while (!failure && underWay.size >= table.inFlight) await Promise.race(underWay).catch(() => undefined)
      if (failure) {
        await filled.batch.lines[Symbol.asyncDispose]()
        throw failure.reason
      }
      const written = write(filled, before)
      before = written
      underWay.add(written)
      written.finally(() => underWay.delete(written)).catch(() => undefined)
    },
    end: () => before,
  }
}
