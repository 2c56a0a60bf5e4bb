import { type ErrorCode, SyncError } from '../errors.ts'
import type { RunRecord } from '../sync/run-record.ts'
import { type Answer, errorAnswer } from './respond.ts'

/** What a trigger answers after a run: 200 complete, 202 handed over or cut short by a signal, else by the error's code. */
export function answerRecord(record: RunRecord): Answer {
  return { status: statusOf(record), body: record }
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
      // Where trying again mends one stream, the caller should.
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

/** What a trigger answers where there was no run. */
export const answerError = (error: SyncError): Answer => errorAnswer(error.status, error)
