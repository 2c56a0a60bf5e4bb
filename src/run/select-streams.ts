import type { Connector, StreamConfig } from '../connector/connector.ts'
import { writeMode } from '../connector/write-mode.ts'
import { SyncError } from '../base/errors.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { selectStream } from './select-stream.ts'

/** The streams that a run is asked for. Throws `REQUEST_INVALID` for one that is not there, or has no backfill. */
export function selectStreams(connector: Connector, { streams: wanted, from }: RunRequest): readonly StreamConfig[] {
  const { streams, name } = connector
  const selected =
    wanted === undefined
      ? streams.filter((stream) => stream.selected)
      : wanted.map((stream) => selectStream(connector, stream))
  const plain = from === undefined ? undefined : selected.find(({ incremental }) => !incremental)
  if (plain)
    throw new SyncError(
      'REQUEST_INVALID',
      `Stream ${plain.name} of ${name} has no incremental cursor, so no backfill from a cursor on can be made; leave --from and --until out, or name other streams`,
    )
  const replaced = from === undefined ? undefined : selected.find((stream) => writeMode(stream) === 'replace')
  if (replaced)
    throw new SyncError(
      'REQUEST_INVALID',
      `Stream ${replaced.name} of ${name} is replaced as a whole by each run, so it has no backfill; leave --from and --until out`,
    )
  return selected
}

/** Each stream behind its parent, so that what is read of that for the table serves its children; else as they come. */
export function parentsFirst(streams: readonly StreamConfig[]): readonly StreamConfig[] {
  const ordered = new Set<StreamConfig>()
  const add = (stream: StreamConfig): void => {
    const parent = streams.find(({ name }) => name === stream.parent?.stream)
    if (parent && !ordered.has(parent)) add(parent)
    ordered.add(stream)
  }
  streams.forEach(add)
  return [...ordered]
}
