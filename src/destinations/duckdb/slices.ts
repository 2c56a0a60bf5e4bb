import { BIGINT, LIST, listValue, VARCHAR } from '@duckdb/node-api'
import type { SliceProgress, SliceState } from '../slice-state.ts'
import type { Batch, TablePlan } from '../destination.ts'
import { slicesTable } from '../../schema/system-columns.ts'
import type { Session } from './database.ts'
import { qualify } from './log.ts'
import { quoteText } from './sql.ts'

/** A row is added for each slice that has changed; the end of a listing removes those that no longer hold. */
export async function createSlicesTable(session: Session, schema: string): Promise<void> {
  await session.run(
    `CREATE TABLE IF NOT EXISTS ${qualify(schema, slicesTable)}
     (stream VARCHAR, slice VARCHAR, progress JSON, staged BOOLEAN, seq BIGINT, run_id VARCHAR, committed_at TIMESTAMPTZ)`,
  )
}

export async function readSlices(
  session: Session,
  schema: string,
  {
    stream,
    without = [],
    staged = false,
  }: {
    readonly stream: string
    readonly without?: readonly string[] | undefined
    readonly staged?: boolean | undefined
  },
): Promise<readonly SliceState[]> {
  const rows = await session.read(
    `SELECT slice, progress FROM ${qualify(schema, slicesTable)} WHERE stream = $1 AND ${staged ? '' : 'NOT '}staged${except(without)}
     QUALIFY row_number() OVER (PARTITION BY slice ORDER BY seq DESC) = 1 ORDER BY slice`,
    [stream],
  )
  return rows.map(([slice, progress]) => ({
    slice: String(slice),
    progress: JSON.parse(String(progress)) as SliceProgress,
  }))
}

const except = (runs: readonly string[]): string =>
  runs.length === 0 ? '' : ` AND run_id NOT IN (${runs.map(quoteText).join(', ')})`

/** What a batch says of the stream's slices; `begun`: an earlier commit of this listing has staged some. */
export async function writeSlices(
  session: Session,
  schema: string,
  { plan, batch, begun }: { readonly plan: TablePlan; readonly batch: Batch; readonly begun: boolean },
): Promise<void> {
  if (!plan.slices || !batch.slices) return
  const table = qualify(schema, slicesTable)
  const { stream, staged } = plan
  const remove = (where: string) => session.run(`DELETE FROM ${table} AS t WHERE stream = $1 AND ${where}`, [stream])
  if (staged && !begun) await remove('staged')
  if (batch.forgetsSlices) await remove('NOT staged')
  if (batch.retract.length > 0) await remove(`NOT staged AND run_id IN (${batch.retract.map(quoteText).join(', ')})`)
  await insert(session, table, { plan, batch })
  if (!batch.complete) return
  if (staged) {
    await remove('NOT staged')
    await session.run(`UPDATE ${table} SET staged = false WHERE stream = $1`, [stream])
  }
  await remove(`EXISTS (SELECT 1 FROM ${table} AS later
    WHERE later.stream = t.stream AND later.slice = t.slice AND later.seq > t.seq)`)
}

async function insert(
  session: Session,
  table: string,
  { plan, batch: { slices = [], seq } }: { readonly plan: TablePlan; readonly batch: Batch },
): Promise<void> {
  if (slices.length === 0) return
  await session.run(
    `INSERT INTO ${table} SELECT $1, unnest($2), unnest($3)::JSON, ${plan.staged}, $4, $5, now()`,
    [
      plan.stream,
      listValue(slices.map(({ slice }) => slice)),
      listValue(slices.map(({ progress }) => JSON.stringify(progress))),
      BigInt(seq),
      plan.runId,
    ],
    [VARCHAR, LIST(VARCHAR), LIST(VARCHAR), BIGINT, VARCHAR],
  )
}
