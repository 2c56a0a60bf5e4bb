import type { CommitEstimate, TablePlan } from '../destination.ts'
import { filterPartitions } from './bounds.ts'
import { jobReply } from './replies.ts'
import { quoteName } from './sql.ts'
import { readTable } from './tables.ts'
import { toSqlType } from './types.ts'
import { toDollars } from './usage.ts'
import { qualify, type Warehouse } from './warehouse.ts'

/**
 * What BigQuery says that a commit into the table will read of it, by a dry run of its MERGE with no row: an upper
 * bound, free of charge. Undefined where the table does not exist, or is not merged into.
 */
export async function estimateCommit(
  warehouse: Warehouse,
  { table, primaryKey }: Pick<TablePlan, 'table' | 'primaryKey'>,
  usdPerTib: number,
): Promise<CommitEstimate | undefined> {
  const live = await readTable(warehouse, { dataset: warehouse.dataset, table })
  if (!live || primaryKey.length === 0) return undefined
  const nothing = live.columns.map(({ name, type }) => `CAST(NULL AS ${toSqlType(type)}) AS ${quoteName(name)}`)
  const keys = primaryKey.map((key) => `T.${quoteName(key)} = S.${quoteName(key)}`)
  const on = [...keys, ...filterPartitions(live.layout, live.columns)]
  const set = live.columns.map(({ name }) => `${quoteName(name)} = S.${quoteName(name)}`)
  const query = `MERGE INTO ${qualify(warehouse, table)} AS T USING (SELECT ${nothing.join(', ')} LIMIT 0) AS S ON ${on.join(' AND ')}
WHEN MATCHED THEN UPDATE SET ${set.join(', ')}`
  const location = await warehouse.findLocation()
  const job = await warehouse.client.call(
    {
      method: 'POST',
      path: '/jobs',
      body: {
        jobReference: { projectId: warehouse.client.project, ...(location !== undefined && { location }) },
        configuration: { dryRun: true, query: { query, useLegacySql: false } },
      },
    },
    jobReply,
  )
  const bytes = job.statistics.totalBytesProcessed
  return { bytes, usd: toDollars(bytes, usdPerTib) }
}
