import type { App } from '../run/app.ts'
import { writeMode } from '../connector/write-mode.ts'
import { SyncError } from '../base/errors.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { selectStream } from '../run/select-stream.ts'

/** What one commit of a stream would read of its table at most, and what that costs. */
export interface CommitPrice {
  readonly stream: string
  /** Null where there is no table yet, or nothing of it is read. */
  readonly bytes: number | null
  readonly usd: number | null
}

/**
 * Asks the warehouse, which writes nothing, for the price of a commit of each stream. `to` is the destination, where it
 * is not the connector's. Throws `REQUEST_INVALID` for one that does not bill by what is read.
 */
export async function priceCommits(
  request: RunRequest,
  app: App,
  to: string | undefined,
): Promise<readonly CommitPrice[]> {
  const connector = await app.loadConnector(request.connector)
  const streams = request.streams?.map((name) => selectStream(connector, name)) ?? connector.streams
  await using destination = await app.openDestination(connector, to)
  if (!destination.estimate)
    throw new SyncError('REQUEST_INVALID', '--price asks BigQuery, and the rows go elsewhere: leave it out.')
  const prices: CommitPrice[] = []
  for (const stream of streams) {
    const keyed = !['append', 'replace'].includes(writeMode(stream))
    const primaryKey = keyed ? (stream.primary_key ?? []) : []
    const estimate = await destination.estimate({ table: stream.table ?? stream.name, primaryKey })
    prices.push({ stream: stream.name, bytes: estimate?.bytes ?? null, usd: estimate?.usd ?? null })
  }
  return prices
}

/** The cells of a line. */
export function describePrice({ stream, bytes, usd }: CommitPrice): string[] {
  if (bytes === null || usd === null) return [stream, 'a commit reads nothing of its table', '']
  return [stream, `a commit reads up to ${(bytes / 2 ** 20).toFixed(1)} MiB of its table`, `$${usd.toFixed(6)}`]
}
