import type { Batch } from '../destination.ts'
import type { Stage, StagedBatch } from './staging.ts'
import type { LiveTable } from './tables.ts'
import type { Warehouse } from './warehouse.ts'

/** What a writer knows between its commits. */
export interface WriterState {
  readonly warehouse: Warehouse
  readonly stage: Stage
  /** Tells this log from another of the same name. */
  readonly log: string
  /** Tables as they stood when they were last looked at, by name. */
  readonly live: Map<string, LiveTable>
  /** Loads a batch once more, as what it was staged in is gone. */
  readonly restage: (batch: Batch) => Promise<StagedBatch>
  /** Where the rows of a listing collect that is to replace the table; `begun` once a commit has put rows there. */
  listing: { readonly table: string; begun: boolean } | undefined
  /** Whether it was said that the table is not laid out as planned. */
  explained: boolean
}

/** Batches that are committed together: in order, without a gap. */
export interface Group {
  readonly batches: readonly { readonly batch: Batch; staged: StagedBatch }[]
}
