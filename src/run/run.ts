import type { App } from './app.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import type { Destination } from '../destinations/destination.ts'
import type { SyncError } from '../base/errors.ts'
import { startBudget } from './budget.ts'
import { redactError } from '../secrets/redact-error.ts'
import { observeRun } from '../telemetry/observe-run.ts'
import { ParentListings } from '../sync/parent-listings.ts'
import type { Progress } from './progress.ts'
import { openForRun } from './open-destination.ts'
import { openProvider } from './provider.ts'
import {
  describeError,
  type RunRecord,
  type RunStatus,
  type StreamRecord,
  type Trigger,
} from '../destinations/run-record.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { type Run, runStream } from './run-stream.ts'
import { parentsFirst, selectStreams } from './select-streams.ts'
import type { Stop } from './stop.ts'

/** What is needed to decide whether a run that ended is news. */
export interface AlertRequest {
  readonly run: RunRecord
  readonly connector: Pick<Connector, 'name' | 'file' | 'streams' | 'expect' | 'alerts'>
  /** Knows the runs before; absent where it could not be opened. */
  readonly destination?: Pick<Destination, 'recentRuns'> | undefined
}

/** Sends what was prepared. Never throws: what goes wrong is logged. */
export type SendAlert = () => Promise<void>

export type PrepareAlert = (request: AlertRequest, app: App) => Promise<SendAlert | undefined>

export interface RunContext {
  readonly trigger: Trigger
  readonly runId: string
  /** The same for every delivery of one message: where a run has settled it, its record is the answer, and nothing runs. */
  readonly delivery?: string
  /** Where the rows go, if the trigger says so. */
  readonly destination?: string
  readonly stop: Stop
  /** The caller's trace (W3C Trace Context). */
  readonly traceparent?: string
  /** Decides, while the destination is open, whether an alert is sent at the end; none is where it is absent. */
  readonly prepareAlert?: PrepareAlert
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Reads the streams of a connector, one after the other, into the destination. A stream that fails does not keep the
 * others from running. Throws `CONFIG_INVALID`, `CONNECTOR_NOT_FOUND` and `REQUEST_INVALID`; anything else that goes wrong
 * is told in the record.
 */
export async function runConnector(request: RunRequest, app: App, context: RunContext): Promise<RunRecord> {
  const connector = await app.loadConnector(request.connector)
  const streams = selectStreams(connector, request)
  const redact = (text: string): string => app.redactor.redact(text)
  const started = app.effects.now()
  const budget = startBudget(request.budget_seconds, context.stop, started)
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
    ...spent(destination),
    ...(context.delivery !== undefined && { delivery: context.delivery }),
    ...(error && { error: describeError(error) }),
  })

  const { runId, trigger, traceparent } = context
  const observation = observeRun(await app.telemetry(), { connector: connector.name, runId, trigger, traceparent })
  let destination: Destination | undefined
  let alert: SendAlert | undefined
  try {
    destination = await openForRun(app, connector, { spec: context.destination, signal: context.stop.hard })
    await using opened = destination
    const settled = await findSettled(opened, context)
    if (settled) return settled
    let record: RunRecord
    try {
      const run: Omit<Run, 'parents'> = {
        connector,
        request,
        app,
        context,
        budget,
        destination: opened,
        startedAt: base.started_at,
        observation,
        rowsFound: new Map(),
      }
      record = finish(await runStreams(streams, run))
    } catch (thrown) {
      record = finish([], redactError(thrown, redact))
    }
    await opened.saveRun(record)
    observation.end(record)
    alert = await context.prepareAlert?.({ run: record, connector, destination: opened }, app)
    return record
  } catch (thrown) {
    const error = redactError(thrown, redact)
    if (error.code === 'CONFIG_INVALID') throw error
    const record = finish([], error)
    observation.end(record)
    alert = await context.prepareAlert?.({ run: record, connector }, app)
    return record
  } finally {
    budget[Symbol.dispose]()
    // The destination is closed by now: nobody waits for a mail server or a collector.
    await Promise.all([alert?.(), observation.flush()])
  }
}

/** What the warehouse has counted, where it counts. */
function spent(destination: Destination | undefined): Pick<RunRecord, 'warehouse'> {
  const usage = destination?.usage?.()
  return usage ? { warehouse: { ...usage } } : {}
}

/** So many runs back a delivery is looked for: who delivers twice does so within minutes. */
const deliveriesBack = 200

/** The record of an earlier run for the same delivery, unless that failed and may be tried again. */
async function findSettled(destination: Destination, { delivery }: RunContext): Promise<RunRecord | undefined> {
  if (delivery === undefined) return undefined
  const runs = await destination.recentRuns(deliveriesBack)
  return runs.find((run) => run.delivery === delivery && run.status !== 'failed')
}

async function runStreams(streams: readonly StreamConfig[], run: Omit<Run, 'parents'>): Promise<StreamRecord[]> {
  const { connector, app, context, budget } = run
  await using provider = await openProvider(connector, app, {
    deadline: budget.deadline,
    signal: context.stop.hard,
    onRowsFound: (stream, rows) => {
      run.rowsFound.set(stream, rows)
      app.log.info({ connector: connector.name, stream }, `${stream}: the rows are at ${rows}`)
    },
  })
  await using parents = new ParentListings(connector, { read: streams, now: () => app.effects.now() })
  const records = new Map<StreamConfig, StreamRecord>()
  for (const stream of parentsFirst(streams))
    records.set(stream, await runStream(stream, { ...run, parents }, provider))
  return streams.flatMap((stream) => records.get(stream) ?? [])
}

function overall(records: readonly StreamRecord[]): RunStatus {
  if (records.some(({ status }) => status === 'failed')) return 'failed'
  return records.some(({ status }) => status === 'handed_over') ? 'handed_over' : 'complete'
}
