import type { App } from './app.ts'
import type { Connector } from '../connector/connector.ts'
import type { Destination } from '../destinations/destination.ts'
import { toSyncError } from '../base/errors.ts'

/** Two seconds in all. */
const attempts = 41
const pause = 50

/**
 * Opens where the rows go. Who looks at the status page has the file open for a moment, in a process of his own perhaps:
 * a run that begins just then waits for him. Throws `DESTINATION_BUSY` where another run writes there.
 */
export async function openForRun(
  app: App,
  connector: Connector,
  { spec, signal }: { readonly spec: string | undefined; readonly signal: AbortSignal },
): Promise<Destination> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await app.openDestination(connector, spec)
    } catch (thrown) {
      if (toSyncError(thrown).code !== 'DESTINATION_BUSY' || attempt === attempts || signal.aborted) throw thrown
      await app.effects.sleep(pause, signal).catch(() => undefined)
    }
  }
}
