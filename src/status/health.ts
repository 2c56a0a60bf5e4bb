import type { RunRecord, StreamRecord } from '../destinations/run-record.ts'
import type { NextFiring } from './schedule.ts'
import type { Expectation, Health } from './status-report.ts'

/** What the streams of a connector are judged by. */
export interface History {
  /** Newest first; all that there are, or at least those of `expect.every`, or else as many as were read. */
  readonly runs: readonly RunRecord[]
  /** The runs that had to do with a stream, newest first; one that could not start at all had to do with each. */
  readonly attempts: (stream: string) => readonly Attempt[]
  readonly expect?: Expectation | undefined
  readonly nextFiring?: NextFiring | undefined
}

/** One run of one stream; without a record where the whole run could not start. */
export interface Attempt {
  readonly run: RunRecord
  readonly record?: StreamRecord
}

/** Scheduler and cold start take a moment, and a run is on record only when it has ended. */
const patience = 5 * 60_000

/** How the stream is doing at `now`, milliseconds since 1970. */
export function judgeStream(stream: string, history: History, now: number): Health {
  const attempts = history.attempts(stream)
  const [last] = attempts
  if (!last) return { state: 'never', warnings: [] }
  const success = attempts.find(isComplete)
  const error = last.record?.error ?? last.run.error
  const late = latenessOf(attempts, history, now)
  const known = {
    warnings: last.record?.warnings ?? [],
    ...(success && { last_success: success.run.finished_at }),
    ...(late !== undefined && { late_seconds: Math.round(late / 1000) }),
  }
  if (statusOf(last) === 'failed')
    return { state: 'failed', ...known, ...(error && { error }), failing_since: failingSince(attempts) }
  if (late !== undefined) return { state: 'late', ...known }
  if (statusOf(last) === 'handed_over') return { state: 'continues', ...known }
  return { state: isSilent(attempts, history, now) ? 'empty' : 'ok', ...known }
}

/** Whether a stream brought fewer rows within `expect.every` than `expect.min_rows`; false where too little is known. */
export function isSilentAt(stream: string, history: History, now: number): boolean {
  return isSilent(history.attempts(stream), history, now)
}

/** Sorts the runs by stream once: a connector may have a thousand of them. */
export function createHistory(runs: readonly RunRecord[], rest: Omit<History, 'runs' | 'attempts'> = {}): History {
  const records = new Map<string, Map<RunRecord, StreamRecord>>()
  for (const run of runs) {
    for (const record of run.streams) {
      const known = records.get(record.stream) ?? new Map<RunRecord, StreamRecord>()
      records.set(record.stream, known.set(run, record))
    }
  }
  const attempts = (stream: string): readonly Attempt[] =>
    runs.flatMap((run): Attempt[] => {
      const record = records.get(stream)?.get(run)
      return record ? [{ run, record }] : run.error ? [{ run }] : []
    })
  return { ...rest, runs, attempts }
}

const statusOf = ({ record, run }: Attempt) => record?.status ?? run.status
const isComplete = (attempt: Attempt): boolean => statusOf(attempt) === 'complete'

function failingSince(attempts: readonly Attempt[]): string {
  const good = attempts.findIndex((attempt) => statusOf(attempt) !== 'failed')
  const first = attempts[good < 0 ? attempts.length - 1 : good - 1] as Attempt
  return first.run.started_at
}

function latenessOf(attempts: readonly Attempt[], { nextFiring, expect }: History, now: number): number | undefined {
  const from = attempts.find(isComplete) ?? (attempts.at(-1) as Attempt)
  const longest = Math.max(...attempts.slice(0, 20).map(({ run }) => durationOf(run)))
  const due = [
    nextFiring?.(Date.parse(from.run.started_at)),
    expect && Date.parse(from.run.finished_at) + expect.every,
  ].filter((time) => time !== undefined)
  const lateness = now - Math.min(...due)
  return due.length > 0 && lateness > patience + longest ? lateness : undefined
}

function isSilent(attempts: readonly Attempt[], { expect }: History, now: number): boolean {
  const first = attempts.at(-1)
  // What is younger than the span that is looked at has time yet.
  if (!expect || !first || Date.parse(first.run.started_at) > now - expect.every) return false
  const rows = attempts
    .filter(({ run }) => Date.parse(run.finished_at) > now - expect.every)
    .reduce((sum, { record }) => sum + (record?.rows ?? 0), 0)
  return rows < expect.min_rows
}

/** Milliseconds. */
export const durationOf = ({ started_at, finished_at }: RunRecord): number =>
  Math.max(0, Date.parse(finished_at) - Date.parse(started_at))
