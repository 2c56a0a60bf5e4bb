import { SyncError } from '../../base/errors.ts'
import type { TablePlan } from '../destination.ts'
import { deletedAtColumn, sameName, validToColumn } from '../../schema/system-columns.ts'
import { filterPartitions } from './bounds.ts'
import { beginHistory, countRepeated } from './history-sql.ts'
import { failureOf, queryConfiguration, runJob } from './jobs.ts'
import { shortHash } from './labels.ts'
import { readRows } from './query.ts'
import type { LiveTable, TableId } from './tables.ts'
import { qualify, type Warehouse } from './warehouse.ts'

export function isHistory({ fields }: LiveTable): boolean {
  return fields.some(({ name }) => sameName(name, validToColumn))
}

/** The rows of a history are versions, of which a merge would keep only one of each key. Throws `CONFIG_INVALID`. */
export function checkHistory({ table, write }: TablePlan, live: LiveTable | undefined): void {
  if (write === 'scd2' || !live || !isHistory(live)) return
  const message = `Table ${table} holds a history, which write: ${write} would mix with rows: keep write: scd2, name another table, or run once with --full-refresh, which replaces it.`
  throw new SyncError('CONFIG_INVALID', message)
}

export interface HistoryConversion {
  readonly id: TableId
  readonly live: LiveTable
  readonly plan: TablePlan
  readonly labels: Readonly<Record<string, string>>
}

/** Makes the rows of a table the first versions of a history. Throws `CONFIG_INVALID` where a key has several rows. */
export async function makeHistory(warehouse: Warehouse, { id, live, plan, labels }: HistoryConversion): Promise<void> {
  const table = qualify({ client: warehouse.client, dataset: id.dataset }, id.table)
  const filter = filterPartitions(live.layout, live.columns)
  const query = countRepeated({ table, keys: plan.primaryKey, columns: live.columns, filter })
  const [row] = await readRows(warehouse, { query, parameters: {} })
  if (Number(row?.[0] ?? 0) > 0) throw refuseHistory(plan)
  const marked = live.fields.some(({ name }) => sameName(name, deletedAtColumn))
  const sql = {
    query: beginHistory(plan, { table, columns: live.columns, filter, marked }),
    parameters: { loaded_at: { type: 'STRING', value: plan.loadedAt } },
  } as const
  const job = await runJob(warehouse, {
    id: `headrace-history-${shortHash(`${table} ${live.etag} ${live.created} ${plan.runId}`, 24)}`,
    labels,
    configuration: queryConfiguration(warehouse, sql),
  })
  const failure = failureOf(job)
  if (failure) throw failure
}

function refuseHistory({ table }: TablePlan): SyncError {
  const message = `Table ${table} has several rows of one key, so it cannot become a history (write: scd2): name another table.`
  return new SyncError('CONFIG_INVALID', message)
}
