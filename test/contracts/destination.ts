import type { Destination } from '../../src/destinations/destination.ts'
import { checkAppend } from './destination/append.ts'
import { checkColumns } from './destination/columns.ts'
import { checkDeath } from './destination/death.ts'
import { checkDeclared } from './destination/declared.ts'
import { checkDeletes } from './destination/deletes.ts'
import { checkHistory } from './destination/history.ts'
import { checkMerge } from './destination/merge.ts'
import { checkPositions } from './destination/positions.ts'
import { checkReplace } from './destination/replace.ts'
import { checkSlices } from './destination/slices.ts'
import { checkRuns } from './destination/runs.ts'
import { createHarness, type DestinationOptions } from './destination/harness.ts'

/** What every destination must do; `open` opens a place for connector `acme`. */
export function destinationContract(
  name: string,
  open: (place: string) => Promise<Destination>,
  options: DestinationOptions,
): void {
  const harness = createHarness(name, open, options)
  checkPositions(harness)
  checkSlices(harness)
  checkAppend(harness)
  checkColumns(harness)
  checkReplace(harness)
  checkMerge(harness)
  checkHistory(harness)
  checkDeletes(harness)
  checkDeclared(harness)
  checkRuns(harness)
  checkDeath(harness)
}
