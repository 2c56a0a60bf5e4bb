import type { RunRecord } from '../destinations/run-record.ts'
import type { RunRequest } from '../destinations/run-request.ts'

/** The rest of a run that stopped at its budget: what the next invocation is asked. */
export interface Continuation {
  readonly request: RunRequest
  /** Milliseconds since 1970 before which it is of no use, as the provider wants to be left alone; absent for at once. */
  readonly notBefore?: number
}

/** Far more than any honest listing takes: a chain that is this long goes round in circles. */
const longestChain = 10_000

/**
 * What is left of a run, or undefined where no stream has anything left or it stopped because it had its fill of rows.
 * Streams that are complete are not asked for again: a full refresh would begin again with each of them.
 */
export function continuationOf(request: RunRequest, record: RunRecord): Continuation | undefined {
  if (request.limit !== undefined) return undefined
  const { run, seq } = request.continues ?? { run: record.run_id, seq: 0 }
  const open = record.streams.filter(({ status }) => status === 'handed_over')
  if (open.length === 0 || seq >= longestChain) return undefined
  const times = open.map(({ resume_at: at }) => (at === undefined ? 0 : Date.parse(at)))
  const notBefore = Math.min(...times)
  const streams = open.map(({ stream }) => stream)
  const at = open.flatMap((one) => (one.seq === undefined ? [] : [[one.stream, one.seq] as const]))
  return {
    request: {
      ...request,
      streams,
      continues: { run, seq: seq + 1, ...(at.length > 0 && { at: Object.fromEntries(at) }) },
    },
    ...(notBefore > 0 && { notBefore }),
  }
}
