import type { WarehouseUsage } from '../destination.ts'
import type { JobReply, RowsReply } from './replies.ts'

/** Dollars for a TiB that on-demand queries process, in the US; see https://cloud.google.com/bigquery/pricing (since 2023-07-05). */
export const listPricePerTib = 6.25

/** What the jobs of one run have cost so far. */
export interface Usage {
  add(spent: Spent): void
  /** Undefined where no job has run. */
  total(): WarehouseUsage | undefined
}

export interface Spent {
  readonly bytesProcessed: number
  readonly bytesBilled: number
  readonly slotMs: number
}

export function createUsage(usdPerTib: number): Usage {
  let jobs = 0
  let bytesProcessed = 0
  let bytesBilled = 0
  let slotMs = 0
  return {
    add(spent) {
      jobs += 1
      bytesProcessed += spent.bytesProcessed
      bytesBilled += spent.bytesBilled
      slotMs += spent.slotMs
    },
    total() {
      if (jobs === 0) return undefined
      return {
        jobs,
        bytes_processed: bytesProcessed,
        bytes_billed: bytesBilled,
        slot_ms: slotMs,
        estimated_usd: toDollars(bytesBilled, usdPerTib),
        usd_per_tib: usdPerTib,
      }
    },
  }
}

/** To a millionth of a dollar. */
export function toDollars(bytes: number, usdPerTib: number): number {
  return Math.round((bytes / 2 ** 40) * usdPerTib * 1e6) / 1e6
}

/** Load jobs are free of charge. */
export function spentOnJob({ statistics }: JobReply): Spent {
  return {
    bytesProcessed: statistics.totalBytesProcessed,
    bytesBilled: statistics.query?.totalBytesBilled ?? 0,
    slotMs: statistics.totalSlotMs,
  }
}

export function spentOnRows({ totalBytesProcessed, totalBytesBilled, totalSlotMs }: RowsReply): Spent {
  return {
    bytesProcessed: totalBytesProcessed,
    bytesBilled: totalBytesBilled ?? totalBytesProcessed,
    slotMs: totalSlotMs,
  }
}
