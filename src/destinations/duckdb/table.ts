import { SyncError } from '../../base/errors.ts'
import type { Column } from '../../schema/types.ts'
import { compareColumns } from '../column-changes.ts'
import type { TablePlan } from '../destination.ts'
import { deletedAtColumn, isSystemColumn, systemColumnsOf, validFromColumn } from '../../schema/system-columns.ts'
import { catalog, type Session } from './database.ts'
import { beginHistory, countRepeated, endDeleted } from './history-sql.ts'
import { qualify } from './log.ts'
import { readCount } from './merge.ts'
import { quoteName } from './sql.ts'
import { fromSqlType, isArray, toSqlType } from './types.ts'

/** A table that rows go into. */
export interface Target {
  readonly schema: string
  readonly table: string
  readonly plan: TablePlan
}

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

async function createTable(session: Session, name: string, columns: readonly Column[]): Promise<void> {
  const lines = columns.map(
    ({ name, type }) => `${quoteName(name)} ${toSqlType(type)}${isArray(type) ? ' DEFAULT []' : ''}`,
  )
  await session.run(`CREATE TABLE ${name} (${lines.join(', ')})`)
}

/** Adds and widens columns so that the batch's fit. Returns the batch's columns with the types they have in the table. */
export async function prepareTable(
  session: Session,
  target: Target,
  wanted: readonly Column[],
): Promise<readonly Column[]> {
  const name = qualify(target.schema, target.table)
  const live = await readColumns(session, target.schema, target.table)
  if (!live) {
    await createTable(session, name, [...wanted, ...systemColumnsOf(target.plan)])
    return wanted
  }
  const { added, widened, loaded } = compareColumns(target.table, live, wanted)
  for (const column of added) {
    await session.run(`ALTER TABLE ${name} ADD COLUMN ${quoteName(column.name)} ${toSqlType(column.type)}`)
  }
  for (const column of widened) {
    if (column.type === 'bignumeric') await refuseFractions(session, target, column.name)
    if (column.type === 'number') await refuseRounding(session, target, live, column.name)
    await session.run(`ALTER TABLE ${name} ALTER ${quoteName(column.name)} TYPE ${toSqlType(column.type)}`)
  }
  await emptyArrays(session, name, added)
  await restoreSystemColumns(session, target, loaded)
  return loaded
}

/** DuckDB fails the COMMIT after two columns were added with a default that is no constant: it is set afterwards. */
async function emptyArrays(session: Session, name: string, added: readonly Column[]): Promise<void> {
  const arrays = added.filter(({ type }) => isArray(type)).map((column) => quoteName(column.name))
  for (const column of arrays) await session.run(`ALTER TABLE ${name} ALTER ${column} SET DEFAULT []`)
  if (arrays.length > 0) await session.run(`UPDATE ${name} SET ${arrays.map((column) => `${column} = []`).join(', ')}`)
}

/** A table of somebody else's making may lack them, and so does one whose stream has become a history. */
async function restoreSystemColumns(session: Session, target: Target, columns: readonly Column[]): Promise<void> {
  const name = qualify(target.schema, target.table)
  const begins = target.plan.write === 'scd2' && !(await hasColumn(session, target, validFromColumn))
  if (begins && (await readCount(session, countRepeated(name, target.plan))) > 0) throw refuseHistory(target)
  for (const column of systemColumnsOf(target.plan)) {
    await session.run(
      `ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${quoteName(column.name)} ${toSqlType(column.type)}`,
    )
  }
  if (!begins) return
  await session.run(beginHistory(name, target.plan, columns))
  if (await hasColumn(session, target, deletedAtColumn)) await session.run(endDeleted(name, target.plan))
}

async function hasColumn(session: Session, { schema, table }: Target, column: string): Promise<boolean> {
  const rows = await session.read(
    `SELECT 1 FROM duckdb_columns() WHERE database_name = $1 AND schema_name = $2 AND lower(table_name) = lower($3) AND column_name = $4`,
    [catalog, schema, table, column],
  )
  return rows.length > 0
}

/** The rows of a history are versions, of which a merge would keep only one of each key. Throws `CONFIG_INVALID`. */
export async function checkHistory(session: Session, target: Target): Promise<void> {
  if (target.plan.write === 'scd2' || !(await hasColumn(session, target, validFromColumn))) return
  const message = `Table ${target.table} holds a history, which write: ${target.plan.write} would mix with rows: keep write: scd2, name another table, or run once with --full-refresh, which replaces it.`
  throw new SyncError('CONFIG_INVALID', message)
}

function refuseHistory({ table }: Target): SyncError {
  const message = `Table ${table} has several rows of one key, so it cannot become a history (write: scd2): name another table.`
  return new SyncError('CONFIG_INVALID', message)
}

/** Whether an exact column has values that a double does not hold. */
export async function holdsWide(session: Session, table: string, { name, type }: Column): Promise<boolean> {
  const value = quoteName(name)
  const isRounded =
    type === 'integer'
      ? `${value} NOT BETWEEN -${maxExact} AND ${maxExact}`
      : `${value}::DOUBLE::${toSqlType(type)} <> ${value}`
  return (await session.read(`SELECT 1 FROM ${table} WHERE ${isRounded} LIMIT 1`)).length > 0
}

const maxExact = 2 ** 53

/** A double would round them without a word. */
async function refuseRounding(session: Session, target: Target, live: readonly Column[], name: string): Promise<void> {
  const { schema, table } = target
  const column = live.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (!column || !(await holdsWide(session, qualify(schema, table), column))) return
  const message = `Column ${name} of table ${table} has values that a number (a double) would round: declare it as numeric or string in the connector.`
  throw new SyncError('DESTINATION_FAILED', message)
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
