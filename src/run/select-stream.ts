import type { Connector, StreamConfig } from '../connector/connector.ts'
import { suggest } from '../base/nearest.ts'
import { SyncError } from '../base/errors.ts'

/** The stream of that name. Throws `REQUEST_INVALID`, which names the nearest one. */
export function selectStream({ streams, name: connector }: Connector, wanted: string): StreamConfig {
  const found = streams.find(({ name }) => name === wanted)
  if (found) return found
  const names = streams.map(({ name }) => name)
  throw new SyncError(
    'REQUEST_INVALID',
    `There is no stream ${wanted} in ${connector}${suggest(wanted, names)}: it has ${names.join(', ')}.`,
  )
}
