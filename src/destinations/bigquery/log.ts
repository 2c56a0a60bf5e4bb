import { type Checkpoint, fresh } from '../checkpoint.ts'
import { type RunRecord, runRecord } from '../run-record.ts'
import type { SliceState } from '../slice-state.ts'
import type { Position, RunFilter } from '../destination.ts'
import { commitsTable, rejectsTable, runsTable, slicesTable } from '../../schema/system-columns.ts'
import { createMainDataset } from './datasets.ts'
import { failureOf, jobLabels, queryConfiguration, runJob } from './jobs.ts'
import { shortHash } from './labels.ts'
import { readRows, type TextRow } from './query.ts'
import { isNotFound, isPassing } from './service-error.ts'
import { selectSlices, toSliceState } from './slices-sql.ts'
import { quoteName, type Sql } from './sql.ts'
import { createTable, readTable } from './tables.ts'
import { qualify, type Warehouse } from './warehouse.ts'

type Fields = readonly (readonly [name: string, type: string])[]

const commitFields: Fields = [
  ['stream', 'STRING'],
  ['seq', 'INT64'],
  ['run_id', 'STRING'],
  ['checkpoint', 'JSON'],
  ['rows', 'INT64'],
  ['committed_at', 'TIMESTAMP'],
]
const runFields: Fields = [
  ['run_id', 'STRING'],
  ['connector', 'STRING'],
  ['trigger', 'STRING'],
  ['status', 'STRING'],
  ['started_at', 'TIMESTAMP'],
  ['finished_at', 'TIMESTAMP'],
  ['record', 'JSON'],
]
const rejectFields: Fields = [
  ['stream', 'STRING'],
  ['seq', 'INT64'],
  ['run_id', 'STRING'],
  ['reason', 'STRING'],
  ['row', 'STRING'],
  ['rejected_at', 'TIMESTAMP'],
]

const sliceFields: Fields = [
  ['stream', 'STRING'],
  ['slice', 'STRING'],
  ['progress', 'JSON'],
  ['staged', 'BOOL'],
  ['seq', 'INT64'],
  ['run_id', 'STRING'],
  ['committed_at', 'TIMESTAMP'],
]

/** The last commit of a stream, and every statement that asks for one stream, reads one block of the log. */
const logTables: readonly (readonly [table: string, fields: Fields, more: object])[] = [
  [commitsTable, commitFields, { clustering: { fields: ['stream', 'seq'] } }],
  [runsTable, runFields, { timePartitioning: { type: 'MONTH', field: 'started_at' } }],
  [
    rejectsTable,
    rejectFields,
    { timePartitioning: { type: 'MONTH', field: 'rejected_at' }, clustering: { fields: ['stream'] } },
  ],
  [slicesTable, sliceFields, { clustering: { fields: ['stream', 'slice'] } }],
]

/**
 * Creates the log where it is missing. Resolves with what tells this log from another of the same name, such as one
 * that was dropped and made again.
 */
export async function createLogTables(warehouse: Warehouse): Promise<string> {
  const { dataset } = warehouse
  const found = await readTable(warehouse, { dataset, table: commitsTable })
  if (found) return found.created
  await restoreLogTables(warehouse)
  return (await readTable(warehouse, { dataset, table: commitsTable }))?.created ?? ''
}

/** Creates those of the log's tables that are missing. */
export async function restoreLogTables(warehouse: Warehouse): Promise<void> {
  const { dataset } = warehouse
  for (const [table, fields, more] of logTables) {
    await createTable(warehouse, { dataset, table }, { fields: fields.map(([name, type]) => ({ name, type })), more })
  }
}

export async function readPosition(warehouse: Warehouse, stream: string): Promise<Position> {
  const [row] = await readLog(warehouse, lastCommit(warehouse, stream))
  return row ? { seq: Number(row[0]), checkpoint: parseCheckpoint(row[1]) } : { seq: 0, checkpoint: fresh }
}

export async function readSlices(
  warehouse: Warehouse,
  stream: string,
  rows: Parameters<typeof selectSlices>[2],
): Promise<readonly SliceState[]> {
  return (await readLog(warehouse, selectSlices(warehouse, stream, rows))).map(toSliceState)
}

function lastCommit(warehouse: Warehouse, stream: string): Sql {
  return {
    query: `SELECT seq, TO_JSON_STRING(checkpoint) FROM ${qualify(warehouse, commitsTable)} WHERE stream = @stream ORDER BY seq DESC LIMIT 1`,
    parameters: { stream: { type: 'STRING', value: stream } },
  }
}

/** The run that made a commit; undefined where there is no such commit. */
export async function readCommitter(warehouse: Warehouse, stream: string, seq: number): Promise<string | undefined> {
  const sql: Sql = {
    query: `SELECT run_id FROM ${qualify(warehouse, commitsTable)} WHERE stream = @stream AND seq = @seq LIMIT 1`,
    parameters: { stream: { type: 'STRING', value: stream }, seq: { type: 'INT64', value: String(seq) } },
  }
  const [row] = await readLog(warehouse, sql)
  return row?.[0] ?? undefined
}

