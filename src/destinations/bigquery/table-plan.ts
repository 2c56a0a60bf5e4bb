import type { Column } from '../../schema/types.ts'
import { sameName, systemColumnsOf } from '../../schema/system-columns.ts'
import { isHistory, makeHistory } from './history-begin.ts'
import { describeLayout, namePartition, planLayout, sameCluster, samePartition } from './layout.ts'
import { prepareTable, type Preparation } from './prepare.ts'
import { type LiveTable, patchTable, readTable, type TableId } from './tables.ts'
import type { WriterState } from './writer-state.ts'

/** Makes sure that a table is there and can take rows, and remembers how it stands. */
export async function prepare(
  { warehouse, stage, live }: WriterState,
  id: TableId,
  wanted: Omit<Preparation, 'labels' | 'known'>,
): Promise<LiveTable> {
  const key = `${id.dataset}.${id.table}`
  const table = await prepareTable(warehouse, id, { ...wanted, labels: stage.labels, known: live.get(key) })
  live.set(key, table)
  return table
}

/** The same for the stream's own table: with what it has beside its rows, and laid out as planned where it is new. */
export async function prepareTarget(state: WriterState, columns: readonly Column[]): Promise<LiveTable> {
  const { warehouse, stage } = state
  const { plan, labels } = stage
  const id = { dataset: warehouse.dataset, table: plan.table }
  if (plan.write === 'scd2' && !plan.staged) await becomeHistory(state, id)
  else if (plan.write === 'scd2' && plan.merges) await becomeHistory(state, id)
  const table = await prepare(state, id, {
    columns,
    own: systemColumnsOf(plan),
    more: () => describeLayout(planLayout(plan, columns)),
  })
  return applyLayout(state, id, table)

  async function becomeHistory({ live }: WriterState, target: TableId): Promise<void> {
    const found = await lookAt(state, target)
    if (!found || isHistory(found)) return
    await makeHistory(warehouse, { id: target, live: await prepare(state, target, { columns: [] }), plan, labels })
    live.delete(`${target.dataset}.${target.table}`)
  }
}

/** The table as it stood when it was last looked at, else as it stands. */
export async function lookAt({ warehouse, live }: WriterState, id: TableId): Promise<LiveTable | undefined> {
  const key = `${id.dataset}.${id.table}`
  const table = live.get(key) ?? (await readTable(warehouse, id))
  if (table) live.set(key, table)
  return table
}

/** Brings a table that is there to the layout that the plan asks for, as far as BigQuery does that. */
async function applyLayout(state: WriterState, id: TableId, table: LiveTable): Promise<LiveTable> {
  const { warehouse, stage, live } = state
  const { layout } = stage.plan
  if (!layout) return table
  const { partition, cluster } = layout
  if (partition && !samePartition(table.layout.partition, partition)) explain(state, table)
  const wanted = cluster?.filter((name) => table.columns.some((column) => sameName(column.name, name)))
  const fields = wanted && planLayout({ ...stage.plan, layout: { cluster: wanted } }, table.columns).cluster
  const lives = table.layout.partition
  const filters = partition && lives && lives.requireFilter !== partition.requireFilter
  const body = {
    ...(fields && !sameCluster(fields, table.layout.cluster) && { clustering: fields.length > 0 ? { fields } : null }),
    ...(filters && { requirePartitionFilter: partition.requireFilter }),
  }
  if (Object.keys(body).length === 0) return table
  await patchTable(warehouse, id, { body })
  live.delete(`${id.dataset}.${id.table}`)
  return (await lookAt(state, id)) ?? table
}

/** Says once what stays as it is. */
function explain(state: WriterState, { layout }: LiveTable): void {
  const { warehouse, stage } = state
  const { stream, table, layout: wanted, write } = stage.plan
  if (state.explained) return
  state.explained = true
  const way =
    write === 'scd2'
      ? 'copy it into a table that is partitioned so'
      : 'run the stream once with --full-refresh, which makes it anew'
  warehouse.log?.warn(
    { stream, table },
    `Table ${table} is ${namePartition(layout.partition)}, and BigQuery cannot change that on a table that exists: it stays so, though partition_by asks for one ${namePartition(wanted?.partition)}; to change it, ${way}.`,
  )
}
