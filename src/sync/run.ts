import type { App } from '../app.ts'
import type { Connector, StreamConfig } from '../config/connector.ts'
import { nearestName } from '../config/nearest.ts'
import { findConnector } from '../config/find.ts'
import { loadConnector } from '../config/load.ts'
import { writeMode } from '../config/write-mode.ts'
import type { Destination } from '../destinations/destination.ts'
import { SyncError, toSyncError } from '../errors.ts'
import type { Meter } from '../http/meter.ts'
import type { Deadline } from '../resume/deadline.ts'
import { createJob } from './job.ts'
import type { Progress } from './progress.ts'
import { openProvider, type Provider } from './provider.ts'
import type { RunRecord, RunStatus, StreamRecord, Trigger } from './run-record.ts'
import type { RunRequest } from './run-request.ts'
import { syncStream } from './stream.ts'

/** How a run may be told to stop. */
export interface Stop {
  /** Finish the batch, commit, hand over. */
  readonly soft: AbortSignal
  /** Stop now: what is not committed is read again later. */
  readonly hard: AbortSignal
}

export interface RunContext {
  readonly trigger: Trigger
  readonly runId: string
  /** Where the rows go, if the trigger says so. */
  readonly destination?: string
  readonly stop: Stop
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Reads the streams of a connector, one after the other, into the destination. A stream that fails does not keep the
 * others from running. Throws `CONFIG_INVALID`, `CONNECTOR_NOT_FOUND` and `REQUEST_INVALID`; whatever else goes wrong
 * is told in the record.
 */
export async function runConnector(request: RunRequest, app: App, context: RunContext): Promise<RunRecord> {
  const connector = await loadConnector(await findConnector(request.connector, app.connectorsDir))
  const streams = selectStreams(connector, request)
  const started = app.effects.now()
  const budget = budgetOf(request, context, started)
  const base = {
    run_id: context.runId,
    connector: connector.name,
    trigger: context.trigger,
    started_at: new Date(started).toISOString(),
    budget_seconds: request.budget_seconds ?? null,
  }
  const finish = (records: readonly StreamRecord[], error?: SyncError): RunRecord => ({
    ...base,
    status: error ? 'failed' : overall(records),
    finished_at: new Date(app.effects.now()).toISOString(),
    streams: [...records],
    ...(error && { error: describeError(error) }),
  })

  let destination: Destination | undefined
  try {
    destination = await app.openDestination(connector, context.destination)
    await using opened = destination
    let record: RunRecord
    try {
      const run: Run = { connector, request, app, context, budget, destination: opened, startedAt: base.started_at }
      record = finish(await runStreams(streams, run))
    } catch (thrown) {
      record = finish([], toSyncError(thrown))
    }
    await opened.saveRun(record)
    return record
  } catch (thrown) {
    const error = toSyncError(thrown)
    if (error.code === 'CONFIG_INVALID') throw error
    return finish([], error)
  } finally {
    budget[Symbol.dispose]()
  }
}

interface Run {
  readonly connector: Connector
  readonly request: RunRequest
  readonly app: App
  readonly context: RunContext
  readonly budget: Budget
  readonly destination: Destination
  readonly startedAt: string
}

async function runStreams(streams: readonly StreamConfig[], run: Run): Promise<StreamRecord[]> {
  const { connector, app, context, budget } = run
  const provider = await openProvider(connector, app, {
    deadline: budget.deadline,
    signal: context.stop.hard,
    onRowsFound: (stream, rows) =>
      app.log.info({ connector: connector.name, stream }, `${stream}: the rows are at ${rows}`),
  })
  const records: StreamRecord[] = []
  for (const stream of streams) records.push(await runStream(stream, run, provider))
  return records
}

async function runStream(stream: StreamConfig, run: Run, provider: Provider): Promise<StreamRecord> {
  const { connector, request, app, context, budget, destination } = run
  const { log, effects } = app
  const labels = { connector: connector.name, stream: stream.name, run: context.runId }
  const meter: Meter = { requests: 0, retries: 0, bytes: 0 }
  const counts = { rows: 0, rejected: 0, pages: 0 }
  let read = 0
  const report = (): void =>
    context.onProgress?.({
      stream: stream.name,
      rows: counts.rows,
      read,
      pages: counts.pages,
      requests: meter.requests,
      retries: meter.retries,
      ...(meter.waitingUntil !== undefined && { waitingUntil: meter.waitingUntil }),
    })
  const job = createJob({
    connector,
    stream,
    runId: context.runId,
    startedAt: run.startedAt,
    env: app.env,
    effects,
    fullRefresh: request.full_refresh,
    backfill:
      request.from !== undefined && request.until !== undefined
        ? { from: request.from, until: request.until }
        : undefined,
    batchAge: destination.batchAge,
    mayStop: (rows) => {
      read = rows
      report()
      return (
        budget.soft.aborted ||
        effects.now() >= budget.deadline.at ||
        (request.limit !== undefined && rows >= request.limit)
      )
    },
    isStopped: () => budget.soft.aborted,
    describe: provider.describe,
    client: provider.client(meter),
    withoutCredentials: provider.withoutCredentials,
    signal: context.stop.hard,
    onFound: (name, paginator, warning) => {
      if (warning === undefined) log.info({ ...labels, stream: name }, `${name}: pages by ${paginator.type}`)
      else log.warn({ ...labels, stream: name }, `${name}: ${warning}`)
    },
  })
  if (destination.guarantee === 'at-least-once' && (job.write === 'merge' || job.write === 'insert_only')) {
    log.warn(
      labels,
      `${stream.name}: files cannot be updated, so every version of a row is kept; take the last one of each key`,
    )
  }
  // Beside each page, so that retries and waits show while they happen.
  const ticker = context.onProgress && setInterval(report, 500)
  const outcome = await syncStream(job, {
    destination,
    soft: budget.soft,
    onRestart: () => {
      log.warn(labels, `${stream.name}: the listing starts again, as the provider wants it`)
      Object.assign(counts, { rows: 0, rejected: 0, pages: 0 })
    },
    onCommit: ({ batch, pages }) => {
      counts.rows += batch.rows
      counts.rejected += batch.rejects.length
      counts.pages += pages
      log.info(
        { ...labels, seq: batch.seq, rows: batch.rows, rejected: batch.rejects.length, pages, bytes: batch.lines.size },
        `${stream.name}: committed ${batch.rows} rows`,
      )
      report()
    },
  }).finally(() => clearInterval(ticker))
  const handedOver = outcome.error !== undefined && mustComeBack(outcome.error, budget.deadline)
  const status: RunStatus = handedOver ? 'handed_over' : outcome.status
  if (outcome.error)
    log[handedOver ? 'warn' : 'error'](
      { ...labels, code: outcome.error.code, err: outcome.error },
      outcome.error.message,
    )
  return {
    stream: stream.name,
    status,
    ...counts,
    requests: meter.requests,
    retries: meter.retries,
    bytes: meter.bytes,
    cursor: { from: outcome.from, to: outcome.to },
    schema_changes: [...outcome.schemaChanges],
    ...(outcome.error && { error: describeError(outcome.error) }),
  }
}

interface Budget extends Disposable {
  readonly deadline: Deadline
  /** Aborts when the budget is used up or the run is asked to stop. */
  readonly soft: AbortSignal
}

function budgetOf({ budget_seconds: seconds }: RunRequest, { stop }: RunContext, started: number): Budget {
  const over = new AbortController()
  // A longer budget than a timer takes is none.
  const timer =
    seconds === undefined || seconds > 2_000_000 ? undefined : setTimeout(() => over.abort(), seconds * 1000)
  const soft = AbortSignal.any([stop.soft, stop.hard, over.signal])
  return {
    soft,
    deadline: {
      at: seconds === undefined ? Infinity : started + seconds * 1000,
      get stopping() {
        return soft.aborted
      },
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}

function selectStreams({ streams, name }: Connector, { streams: wanted, from }: RunRequest): readonly StreamConfig[] {
  const selected =
    wanted === undefined
      ? streams
      : wanted.map(
          (stream) => streams.find((candidate) => candidate.name === stream) ?? unknownStream(stream, streams, name),
        )
  const plain = from === undefined ? undefined : selected.find(({ incremental }) => !incremental)
  if (plain)
    throw new SyncError(
      'REQUEST_INVALID',
      `Stream ${plain.name} of ${name} has no incremental cursor, so no backfill from a cursor on can be made; leave --from and --until out, or name other streams`,
    )
  const replaced = from === undefined ? undefined : selected.find((stream) => writeMode(stream) === 'replace')
  if (replaced)
    throw new SyncError(
      'REQUEST_INVALID',
      `Stream ${replaced.name} of ${name} is replaced as a whole by each run, so it has no backfill; leave --from and --until out`,
    )
  return selected
}

function unknownStream(stream: string, streams: readonly StreamConfig[], connector: string): never {
  const names = streams.map(({ name }) => name)
  const nearest = nearestName(stream, names)
  throw new SyncError(
    'REQUEST_INVALID',
    `There is no stream ${stream} in ${connector}${nearest === undefined ? '' : ` (did you mean ${nearest}?)`}: it has ${names.join(', ')}.`,
  )
}

/** Waiting for the provider would outlast this run, so that the next one takes over. */
const mustComeBack = ({ code, details }: SyncError, { at }: Deadline): boolean =>
  code === 'RATE_LIMITED' && Number.isFinite(at) && typeof details['retryAt'] === 'number' && details['retryAt'] > at

function overall(records: readonly StreamRecord[]): RunStatus {
  if (records.some(({ status }) => status === 'failed')) return 'failed'
  return records.some(({ status }) => status === 'handed_over') ? 'handed_over' : 'complete'
}

const describeError = ({ code, message }: SyncError): { code: string; message: string } => ({ code, message })
