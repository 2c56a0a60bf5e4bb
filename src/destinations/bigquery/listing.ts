import type { TablePlan } from '../destination.ts'
import { shortHash } from './labels.ts'
import { readCommitter } from './log.ts'
import { listTables } from './tables.ts'
import type { Warehouse } from './warehouse.ts'

/** How long the rows of a listing that nobody goes on with are kept, in milliseconds. */
export const listingExpiration = 7 * 24 * 3_600_000

/**
 * Where the rows of a listing collect that will replace the table as a whole. A table for each listing, named after the
 * commit that began it: what an earlier listing staged stays as it is until this one has committed, and two runs that
 * race never write to one table.
 */
export function nameListing({ table, runId }: Pick<TablePlan, 'table' | 'runId'>, firstSeq: number): string {
  return `${table}_listing_${firstSeq}_${shortHash(runId, 8)}`
}

/** The table of the listing that the plan's position lies in; undefined where it is gone. */
export async function findListing(warehouse: Warehouse, plan: TablePlan): Promise<string | undefined> {
  const pattern = new RegExp(`^${plan.table}_listing_(\\d+)_[0-9a-f]{8}$`)
  const begun = (await listTables(warehouse, warehouse.staging))
    .flatMap((name) => {
      const [, seq] = pattern.exec(name) ?? []
      return seq === undefined ? [] : [{ name, seq: Number(seq) }]
    })
    // One that begins later was never committed.
    .filter(({ seq }) => seq <= plan.position.seq)
    .toSorted((a, b) => b.seq - a.seq)
  const seq = begun[0]?.seq
  if (seq === undefined) return undefined
  const runId = await readCommitter(warehouse, plan.stream, seq)
  const wanted = runId === undefined ? undefined : nameListing({ table: plan.table, runId }, seq)
  return begun.find(({ name }) => name === wanted)?.name
}
