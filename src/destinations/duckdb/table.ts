import { SyncError } from '../../errors.ts'
import type { Column } from '../../schema/types.ts'
import { compareColumns } from '../column-changes.ts'
import { isSystemColumn, systemColumns } from '../system.ts'
import { catalog, type Session } from './database.ts'
import { qualify } from './log-tables.ts'
import { quoteName } from './sql.ts'
import { fromSqlType, toSqlType } from './types.ts'

/** The live columns of a table, system columns left out; undefined where there is no such table. */
export async function readColumns(
  session: Session,
  schema: string,
  table: string,
): Promise<readonly Column[] | undefined> {
  const rows = await session.read(
    `SELECT column_name, data_type FROM duckdb_columns()
     WHERE database_name = $1 AND schema_name = $2 AND lower(table_name) = lower($3) ORDER BY column_index`,
    [catalog, schema, table],
  )
  if (rows.length === 0) return undefined
  return rows
    .map(([name, type]) => ({ name: String(name), type: fromSqlType(String(type)) }))
    .filter(({ name }) => !isSystemColumn(name))
}

export async function createTable(session: Session, name: string, columns: readonly Column[]): Promise<void> {
  const lines = [...columns, ...systemColumns].map(({ name, type }) => `${quoteName(name)} ${toSqlType(type)}`)
  await session.run(`CREATE TABLE ${name} (${lines.join(', ')})`)
}

/** Adds and widens columns so that the batch's fit. Returns the batch's columns with the types they have in the table. */
export async function prepareTable(
  session: Session,
  target: { readonly schema: string; readonly table: string },
  wanted: readonly Column[],
): Promise<readonly Column[]> {
  const name = qualify(target.schema, target.table)
  const live = await readColumns(session, target.schema, target.table)
  if (!live) {
    await createTable(session, name, wanted)
    return wanted
  }
  const { added, widened, loaded } = compareColumns(target.table, live, wanted)
  for (const column of added) {
    await session.run(`ALTER TABLE ${name} ADD COLUMN ${quoteName(column.name)} ${toSqlType(column.type)}`)
  }
  for (const column of widened) {
    if (column.type === 'bignumeric') await refuseFractions(session, target, column.name)
    await session.run(`ALTER TABLE ${name} ALTER ${quoteName(column.name)} TYPE ${toSqlType(column.type)}`)
  }
  await restoreSystemColumns(session, target)
  return loaded
}

/** A table of somebody else's making may lack them. */
async function restoreSystemColumns(session: Session, target: { readonly schema: string; readonly table: string }) {
  const name = qualify(target.schema, target.table)
  for (const column of systemColumns) {
    await session.run(
      `ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${quoteName(column.name)} ${toSqlType(column.type)}`,
    )
  }
}

/** HUGEINT holds what lies beyond DECIMAL(38,9), but no fraction; the cast would round without a word. */
async function refuseFractions(
  session: Session,
  { schema, table }: { readonly schema: string; readonly table: string },
  column: string,
): Promise<void> {
  const name = quoteName(column)
  const rows = await session.read(`SELECT 1 FROM ${qualify(schema, table)} WHERE ${name} <> trunc(${name}) LIMIT 1`)
  if (rows.length === 0) return
  const message = `Column ${column} of table ${table} holds fractions and cannot take integers beyond 38 digits: declare it as string in the connector.`
  throw new SyncError('DESTINATION_FAILED', message)
}
