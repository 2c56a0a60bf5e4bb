import { type ErrorCode, SyncError } from '../base/errors.ts'
import type { RunRecord } from '../destinations/run-record.ts'
import { type Answer, errorAnswer } from './respond.ts'

/** What a trigger answers after a run: 200 complete, 202 handed over or cut short by a signal, else by the error's code. */
export function answerRecord(record: RunRecord): Answer {
  return { status: statusOf(record), body: record }
}

/** The same for a queue, which delivers again what is not acknowledged: only what cannot get better is. */
export function answerQueue(record: RunRecord): Answer {
  if (!mayImprove(record)) return { status: 200, body: record }
  const answer = answerRecord(record)
  const isCut = record.status === 'failed' && answer.status === 202
  return isCut ? { ...answer, status: new SyncError('INTERRUPTED', '').status } : answer
}

/** What a trigger answers where there was no run. */
export function answerError(error: SyncError): Answer {
  const { retryAfter } = error.details
  const headers = typeof retryAfter === 'number' ? { 'retry-after': String(retryAfter) } : undefined
  return errorAnswer(error.status, error, error.code === 'CALLER_UNKNOWN' ? { 'www-authenticate': 'Bearer' } : headers)
}

/** Whether the same message, delivered again, may do better; where it may not, it is acknowledged. */
export function mayImprove(outcome: RunRecord | SyncError): boolean {
  // The front door's words are for the one who calls, not for the message: a dead-letter topic shows them.
  if (outcome instanceof SyncError) return outcome.retry || outcome.code.startsWith('CALLER_')
  return outcome.status !== 'failed' || failuresOf(outcome).some(({ retry }) => retry)
}

function statusOf(record: RunRecord): number {
  switch (record.status) {
    case 'complete':
      return 200
    case 'handed_over':
      return 202
    case 'failed': {
      const errors = failuresOf(record)
      // All that was committed stays; the next run goes on from there, as after a budget.
      if (errors.every(({ code }) => code === 'INTERRUPTED')) return 202
      // Where trying again fixes one stream, the caller should.
      return (errors.find(({ retry }) => retry) ?? errors[0] ?? new SyncError('INTERNAL', '')).status
    }
  }
}

function failuresOf({ error, streams }: RunRecord): readonly SyncError[] {
  const failures = [error, ...streams.map((stream) => (stream.status === 'failed' ? stream.error : undefined))]
  return failures.flatMap((failure) =>
    failure === undefined ? [] : [new SyncError(failure.code as ErrorCode, failure.message)],
  )
}
