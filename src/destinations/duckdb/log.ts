import { BIGINT, listValue, LIST, VARCHAR } from '@duckdb/node-api'
import { type RunRecord, runRecord } from '../run-record.ts'
import { type Checkpoint, fresh } from '../checkpoint.ts'
import type { Batch, Position, Reject, RunFilter, TablePlan } from '../destination.ts'
import { commitsTable, rejectsTable, runsTable } from '../../schema/system-columns.ts'
import { catalog, type Session } from './database.ts'
import { quoteName } from './sql.ts'

/** The rejects of one statement: each may be 64 KiB. */
const rejectsAtOnce = 200

/** A table of the connector's schema, as SQL spells it. */
export function qualify(schema: string, table: string): string {
  return `${catalog}.${quoteName(schema)}.${quoteName(table)}`
}

export async function createLogTables(session: Session, schema: string): Promise<void> {
  await session.run(`CREATE SCHEMA IF NOT EXISTS ${catalog}.${quoteName(schema)}`)
  await session.run(
    `CREATE TABLE IF NOT EXISTS ${qualify(schema, commitsTable)}
     (stream VARCHAR, seq BIGINT, run_id VARCHAR, checkpoint JSON, rows BIGINT, committed_at TIMESTAMPTZ)`,
  )
  await session.run(
    `CREATE TABLE IF NOT EXISTS ${qualify(schema, runsTable)}
     (run_id VARCHAR, connector VARCHAR, trigger VARCHAR, status VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, record JSON)`,
  )
  await session.run(
    `CREATE TABLE IF NOT EXISTS ${qualify(schema, rejectsTable)}
     (stream VARCHAR, seq BIGINT, run_id VARCHAR, reason VARCHAR, row VARCHAR, rejected_at TIMESTAMPTZ)`,
  )
}

export async function readPosition(session: Session, schema: string, stream: string): Promise<Position> {
  const rows = await session.read(
    `SELECT seq, checkpoint FROM ${qualify(schema, commitsTable)} WHERE stream = $1 ORDER BY seq DESC LIMIT 1`,
    [stream],
  )
  const [row] = rows
  return row ? { seq: Number(row[0]), checkpoint: parseCheckpoint(row[1]) } : { seq: 0, checkpoint: fresh }
}

export async function readPositions(session: Session, schema: string) {
  const rows = await session.read(
    `SELECT stream, seq, checkpoint, epoch_ms(committed_at) FROM ${qualify(schema, commitsTable)}
     QUALIFY row_number() OVER (PARTITION BY stream ORDER BY seq DESC) = 1 ORDER BY stream`,
  )
  return rows.map(([stream, seq, checkpoint, at]) => ({
    stream: String(stream),
    seq: Number(seq),
    checkpoint: parseCheckpoint(checkpoint),
    committedAt: new Date(Number(at)).toISOString(),
  }))
}

/** The number of the stream's last commit, and the run that made it. */
export async function readLastCommit(session: Session, schema: string, stream: string) {
  const rows = await session.read(
    `SELECT seq, run_id FROM ${qualify(schema, commitsTable)} WHERE stream = $1 ORDER BY seq DESC LIMIT 1`,
    [stream],
  )
  const [row] = rows
  return row ? { seq: Number(row[0]), runId: String(row[1]) } : { seq: 0, runId: '' }
}

export async function insertCommit(session: Session, schema: string, plan: TablePlan, batch: Batch): Promise<void> {
  await session.run(`INSERT INTO ${qualify(schema, commitsTable)} VALUES ($1, $2, $3, $4::JSON, $5, now())`, [
    plan.stream,
    BigInt(batch.seq),
    plan.runId,
    JSON.stringify(batch.checkpoint),
    BigInt(batch.rows),
  ])
}

export async function insertRejects(session: Session, schema: string, plan: TablePlan, batch: Batch): Promise<void> {
  for (let at = 0; at < batch.rejects.length; at += rejectsAtOnce) {
    const part: readonly Reject[] = batch.rejects.slice(at, at + rejectsAtOnce)
    await session.run(
      `INSERT INTO ${qualify(schema, rejectsTable)}
       SELECT $1, $2, $3, unnest($4), unnest($5), now()`,
      [
        plan.stream,
        BigInt(batch.seq),
        plan.runId,
        listValue(part.map(({ reason }) => reason)),
        listValue(part.map(({ row }) => row)),
      ],
      [VARCHAR, BIGINT, VARCHAR, LIST(VARCHAR), LIST(VARCHAR)],
    )
  }
}

export async function saveRun(session: Session, schema: string, run: RunRecord): Promise<void> {
  await session.run(`DELETE FROM ${qualify(schema, runsTable)} WHERE run_id = $1`, [run.run_id])
  await session.run(
    `INSERT INTO ${qualify(schema, runsTable)} VALUES ($1, $2, $3, $4, $5::TIMESTAMPTZ, $6::TIMESTAMPTZ, $7::JSON)`,
    [run.run_id, run.connector, run.trigger, run.status, run.started_at, run.finished_at, JSON.stringify(run)],
  )
}

export async function readRuns(
  session: Session,
  schema: string,
  { limit, runId, since }: RunFilter & { readonly limit: number },
): Promise<readonly RunRecord[]> {
  const rows = await session.read(
    `SELECT record FROM ${qualify(schema, runsTable)}
     WHERE ($2 IS NULL OR run_id = $2) AND ($3 IS NULL OR started_at >= $3::TIMESTAMPTZ)
     ORDER BY started_at DESC, finished_at DESC, run_id DESC LIMIT $1`,
    [BigInt(limit), runId ?? null, since ?? null],
  )
  return rows.map(([record]) => runRecord.parse(JSON.parse(String(record))))
}

export function parseCheckpoint(value: string | null | undefined): Checkpoint {
  return JSON.parse(value ?? 'null') as Checkpoint
}
