import type { Destination } from './destination.ts'
import type { RunRecord } from './run-record.ts'

/** What the bookkeeping of one connector says. */
export interface Logs {
  /** Newest first. */
  readonly runs: readonly RunRecord[]
  readonly positions: Awaited<ReturnType<Destination['positions']>>
  /** Where it was read from, so that it need not be read again; absent where nothing tells. */
  readonly trace?: Trace
}

export interface Trace {
  /** Changes when anything was written. */
  readonly digest: string
  /** The last runs by the text of their records, newest first. */
  readonly rows: ReadonlyMap<string, RunRecord>
}

/** A connector whose log is wanted. */
export interface ReadRequest<Of> {
  readonly spec: Of
  /** Its name. */
  readonly connector: string
  /** Of the connector file: about as many positions are there. */
  readonly streams: number
  /** What was read of it before. */
  readonly before: Logs | undefined
  /** Whether that would do, had nothing been written since. */
  readonly enough: boolean
  /** Asks for the runs that are needed, the last `limit` of them first. */
  readonly readRuns: (log: Pick<Destination, 'recentRuns'>) => Promise<readonly RunRecord[]>
}

/** Reads many logs from one place at once. */
export interface SharedReader<Of> {
  /** Opens a place that is about to be read, and keeps it open. */
  holdOpen(place: string): Promise<AsyncDisposable>
  /** In the order of `requests`, of which `limit` runs each are needed; what is wrong with one is told in its place. */
  readLogs(
    place: string,
    requests: readonly ReadRequest<Of>[],
    limit: number,
  ): Promise<readonly PromiseSettledResult<Logs>[]>
}

/** How to look at the log of a destination while others write there. */
export interface LogReader<Of> {
  /** The file or folder that is there once anything was written: to look must not make it. */
  place(spec: Of): string
  /** The files that change with everything that is written to the log of a connector. */
  files(spec: Of, connector: string): readonly string[]
  /**
   * Whether it may be looked at before anybody asks: that costs no money, and leaves nothing behind where the process ends
   * in the middle, as the lock of a folder would be.
   */
  readonly readsAhead: boolean
  /** Reads connectors that share a place together; each is opened by itself where absent. */
  shared?(): Promise<SharedReader<Of>>
}