export async function readPositions(warehouse: Warehouse) {
  const query = `SELECT stream, seq, TO_JSON_STRING(checkpoint), UNIX_MICROS(committed_at) FROM ${qualify(warehouse, commitsTable)}
WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY stream ORDER BY seq DESC) = 1 ORDER BY stream`
  const rows = await readLog(warehouse, { query, parameters: {} })
  return rows.map(([stream, seq, checkpoint, at]) => ({
    stream: String(stream),
    seq: Number(seq),
    checkpoint: parseCheckpoint(checkpoint),
    committedAt: new Date(Number(BigInt(at ?? '0') / 1000n)).toISOString(),
  }))
}

export async function readRuns(
  warehouse: Warehouse,
  { limit, runId, since }: RunFilter & { readonly limit: number },
): Promise<readonly RunRecord[]> {
  const where = [
    ...(runId === undefined ? [] : ['run_id = @run_id']),
    ...(since === undefined ? [] : ['started_at >= TIMESTAMP(@since)']),
  ]
  const rows = await readLog(warehouse, {
    query: `SELECT TO_JSON_STRING(record) FROM ${qualify(warehouse, runsTable)}
WHERE ${where.join(' AND ') || 'TRUE'} ORDER BY started_at DESC, finished_at DESC, run_id DESC LIMIT ${limit}`,
    parameters: {
      ...(runId !== undefined && { run_id: { type: 'STRING', value: runId } as const }),
      ...(since !== undefined && { since: { type: 'STRING', value: since } as const }),
    },
  })
  return rows.map(([record]) => runRecord.parse(JSON.parse(record ?? 'null')))
}

/** Inserts the record, or overwrites the one with the same `run_id`. */
export async function saveRun(warehouse: Warehouse, run: RunRecord): Promise<void> {
  // A run may have failed before it came to open a table.
  if ((await warehouse.findLocation()) === undefined) await createMainDataset(warehouse)
  const record = JSON.stringify(run)
  const configuration = queryConfiguration(warehouse, upsertRun(warehouse, run, record))
  const labels = jobLabels(warehouse.connector, 'runs', run.run_id)
  const { effects, limits } = warehouse.client
  for (let attempt = 1; ; attempt += 1) {
    // A job that had this id before wrote the same record.
    const id = `headrace-run-${shortHash(`${qualify(warehouse, runsTable)} ${effects.random()} ${record}`, 32)}`
    const job = await runJob(warehouse, { id, configuration, labels })
    const failure = failureOf(job)
    if (!failure) return
    if (isNotFound(failure) && attempt === 1) {
      await restoreLogTables(warehouse)
      continue
    }
    // Other runs save theirs at the same time, and the service lets one of them through.
    if (attempt >= limits.attempts || !(isPassing(failure) || failure.reason === 'invalidQuery')) throw failure
    await effects.sleep(Math.min(limits.base * attempt * (1 + effects.random()), limits.cap), never)
  }
}

function upsertRun(warehouse: Warehouse, run: RunRecord, record: string): Sql {
  const text = (value: string) => ({ type: 'STRING', value }) as const
  const set = ['connector', 'trigger', 'status', 'started_at', 'finished_at', 'record']
  return {
    query: `MERGE INTO ${qualify(warehouse, runsTable)} AS T
USING (SELECT @run_id AS run_id, @connector AS connector, @trigger AS ${quoteName('trigger')}, @status AS status,
  TIMESTAMP(@started_at) AS started_at, TIMESTAMP(@finished_at) AS finished_at, PARSE_JSON(@record) AS record) AS S
ON T.run_id = S.run_id
WHEN MATCHED THEN UPDATE SET ${set.map((name) => `${quoteName(name)} = S.${quoteName(name)}`).join(', ')}
WHEN NOT MATCHED THEN INSERT (run_id, ${set.map(quoteName).join(', ')})
VALUES (S.run_id, ${set.map((name) => `S.${quoteName(name)}`).join(', ')})`,
    parameters: {
      run_id: text(run.run_id),
      connector: text(run.connector),
      trigger: text(run.trigger),
      status: text(run.status),
      started_at: text(run.started_at),
      finished_at: text(run.finished_at),
      record: text(record),
    },
  }
}

/** A dataset or log that is not there yet holds nothing: to look must not make one. */
async function readLog(warehouse: Warehouse, sql: Sql): Promise<readonly TextRow[]> {
  if ((await warehouse.findLocation()) === undefined) return []
  try {
    return await readRows(warehouse, sql)
  } catch (thrown) {
    if (isNotFound(thrown)) return []
    throw thrown
  }
}

function parseCheckpoint(value: string | null | undefined): Checkpoint {
  return JSON.parse(value ?? 'null') as Checkpoint
}

const never = new AbortController().signal
