import type { PageRows } from '../decode/page-decoder.ts'
import type { Reject } from '../destinations/destination.ts'
import { SyncError } from '../base/errors.ts'

/** Fewer rows may all be wrong by chance. */
const lostPage = 10

/** A page none of whose rows can be stored says that the schema or the connector is wrong, not the rows. */
export function refuseLostPage({ count }: PageRows, rejects: readonly Reject[], describe: () => string): void {
  if (rejects.length < Math.max(count, lostPage)) return
  throw new SyncError(
    'TOO_MANY_REJECTS',
    `All ${rejects.length} rows of ${describe()} were refused, the first because it ${rejects[0]?.reason}; fix columns, or set max_rejects to allow it`,
  )
}

export const tooManyRejects = (count: number, limit: number, where: string): SyncError =>
  new SyncError(
    'TOO_MANY_REJECTS',
    `${count} rows were refused up to ${where}, and max_rejects allows ${limit}; _headrace_rejects tells why for those that were committed`,
  )
