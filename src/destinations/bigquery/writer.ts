import { randomBytes } from 'node:crypto'
import { SyncError } from '../../base/errors.ts'
import type { Column } from '../../schema/types.ts'
import { mergeColumns } from '../column-changes.ts'
import { withoutOwn } from './commit-plan.ts'
import type { Batch, TablePlan, TableWriter } from '../destination.ts'
import { isChunk } from '../marks.ts'
import { commitGroup, refuseResume } from './committer.ts'
import { createMainDataset, createStagingDataset } from './datasets.ts'
import { toFailure } from './failures.ts'
import { checkHistory } from './history-begin.ts'
import { jobLabels } from './jobs.ts'
import { findListing, listingExpiration } from './listing.ts'
import { createLogTables, restoreLogTables } from './log.ts'
import { dropStaged, type Stage, stageBatch, type StagedBatch } from './staging.ts'
import { patchTable, readTable } from './tables.ts'
import type { Warehouse } from './warehouse.ts'
import { isWide } from './wide.ts'
import type { WriterState } from './writer-state.ts'

/** Batches under way at once: each is loaded while the ones before it are loaded or committed. */
export const inFlight = 4

interface Entry {
  readonly batch: Batch
  readonly staging: Promise<StagedBatch>
  /** Set once the batch is staged. */
  staged?: StagedBatch
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** Opens a table for writing; creates the dataset and the log where they are missing, and nothing else. */
export async function openWriter(warehouse: Warehouse, plan: TablePlan): Promise<TableWriter> {
  await createMainDataset(warehouse)
  const [log] = await Promise.all([createLogTables(warehouse), createStagingDataset(warehouse)])
  // A log of an earlier version has no table for them.
  if (plan.slices) await restoreLogTables(warehouse)
  const cancel = new AbortController()
  const keyed = plan.primaryKey.length > 0 && (plan.staged || plan.write !== 'append')
  const stage: Stage = {
    warehouse,
    plan,
    writer: randomBytes(8).toString('hex'),
    labels: jobLabels(warehouse.connector, plan.stream, plan.runId),
    keyed,
    tables: new Set(),
    signal: cancel.signal,
  }
  const state: WriterState = {
    warehouse,
    stage,
    log,
    live: new Map(),
    restage: (batch) => stageBatch(stage, batch),
    listing: undefined,
    explained: false,
  }
  const live = await readTarget(state)
  const columns = plan.staged && plan.resumed ? await resumeListing(state, live) : live
  // A table may have to be made again, which no transaction takes back.
  const announces = plan.staged && !plan.merges && plan.write !== 'replace'
  const queue: Entry[] = []
  let failure: unknown
  let failed = false
  let committing: Promise<void> | undefined
  const dropping = new Set<Promise<void>>()

  return {
    missing: !state.live.has(`${warehouse.dataset}.${plan.table}`),
    columns,
    inFlight,
    needsRefreshMarker: announces,
    isWide: (column) => isWide(state, column),
    append(batch) {
      if (failed) return Promise.reject(failure as Error)
      return new Promise<void>((resolve, reject) => {
        const entry: Entry = { batch, staging: stageBatch(stage, batch), resolve, reject }
        entry.staging.then(
          (staged) => (entry.staged = staged),
          () => undefined,
        )
        queue.push(entry)
        committing ??= commitAll()
      })
    },
    async [Symbol.asyncDispose]() {
      if (queue.length > 0) fail(new SyncError('INTERNAL', 'The table was closed before its batches were committed.'))
      await committing
      await Promise.all(dropping)
      await dropStaged(stage, [...stage.tables])
    },
  }

  /** Commits what is staged, in order, until nothing is left; never throws, as the failure is that of the batches. */
  async function commitAll(): Promise<void> {
    while (queue.length > 0) {
      const group: Entry[] = []
      try {
        group.push(...(await nextGroup(queue, announces)))
        const batches = group.map((entry) => ({ batch: entry.batch, staged: entry.staged as StagedBatch }))
        await commitGroup(state, { batches })
        noteListing(state, group)
        queue.splice(0, group.length)
        drop(batches.flatMap(({ staged }) => staged.tables))
        for (const entry of group) entry.resolve()
      } catch (thrown) {
        fail(await toFailure(warehouse, thrown, `the rows of stream ${plan.stream}`))
        const entries = queue.splice(0)
        // Their rows may be read until the loads have stopped.
        await Promise.allSettled(entries.map(({ staging }) => staging))
        for (const entry of entries) entry.reject(failure)
      }
    }
    // In the same step in which the queue was found empty: a batch that comes later finds nobody at work.
    committing = undefined
  }

  function fail(reason: unknown): void {
    if (failed) return
    failed = true
    failure = reason
    cancel.abort(reason)
  }

  function drop(tables: readonly string[]): void {
    const task = dropStaged(stage, tables).finally(() => dropping.delete(task))
    dropping.add(task)
  }
}

/** The first batch of the queue, and those behind it that are staged already. */
async function nextGroup(queue: readonly Entry[], announces: boolean): Promise<readonly Entry[]> {
  const [first] = queue
  if (!first) return []
  await first.staging
  const end = queue.findIndex(
    (entry, at) => at > 0 && (!entry.staged || mustBeFirst(queue, at) || (announces && entry.batch.complete)),
  )
  return queue.slice(0, end < 0 ? queue.length : end)
}

/**
 * What a batch takes back must not be what is committed with it, a listing that ends is followed by another, and a request holds
 * so many marks only.
 */
function mustBeFirst(queue: readonly Entry[], at: number): boolean {
  const batch = queue[at]?.batch
  return (
    (batch?.retract.length ?? 0) > 0 ||
    batch?.slices?.some(isChunk) === true ||
    (queue[at - 1]?.batch.complete ?? false)
  )
}

function noteListing(state: WriterState, group: readonly Entry[]): void {
  if (!state.stage.plan.staged) return
  if (group.at(-1)?.batch.complete) {
    if (state.listing) state.stage.tables.add(state.listing.table)
    state.listing = undefined
  } else if (state.listing) state.listing.begun = true
}

/** The columns of the stream's own table. Throws `CONFIG_INVALID` where it holds what cannot be written so. */
async function readTarget({ warehouse, stage, live }: WriterState): Promise<readonly Column[]> {
  const id = { dataset: warehouse.dataset, table: stage.plan.table }
  const table = await readTable(warehouse, id)
  if (table) live.set(`${id.dataset}.${id.table}`, table)
  if (!stage.plan.staged || stage.plan.merges) checkHistory(stage.plan, table)
  return table?.columns ?? []
}

async function resumeListing(state: WriterState, target: readonly Column[]): Promise<readonly Column[]> {
  const { warehouse, stage } = state
  const table = await findListing(warehouse, stage.plan)
  const id = { dataset: warehouse.staging, table: table ?? '' }
  const live = table === undefined ? undefined : await readTable(warehouse, id)
  if (!live) throw refuseResume(state, `${stage.plan.table}_listing`)
  const expirationTime = String(warehouse.client.effects.now() + listingExpiration)
  await patchTable(warehouse, id, { body: { expirationTime } })
  state.listing = { table: id.table, begun: true }
  const staged = withoutOwn(live.columns)
  return stage.plan.merges ? mergeColumns(stage.plan.table, target, staged) : staged
}
