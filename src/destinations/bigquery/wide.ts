import { sameName } from '../../schema/system-columns.ts'
import { filterPartitions } from './bounds.ts'
import { readRows } from './query.ts'
import { quoteName } from './sql.ts'
import { readTable } from './tables.ts'
import { qualify } from './warehouse.ts'
import type { WriterState } from './writer-state.ts'

const maxExact = 2 ** 53

/**
 * Whether an integer column of the stream's table, or of the rows that collect for it, has values beyond 2^53. Reads
 * that one column, once, when its first fraction comes.
 */
export async function isWide({ warehouse, stage, listing }: WriterState, column: string): Promise<boolean> {
  const ids = [
    { dataset: warehouse.dataset, table: stage.plan.table },
    ...(listing ? [{ dataset: warehouse.staging, table: listing.table }] : []),
  ]
  for (const id of ids) {
    const live = await readTable(warehouse, id)
    if (!live?.columns.some(({ name, type }) => sameName(name, column) && type === 'integer')) continue
    const isBeyond = `T.${quoteName(column)} NOT BETWEEN -${maxExact} AND ${maxExact}`
    const where = [...filterPartitions(live.layout, live.columns), isBeyond].join(' AND ')
    const table = qualify({ client: warehouse.client, dataset: id.dataset }, id.table)
    const rows = await readRows(warehouse, {
      query: `SELECT 1 FROM ${table} AS T WHERE ${where} LIMIT 1`,
      parameters: {},
    })
    if (rows.length > 0) return true
  }
  return false
}
