import { SyncError } from '../../base/errors.ts'
import type { Destination, TablePlan } from '../destination.ts'
import type { DuckdbSpec } from './definition.ts'
import { openDatabase } from './database.ts'
import { createLogTables, readPosition, readPositions, readRuns, saveRun } from './log.ts'
import { schemaOf } from './schema.ts'
import { createSlicesTable, readSlices } from './slices.ts'
import { openWriter } from './writer.ts'

/**
 * Tables in a DuckDB file, in the schema of the connector. Rows and checkpoint commit in one transaction; one process
 * at a time can write, the runs of one process take turns.
 */
export async function openDuckdb(spec: DuckdbSpec, connectorName: string): Promise<Destination> {
  const schema = schemaOf(spec, connectorName)
  const database = await openDatabase(spec.path)
  try {
    await database.transact(async (session) => {
      await createLogTables(session, schema)
      await createSlicesTable(session, schema)
    })
  } catch (thrown) {
    await database[Symbol.asyncDispose]()
    throw thrown
  }
  return {
    guarantee: 'exactly-once',
    batchAge: 5_000,
    exclusive: true,
    readPosition: (stream) => database.use((session) => readPosition(session, schema, stream)),
    readSlices: (stream, without, staged) =>
      database.use((session) => readSlices(session, schema, { stream, without, staged })),
    async openTable(plan) {
      checkTable(plan)
      return openWriter(database, schema, plan)
    },
    saveRun: (run) => database.transact((session) => saveRun(session, schema, run)),
    recentRuns: (limit, filter) => database.use((session) => readRuns(session, schema, { limit, ...filter })),
    positions: () => database.use((session) => readPositions(session, schema)),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}

function checkTable({ stream, table }: TablePlan): void {
  if (!/^_headrace_/i.test(table)) return
  throw new SyncError(
    'CONFIG_INVALID',
    `Stream ${stream} cannot write to ${table}: names that begin with _headrace_ are taken.`,
  )
}
