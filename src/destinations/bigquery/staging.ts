import { Readable } from 'node:stream'
import { SyncError } from '../../base/errors.ts'
import { backoff } from '../../base/backoff.ts'
import type { Column } from '../../schema/types.ts'
import type { Batch, Reject, TablePlan } from '../destination.ts'
import { orderColumn, type Source } from './rows-sql.ts'
import { createStagingDataset } from './datasets.ts'
import { failureOf, runJob } from './jobs.ts'
import { numberLines } from './numbered-lines.ts'
import { isNotFound, isPassing, ServiceError } from './service-error.ts'
import { dropTable, toFields } from './tables.ts'
import { qualifyStaged, type Warehouse } from './warehouse.ts'

/** What the loads of one writer share. */
export interface Stage {
  readonly warehouse: Warehouse
  readonly plan: TablePlan
  /** Tells this writer from every other, of the same run too. */
  readonly writer: string
  readonly labels: Readonly<Record<string, string>>
  /** Rows with one key must be told apart by their place. */
  readonly keyed: boolean
  /** Every table that a load may have created, until it is dropped. */
  readonly tables: Set<string>
  readonly signal: AbortSignal
}

/** A batch whose rows lie in staging tables. */
export interface StagedBatch {
  readonly source?: Source
  /** The table that its refused rows lie in, as SQL spells it. */
  readonly rejects?: string
  readonly tables: readonly string[]
}

/** A load that fails for a passing reason is tried again so often in all, each time into a table of its own. */
const loads = 5

/** Loads the rows of a batch, and the rows that were refused. Throws `ServiceError` or `DESTINATION_FAILED`. */
export async function stageBatch(stage: Stage, batch: Batch): Promise<StagedBatch> {
  const { plan, writer } = stage
  const name = `${plan.table}_${batch.seq}_${writer}`
  const [rows, rejects] = await Promise.all([
    batch.rows > 0 ? loadRows(stage, name, batch) : undefined,
    batch.rejects.length > 0 ? loadRejects(stage, `${name}_rejects`, batch.rejects) : undefined,
  ])
  return {
    tables: [rows, rejects].filter((table) => table !== undefined),
    ...(rows !== undefined && {
      source: { table: qualifyStaged(stage.warehouse, rows), columns: batch.columns, seq: batch.seq },
    }),
    ...(rejects !== undefined && { rejects: qualifyStaged(stage.warehouse, rejects) }),
  }
}

/** Drops staging tables; one that cannot be dropped now goes by itself when it expires. */
export async function dropStaged({ warehouse, tables }: Stage, names: readonly string[]): Promise<void> {
  const dataset = warehouse.staging
  const dropped = await Promise.allSettled(names.map((table) => dropTable(warehouse, { dataset, table })))
  names.forEach((name, at) => dropped[at]?.status === 'fulfilled' && tables.delete(name))
}

function loadRows(stage: Stage, name: string, { rows, lines, columns }: Batch): Promise<string> {
  // A table has at least one column.
  const numbered = stage.keyed || columns.length === 0
  const order: readonly Column[] = numbered ? [{ name: orderColumn, type: 'integer' }] : []
  return load(stage, {
    name,
    rows,
    columns: [...columns, ...order],
    upload: () => (numbered ? numberLines(lines.read()) : lines.read()),
  })
}

function loadRejects(stage: Stage, name: string, rejects: readonly Reject[]): Promise<string> {
  const columns = ['reason', 'row'].map((column): Column => ({ name: column, type: 'string' }))
  return load(stage, { name, rows: rejects.length, columns, upload: () => toLines(rejects) })
}

function toLines(rejects: readonly Reject[]): AsyncIterable<Uint8Array> {
  return Readable.from(rejects.map(({ reason, row }) => Buffer.from(`${JSON.stringify({ reason, row })}\n`)))
}

interface Load {
  readonly name: string
  readonly rows: number
  readonly columns: readonly Column[]
  readonly upload: () => AsyncIterable<Uint8Array>
}

/** Resolves with the table's name. */
async function load(stage: Stage, wanted: Load): Promise<string> {
  const { warehouse } = stage
  const { effects, limits } = warehouse.client
  for (let attempt = 1; ; attempt += 1) {
    // A table for each attempt: whatever a load that was given up still does, nobody reads it.
    const table = `${wanted.name}_${attempt}`
    stage.tables.add(table)
    const failure = await tryLoad(stage, table, wanted)
    if (!failure) return table
    const mayPass = isPassing(failure) || failure.reason === 'stuck' || failure.reason === 'stopped'
    if (attempt >= loads || !(mayPass || isNotFound(failure))) throw failure
    if (isNotFound(failure)) await createStagingDataset(warehouse)
    else await effects.sleep(backoff(attempt, limits, effects.random()), stage.signal)
  }
}

/** Resolves with why the job failed, if it did. Where nothing is known of it, the failure is thrown. */
async function tryLoad(
  stage: Stage,
  table: string,
  { rows, columns, upload }: Load,
): Promise<ServiceError | undefined> {
  const { warehouse, plan, labels, signal } = stage
  const destinationTable = { projectId: warehouse.client.project, datasetId: warehouse.staging, tableId: table }
  try {
    const job = await runJob(warehouse, {
      id: `headrace-load-${table}`,
      labels,
      signal,
      upload,
      configuration: {
        load: {
          destinationTable,
          sourceFormat: 'NEWLINE_DELIMITED_JSON',
          schema: { fields: toFields(columns) },
          autodetect: false,
          maxBadRecords: 0,
          ignoreUnknownValues: false,
          createDisposition: 'CREATE_IF_NEEDED',
          writeDisposition: 'WRITE_TRUNCATE',
        },
      },
    })
    const failure = failureOf(job)
    if (!failure) checkCount(plan, job.statistics.load?.outputRows ?? 0, rows)
    return failure
  } catch (thrown) {
    if (thrown instanceof ServiceError && thrown.reason === 'stuck') return thrown
    // The staging dataset is gone: no job was made.
    if (isNotFound(thrown)) return thrown
    throw thrown
  }
}

/** What BigQuery loaded must be what was sent: a difference would be rows lost without a word. */
function checkCount({ stream }: TablePlan, loaded: number, sent: number): void {
  if (loaded === sent) return
  throw new SyncError(
    'DESTINATION_FAILED',
    `BigQuery loaded ${loaded} rows of a batch of ${sent} of stream ${stream}; nothing was written.`,
  )
}
