import type { ErrorCode } from '../base/errors.ts'
import type { RunRecord } from '../destinations/run-record.ts'

/** Exit codes are a promise to scripts: never change one. */
export const exitCodes = { complete: 0, failed: 1, usage: 2, budget: 3, interrupted: 130 } as const

const usageCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'CONFIG_INVALID',
  'CONNECTOR_NOT_FOUND',
  'REQUEST_INVALID',
  'SECRET_MISSING',
  'SECRET_FORBIDDEN',
])

/** Of an error that kept the command from its work: what the user can put right answers 2. */
export function exitCodeOf({ code }: { readonly code: string }): number {
  if (usageCodes.has(code)) return exitCodes.usage
  return code === 'INTERRUPTED' ? exitCodes.interrupted : exitCodes.failed
}

/** How a run ended; `interrupted` tells that a signal asked it to stop, `limit` is --limit. */
export function exitCodeOfRun(
  record: RunRecord,
  { interrupted, limit }: { readonly interrupted: boolean; readonly limit?: number | undefined },
): number {
  if (record.error) return exitCodeOf(record.error)
  switch (record.status) {
    case 'complete':
      return exitCodes.complete
    case 'handed_over':
      if (interrupted) return exitCodes.interrupted
      return stoppedAtLimit(record, limit) ? exitCodes.complete : exitCodes.budget
    case 'failed': {
      const errors = record.streams.flatMap(({ status, error }) => (status === 'failed' && error ? [error] : []))
      if (interrupted && errors.every(({ code }) => code === 'INTERRUPTED')) return exitCodes.interrupted
      return exitCodes.failed
    }
  }
}

/** Whether each stream that has more was stopped by --limit, as was asked, rather than by the budget. */
function stoppedAtLimit({ streams }: RunRecord, limit: number | undefined): boolean {
  if (limit === undefined) return false
  return streams.every(({ status, rows, rejected }) => status !== 'handed_over' || rows + rejected >= limit)
}
