import { SyncError } from '../../base/errors.ts'
import type { Column } from '../../schema/types.ts'
import { compareColumns, keptColumns, mergeColumns } from '../column-changes.ts'
import { withCursorUnit } from '../cursor-unit.ts'
import type { Batch } from '../destination.ts'
import { commitsTable, rejectsTable, sameName, systemColumns } from '../../schema/system-columns.ts'
import { filterPartitions } from './bounds.ts'
import type { CommitPlan, Rebuild, Retract, Write } from './commit-script.ts'
import { isHistory } from './history-begin.ts'
import { keepLayout, planLayout, samePartition, spellLayout } from './layout.ts'
import { listingExpiration, nameListing } from './listing.ts'
import { planKeys, planMerge, planReplacement } from './merge-plan.ts'
import { listingColumns, type Source } from './rows-sql.ts'
import { planSlices } from './slices-sql.ts'
import { guardShrink } from './shrink-sql.ts'
import { lookAt, prepare, prepareTarget } from './table-plan.ts'
import { type LiveTable, readTable } from './tables.ts'
import { qualify } from './warehouse.ts'
import type { Group, WriterState } from './writer-state.ts'

/** Brings the tables into the state that the group's rows need, and says what its script is to do. */
export async function planCommit(state: WriterState, group: Group): Promise<CommitPlan> {
  const { warehouse, stage } = state
  const { stream, runId, loadedAt } = stage.plan
  const write = await planWrite(state, group)
  return {
    log: qualify(warehouse, commitsTable),
    stream,
    runId,
    loadedAt,
    commits: group.batches.map(({ batch }) => ({
      seq: batch.seq,
      checkpoint: JSON.stringify(batch.checkpoint),
      rows: batch.rows,
    })),
    retract: await planRetract(state, group),
    write,
    slices: planSlices(warehouse, stage.plan, group),
    rejects: {
      table: qualify(warehouse, rejectsTable),
      staged: group.batches.flatMap(({ batch, staged }) =>
        staged.rejects === undefined ? [] : [{ table: staged.rejects, seq: batch.seq }],
      ),
    },
  }
}

async function planRetract(state: WriterState, { batches }: Group): Promise<Retract | undefined> {
  const { warehouse, stage } = state
  const { table } = stage.plan
  const runs = batches.flatMap(({ batch }) => batch.retract)
  const live = runs.length > 0 ? await lookAt(state, { dataset: warehouse.dataset, table }) : undefined
  return live && { table: qualify(warehouse, table), runs, filter: filterPartitions(live.layout, live.columns) }
}

async function planWrite(state: WriterState, group: Group): Promise<Write | undefined> {
  const { warehouse, stage } = state
  const { plan } = stage
  const sources = group.batches.flatMap(({ staged }) => staged.source ?? [])
  const columns = group.batches.at(-1)?.batch.columns ?? []
  if (plan.staged) return planListing(state, group, { sources, columns })
  // An empty listing of a stream that never had a row: there is no column to make a table of.
  if (sources.length === 0 && columns.length === 0) return undefined
  const live = await prepareTarget(state, columns)
  if (sources.length === 0) return undefined
  const table = qualify(warehouse, plan.table)
  if (!stage.keyed) return { kind: 'append', target: { table, columns: live.columns }, sources }
  const timed = withCursorUnit(plan, group.batches.at(-1)?.batch)
  return planMerge(timed, { table, live, keys: planKeys(timed, live.columns), sources, whole: false })
}

interface Rows {
  readonly sources: readonly Source[]
  readonly columns: readonly Column[]
}

async function planListing(state: WriterState, { batches }: Group, rows: Rows): Promise<Write | undefined> {
  const { warehouse, stage } = state
  const { staging, client } = warehouse
  const last = batches.at(-1)?.batch
  if (last?.complete) {
    const all = await gatherListing(state, rows)
    return stage.plan.merges ? mergeListing(state, all, last) : replaceByListing(state, all, last)
  }
  if (batches.every(({ batch }) => batch.announcement)) return undefined
  state.listing ??= { table: nameListing(stage.plan, batches[0]?.batch.seq ?? 0), begun: false }
  const id = { dataset: staging, table: state.listing.table }
  const live = await prepare(state, id, {
    columns: rows.columns,
    own: stage.keyed ? [...systemColumns, ...listingColumns] : systemColumns,
    more: () => ({ expirationTime: String(client.effects.now() + listingExpiration) }),
  })
  if (rows.sources.length === 0) return undefined
  const target = { table: qualify({ client, dataset: id.dataset }, id.table), columns: withoutOwn(live.columns) }
  return { kind: stage.keyed ? 'collect' : 'append', target, sources: rows.sources }
}

