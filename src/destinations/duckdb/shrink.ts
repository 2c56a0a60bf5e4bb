import type { TablePlan } from '../destination.ts'
import { checkShrink } from '../shrink.ts'
import { deletedAtColumn, validToColumn } from '../../schema/system-columns.ts'
import { catalog, type Session } from './database.ts'
import { qualify } from './log.ts'
import { readCount } from './merge.ts'
import { quoteName } from './sql.ts'

/** Throws `TABLE_SHRINKS` where the staged rows are too few to replace the table; those that are deleted in it do not count. */
export async function checkReplacement(
  session: Session,
  { schema, plan, fresh }: { readonly schema: string; readonly plan: TablePlan; readonly fresh: number },
): Promise<void> {
  if (plan.maxShrink === undefined) return
  const columns = await session.read(
    `SELECT column_name FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2 AND lower(table_name) = lower($3)`,
    [catalog, schema, plan.table],
  )
  if (columns.length === 0) return
  const marks = [deletedAtColumn, validToColumn].filter((name) => columns.some(([column]) => column === name))
  const alive = marks.map((name) => `${quoteName(name)} IS NULL`).join(' AND ') || 'true'
  const stored = await readCount(session, `SELECT count(*) FROM ${qualify(schema, plan.table)} WHERE ${alive}`)
  checkShrink(plan, { stored, fresh })
}
