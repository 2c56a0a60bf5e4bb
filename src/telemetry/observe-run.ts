import type { Redact } from '../http/describe.ts'
import type { Middleware } from '../http/send.ts'
import type { RunRecord, StreamRecord } from '../destinations/run-record.ts'
import type { Telemetry } from './telemetry.ts'
import { traceRequests } from './trace-requests.ts'

/** A run, as those who watch it see it. */
export interface RunObservation {
  stream(name: string, redact: Redact): StreamObservation
  end(record: RunRecord): void
  /** Hands everything over. Never throws. */
  flush(): Promise<void>
}

export interface StreamObservation {
  readonly requests: Middleware
  committed(batch: { readonly seq: number; readonly rows: number; readonly bytes: number }): void
  end(record: StreamRecord): void
}

export interface ObservedRun {
  readonly connector: string
  readonly runId: string
  readonly trigger: string
  readonly traceparent?: string | undefined
}

export function observeRun(telemetry: Telemetry, run: ObservedRun): RunObservation {
  const { connector } = run
  const attributes = { 'headrace.connector': connector, 'headrace.run_id': run.runId, 'headrace.trigger': run.trigger }
  const span = telemetry.begin(`run ${connector}`, attributes, run.traceparent)
  return {
    stream(name, redact) {
      const own = span.child(`stream ${name}`, { ...attributes, 'headrace.stream': name })
      return {
        requests: traceRequests(own, redact),
        committed: ({ seq, rows, bytes }) =>
          own.event('commit', { 'headrace.seq': seq, 'headrace.rows': rows, 'headrace.bytes': bytes }),
        end({ status, rows, requests, retries, bytes, error }) {
          const labels = { 'headrace.connector': connector, 'headrace.stream': name }
          telemetry.count('headrace.rows', rows, labels)
          telemetry.count('headrace.requests', requests, labels)
          telemetry.count('headrace.retries', retries, labels)
          telemetry.count('headrace.received', bytes, labels)
          const outcome = { 'headrace.status': status, 'headrace.rows': rows }
          own.end({ ...outcome, ...(error && { 'error.type': error.code }) }, error?.message)
        },
      }
    },
    end({ status, started_at: started, finished_at: finished, error }) {
      const labels = { 'headrace.connector': connector, 'headrace.status': status }
      telemetry.count('headrace.runs', 1, labels)
      telemetry.timeRun((Date.parse(finished) - Date.parse(started)) / 1_000, labels)
      span.end({ 'headrace.status': status, ...(error && { 'error.type': error.code }) }, error?.message)
    },
    flush: () => telemetry.flush(),
  }
}