/** What was staged of a listing that is complete, and what comes last. */
async function gatherListing(state: WriterState, { sources, columns }: Rows): Promise<Rows & { isKnown: boolean }> {
  const { warehouse, stage, listing } = state
  const staged = listing?.begun ? await lookAt(state, { dataset: warehouse.staging, table: listing.table }) : undefined
  if (!staged || !listing) return { sources, columns, isKnown: false }
  const stagedColumns = withoutOwn(staged.columns)
  const table = qualify({ ...warehouse, dataset: warehouse.staging }, listing.table)
  return {
    sources: [{ table, columns: stagedColumns, seq: undefined }, ...sources],
    columns: mergeColumns(stage.plan.table, stagedColumns, columns),
    isKnown: true,
  }
}

/** The listing is complete: it becomes the table. */
async function replaceByListing(
  state: WriterState,
  { sources, columns: wanted, isKnown }: Rows & { readonly isKnown: boolean },
  last: Batch,
): Promise<Write | undefined> {
  const { warehouse, stage } = state
  const { plan, keyed } = stage
  const id = { dataset: warehouse.dataset, table: plan.table }
  const live = await readTable(warehouse, id)
  if (!live && wanted.length === 0 && sources.length === 0 && !isKnown) return undefined
  const columns = mergeColumns(plan.table, wanted, live ? keptColumns(live.columns, wanted) : [])
  const rebuild = live && planRebuild(state, { live, wanted, columns })
  const target = {
    table: qualify(warehouse, id.table),
    columns: rebuild ? columns : (await prepareTarget(state, wanted)).columns,
  }
  const keys = keyed ? planKeys(withCursorUnit(plan, last), target.columns) : undefined
  const rows = keys && plan.deletes && planReplacement(plan, target.columns, { keys, sources })
  const guard = live && guardShrink(plan, { table: target.table, live, columns: target.columns, keys, sources })
  return { kind: 'replace', target, sources, keys, rebuild, rows, guard }
}

/** A table that is replaced as a whole may become what no table that stays can. */
function planRebuild(
  { stage }: WriterState,
  {
    live,
    wanted,
    columns,
  }: { readonly live: LiveTable; readonly wanted: readonly Column[]; readonly columns: readonly Column[] },
): Rebuild | undefined {
  const { plan } = stage
  const layout = planLayout(plan, columns)
  const isOther = plan.layout?.partition !== undefined && !samePartition(live.layout.partition, layout.partition)
  if (canTake(plan.table, live, wanted) && !isHistory(live) && !isOther) return undefined
  const kept = plan.layout?.partition ? layout : keepLayout(live.layout, layout, columns)
  return { layout: spellLayout(kept, columns), drops: !samePartition(live.layout.partition, kept.partition) }
}

/** The listing is complete: it is merged into the table. */
async function mergeListing(
  state: WriterState,
  { sources, columns, isKnown }: Rows & { readonly isKnown: boolean },
  last: Batch,
) {
  const { warehouse, stage } = state
  const plan = withCursorUnit(stage.plan, last)
  const id = { dataset: warehouse.dataset, table: plan.table }
  const isNew = (await lookAt(state, id)) === undefined
  if (isNew && columns.length === 0 && sources.length === 0 && !isKnown) return undefined
  const live = await prepareTarget(state, columns)
  const table = qualify(warehouse, plan.table)
  const keys = planKeys(plan, live.columns)
  const whole = last.whole === true && !isNew
  return planMerge(plan, { table, live, keys, sources, whole })
}

function canTake(table: string, live: LiveTable, wanted: readonly Column[]): boolean {
  try {
    compareColumns(table, live.columns, wanted)
    return true
  } catch (thrown) {
    if (thrown instanceof SyncError) return false
    throw thrown
  }
}

/** Of a listing's table: the columns that the provider's rows have. */
export const withoutOwn = (columns: readonly Column[]): readonly Column[] =>
  columns.filter(({ name }) => !listingColumns.some((own) => sameName(own.name, name)))
