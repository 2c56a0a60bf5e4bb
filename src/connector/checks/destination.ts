import { parseDestination } from '../../destinations/index.ts'
import { SyncError } from '../../base/errors.ts'
import type { ConnectorSubject } from './subject.ts'

/** Where the rows go must be understood before anything is asked for them. */
export function checkDestination({ connector: { destination }, report }: ConnectorSubject): void {
  if (destination === undefined) return
  try {
    parseDestination(destination)
  } catch (thrown) {
    if (!(thrown instanceof SyncError)) throw thrown
    report(['destination'], thrown.message)
  }
}
