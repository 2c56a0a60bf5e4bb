import { SyncError } from '../base/errors.ts'
import type { TablePlan } from './destination.ts'

/** Rows of a table, and of the complete listing that is to replace it. */
export interface Replacement {
  readonly stored: number
  readonly fresh: number
}

/** Throws `TABLE_SHRINKS` where more of the rows would go than the plan allows. */
export function checkShrink(plan: TablePlan, { stored, fresh }: Replacement): void {
  if (plan.maxShrink !== undefined && stored - fresh > plan.maxShrink * stored)
    throw refuseShrink(plan, { stored, fresh })
}

export function refuseShrink({ stream, table, maxShrink }: TablePlan, { stored, fresh }: Replacement): SyncError {
  const message = `The listing of stream ${stream} has ${fresh} rows and table ${table} has ${stored}, so that more of them would go than replace.max_share (${maxShrink}) allows; nothing was changed: see whether the provider left rows out, or set replace: {max_share: 1} on the stream if it is meant.`
  return new SyncError('TABLE_SHRINKS', message, { details: { stored, fresh } })
}
