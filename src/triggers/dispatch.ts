import { prepareAlert } from '../alerts/index.ts'
import { randomUUID } from 'node:crypto'
import type { App } from '../run/app.ts'
import { SyncError } from '../base/errors.ts'
import { addFields, type Log } from '../base/log.ts'
import { continuationOf } from '../run/continuation.ts'
import type { TaskQueue } from '../run/task-queue.ts'
import type { RunRecord, Trigger } from '../destinations/run-record.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { runConnector } from '../run/run.ts'
import { type Stop } from '../run/stop.ts'
import type { Admission } from './admission.ts'
import { limitBudget } from './run-request.ts'
import { traceFields } from './trace.ts'

export interface Order {
  readonly trigger: Trigger
  readonly request: RunRequest
  /** See `deliveryId`. */
  readonly delivery?: string | undefined
  /** The caller's trace, see `readTrace`. */
  readonly traceparent?: string | undefined
}

export interface DispatchDeps {
  readonly app: App
  readonly stop: Stop
  readonly admission: Admission
  /** Seconds that one call may take, the wait for its turn included. */
  readonly budget: number | undefined
  /** Takes what a run has left when it stops at its budget; without one the next schedule goes on. */
  readonly queue: TaskQueue | undefined
}

/** Runs a connector when its turn comes. Throws as `runConnector` does, `TOO_MANY_RUNS`, `INTERRUPTED` and `QUEUE_FAILED`. */
export type Dispatch = (order: Order) => Promise<RunRecord>

/**
 * One run for one delivery: a second one that comes while the run is under way waits for it, a later one is answered
 * with its record. Instances do not see each other's runs under way; where two start for one delivery, the commit log lets
 * one of them commit, the other ends with `STATE_CONFLICT`, and its next delivery gets the record.
 */
export function createDispatch({ app, stop, admission, budget, queue }: DispatchDeps): Dispatch {
  const underway = new Map<string, Promise<RunRecord>>()

  async function run({ trigger, request, delivery, traceparent }: Order): Promise<RunRecord> {
    const log = addFields(app.log, traceFields(traceparent, app.env['GOOGLE_CLOUD_PROJECT']))
    const came = app.effects.now()
    const leave = await admission.takeTurn(stop.soft)
    try {
      const left = budget === undefined ? undefined : budget - Math.floor((app.effects.now() - came) / 1000)
      if (left !== undefined && left <= 0)
        throw new SyncError('TOO_MANY_RUNS', 'The wait for the turn took the whole budget: come back later.')
      const runId = randomUUID()
      const record = await runConnector(
        limitBudget(request, left),
        { ...app, log },
        {
          trigger,
          runId,
          stop,
          prepareAlert,
          ...(traceparent !== undefined && { traceparent }),
          ...(delivery !== undefined && { delivery }),
        },
      )
      report(record, record.run_id !== runId, log)
      await handOn(request, record, log)
      return record
    } finally {
      leave()
    }
  }

  /** Also where a run is only told about again: the call that it was made for may have ended before this. */
  async function handOn(request: RunRequest, record: RunRecord, log: Log): Promise<void> {
    const continuation = queue && continuationOf(request, record)
    if (!continuation) return
    await queue.enqueue(continuation, stop.hard)
    const { connector, run_id: run } = record
    log.info({ connector, run, streams: continuation.request.streams }, 'the rest of the run is queued')
  }

  function report(record: RunRecord, again: boolean, log: Log): void {
    const rows = record.streams.reduce((sum, stream) => sum + stream.rows, 0)
    const labels = { connector: record.connector, run: record.run_id, rows }
    if (again) log.info(labels, 'delivered again: answered with the record of the run that it started')
    else log.info(labels, `run ${record.status}`)
  }

  return (order) => {
    const { delivery } = order
    if (delivery === undefined) return run(order)
    const already = underway.get(delivery)
    if (already) return already
    const started = run(order).finally(() => underway.delete(delivery))
    underway.set(delivery, started)
    return started
  }
}
