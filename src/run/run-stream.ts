import type { App } from './app.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import type { Destination } from '../destinations/destination.ts'
import type { SyncError } from '../base/errors.ts'
import type { Meter } from '../http/meter.ts'
import type { Budget } from './budget.ts'
import type { Deadline } from '../http/deadline.ts'
import type { RunObservation } from '../telemetry/observe-run.ts'
import { createJob } from './job.ts'
import type { PaginatorConfig } from '../paginators/index.ts'
import type { ParentListings } from '../sync/parent-listings.ts'
import type { Provider } from './provider.ts'
import { describeChanges, describeError, type RunStatus, type StreamRecord } from '../destinations/run-record.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import type { RunContext } from './run.ts'
import { redactDeep, redactError } from '../secrets/redact-error.ts'
import { syncStream } from '../sync/stream.ts'
import { Warnings } from '../base/warnings.ts'

/** What the streams of one run share. */
export interface Run {
  readonly connector: Connector
  readonly request: RunRequest
  readonly app: App
  readonly context: RunContext
  readonly budget: Budget
  readonly destination: Destination
  readonly startedAt: string
  readonly observation: RunObservation
  /** Where the rows of a stream were found, if its connector does not say. */
  readonly rowsFound: Map<string, string>
  readonly parents: ParentListings
}

/** Reads one stream, tells whoever watches, and says what came of it. */
export async function runStream(stream: StreamConfig, run: Run, provider: Provider): Promise<StreamRecord> {
  const { connector, request, app, context, budget, destination } = run
  const { log, effects } = app
  const labels = { connector: connector.name, stream: stream.name, run: context.runId }
  const meter: Meter = { requests: 0, retries: 0, bytes: 0 }
  const redact = (text: string): string => app.redactor.redact(text)
  const observation = run.observation.stream(stream.name, redact)
  const counts = { rows: 0, rejected: 0, pages: 0 }
  let read = 0
  let firstReason: string | undefined
  const warnings = new Warnings(
    ({ code, message }) => log.warn({ ...labels, code }, `${stream.name}: ${message}`),
    redact,
  )
  let found: PaginatorConfig | undefined
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
    delivery: context.delivery,
    continuesFrom: request.continues?.at?.[stream.name],
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
    client: provider.client(meter, observation.requests),
    withoutCredentials: provider.withoutCredentials,
    signal: context.stop.hard,
    onFound: (name, paginator) => {
      log.info({ ...labels, stream: name }, `${name}: pages by ${paginator.type}`)
      if (name === stream.name) found = paginator
    },
    warn: warnings.add,
    parents: run.parents,
    redactor: app.redactor,
    sealer: provider.sealer,
  })
  if (destination.guarantee === 'at-least-once' && job.write !== 'append' && job.write !== 'replace') {
    log.warn(
      labels,
      `${stream.name}: files cannot be updated, so every version of a row is kept; take the last one of each key`,
    )
  }
  // Beside each page, so that retries and waits show while they happen.
  const ticker = context.onProgress && setInterval(report, 500)
  const outcome = await syncStream(job, {
    destination,
    warn: warnings.add,
    soft: budget.soft,
    onRestart: () => {
      log.warn(labels, `${stream.name}: the listing starts again, as the provider wants it`)
      Object.assign(counts, { rows: 0, rejected: 0, pages: 0 })
    },
    onCommit: ({ batch, pages }) => {
      counts.rows += batch.rows
      counts.rejected += batch.rejects.length
      firstReason ??= batch.rejects[0]?.reason
      counts.pages += pages
      observation.committed({ seq: batch.seq, rows: batch.rows, bytes: batch.lines.size })
      log.info(
        { ...labels, seq: batch.seq, rows: batch.rows, rejected: batch.rejects.length, pages, bytes: batch.lines.size },
        `${stream.name}: committed ${batch.rows} ${batch.rows === 1 ? 'row' : 'rows'}`,
      )
      report()
    },
  }).finally(() => clearInterval(ticker))
  if (outcome.settled) log.info(labels, `${stream.name}: what this run was asked for has been done before`)
  if (firstReason !== undefined)
    warnings.add(
      'ROWS_REFUSED',
      `${counts.rejected} of ${counts.rows + counts.rejected} rows were refused, the first because it ${firstReason}; _headrace_rejects has them.`,
    )
  const error = outcome.error && redactError(outcome.error, redact)
  const resumeAt = error && readResumeAt(error, budget.deadline)
  const handedOver = resumeAt !== undefined
  const status: RunStatus = handedOver ? 'handed_over' : outcome.status
  if (error) log[handedOver ? 'warn' : 'error']({ ...labels, code: error.code, err: error }, error.message)
  const record: StreamRecord = {
    stream: stream.name,
    status,
    ...counts,
    requests: meter.requests,
    retries: meter.retries,
    bytes: meter.bytes,
    cursor: redactDeep({ from: outcome.from, to: outcome.to }, redact),
    ...(outcome.seq !== undefined && { seq: outcome.seq }),
    schema_changes: describeChanges(outcome.schemaChanges.map(redact)),
    warnings: [...warnings.list],
    ...redactDeep(describeReading(found, run.rowsFound.get(stream.name)), redact),
    ...(resumeAt !== undefined && { resume_at: new Date(resumeAt).toISOString() }),
    ...(error && { error: describeError(error) }),
  }
  observation.end(record)
  return record
}

/** What was found, where the connector leaves it open. */
function describeReading(
  paginator: PaginatorConfig | undefined,
  rows: string | undefined,
): Pick<StreamRecord, 'reads'> {
  if (paginator === undefined && rows === undefined) return {}
  return { reads: { ...(rows !== undefined && { rows }), ...(paginator && { paginator: { ...paginator } }) } }
}

/** When the next run may take over, where waiting for the provider would outlast this one; in milliseconds since 1970. */
function readResumeAt({ code, details: { retryAt } }: SyncError, { at }: Deadline): number | undefined {
  if (code !== 'RATE_LIMITED' || !Number.isFinite(at) || typeof retryAt !== 'number') return undefined
  return retryAt > at ? retryAt : undefined
}
