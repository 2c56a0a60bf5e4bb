import type { Batch, Destination, Position } from '../../src/destinations/destination.ts'
import { SyncError } from '../../src/base/errors.ts'
import { fresh } from '../../src/destinations/checkpoint.ts'

/** A destination that takes several batches at once, holds them for a while, and commits them in order. */
export interface SlowDestination {
  readonly destination: Destination
  /** Ids of the rows that were committed, in order. */
  readonly ids: () => readonly number[]
  /** Most batches under way at one moment. */
  readonly most: () => number
  readonly position: () => Position
  /** The spools that were handed over; all of them must be empty in the end. */
  readonly spools: Batch['lines'][]
  /** The first commit waits until so many batches are under way. */
  holdUntil: number
  /** Asked before each commit; a code fails the batch and all behind it. */
  failAt: (seq: number) => 'LISTING_EXPIRED' | 'STATE_CONFLICT' | undefined
}

export function createSlowDestination(inFlight: number, delay: () => Promise<void>): SlowDestination {
  const rows: { id: number; runId: string }[] = []
  let position: Position = { seq: 0, checkpoint: fresh }
  let underWay = 0
  let arrived: () => void = () => undefined
  let most = 0
  const slow: SlowDestination = {
    ids: () => rows.map(({ id }) => id),
    most: () => most,
    position: () => position,
    spools: [],
    holdUntil: 1,
    failAt: () => undefined,
    destination: {
      guarantee: 'exactly-once',
      batchAge: 0,
      exclusive: true,
      readPosition: async () => position,
      readSlices: async () => [],
      saveRun: async () => undefined,
      recentRuns: async () => [],
      positions: async () => [],
      [Symbol.asyncDispose]: async () => undefined,
      async openTable(plan) {
        let before: Promise<void> = Promise.resolve()
        const commit = async (batch: Batch, previous: Promise<void>): Promise<void> => {
          const text: string[] = []
          for await (const chunk of batch.lines.read()) text.push(Buffer.from(chunk).toString())
          const ids = text
            .join('')
            .split('\n')
            .filter((line) => line !== '')
            .map((line) => (JSON.parse(line) as { id: number }).id)
          await delay()
          if (batch.seq === 1 && most < slow.holdUntil) await new Promise<void>((resolve) => (arrived = resolve))
          await previous
          const code = slow.failAt(batch.seq)
          if (code) throw new SyncError(code, `batch ${batch.seq} fails`)
          if (batch.seq !== position.seq + 1) throw new SyncError('STATE_CONFLICT', `expected ${position.seq + 1}`)
          for (let at = rows.length - 1; at >= 0; at--)
            if (batch.retract.includes(rows[at]?.runId ?? '')) rows.splice(at, 1)
          rows.push(...ids.map((id) => ({ id, runId: plan.runId })))
          position = { seq: batch.seq, checkpoint: batch.checkpoint }
        }
        return {
          missing: false,
          columns: [],
          inFlight,
          append(batch) {
            slow.spools.push(batch.lines)
            most = Math.max(most, ++underWay)
            if (most >= slow.holdUntil) arrived()
            const committed = commit(batch, before).finally(() => underWay--)
            before = committed
            return committed
          },
          [Symbol.asyncDispose]: async () => undefined,
        }
      },
    },
  }
  return slow
}
