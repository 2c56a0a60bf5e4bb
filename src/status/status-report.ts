import type { RunRecord, StreamRecord } from '../destinations/run-record.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'

/**
 * How a stream is doing. `failed`: its last run failed; `late`: the schedule or `expect.every` has passed without a
 * success; `empty`: it ran, but brought fewer rows than `expect.min_rows` in `expect.every`; `continues`: its last run
 * stopped at the budget and the next one goes on; `never`: no run is on record; `busy`: another process writes there now,
 * so that nothing is known.
 */
export const states = ['failed', 'late', 'empty', 'busy', 'continues', 'never', 'ok'] as const
export type State = (typeof states)[number]

/** A warning as a record has it; the version that wrote it may know other codes. */
export type RecordedWarning = Readonly<StreamRecord['warnings'][number]>

/** When silence is a fault. */
export interface Expectation {
  /** Milliseconds. */
  readonly every: number
  readonly min_rows: number
}

export interface Health {
  readonly state: State
  /** When the last complete run ended (RFC 3339); absent where none is known. */
  readonly last_success?: string
  /** How long ago the schedule (or `expect.every`) wanted a success that has not come. */
  readonly late_seconds?: number
  /** Of the last run, where it failed. */
  readonly error?: { readonly code: string; readonly message: string }
  /** Of the last run: what it had to guess, skip or leave in doubt. */
  readonly warnings: readonly RecordedWarning[]
  /** When the first of the failures in a row began (RFC 3339), as far as is known. */
  readonly failing_since?: string
}

/** Where a stream stands. */
export interface StreamStatus extends Health {
  readonly stream: string
  readonly commits: number
  /** RFC 3339; null where nothing was committed yet. */
  readonly committed_at: string | null
  readonly cursor: CursorValue | null
  /** True inside a listing that the next run goes on with. */
  readonly open: boolean
}

export interface ConnectorStatus {
  /** What it is called on the command line and in `POST /run/NAME`. */
  readonly name: string
  readonly connector: string
  readonly destination?: string
  readonly state: State
  readonly schedule?: { readonly cron: string; readonly time_zone: string; readonly next?: string }
  readonly expect?: Expectation
  /** Those of the connector file, then those that are only in the commit log. */
  readonly streams: readonly StreamStatus[]
  /** Newest first. */
  readonly runs: readonly RunRecord[]
  /** Another process writes there now: what is told is what was known before. */
  readonly busy?: true
  /** Why nothing more is known. */
  readonly error?: { readonly code: string; readonly message: string }
}

export interface StatusReport {
  readonly connectors: readonly ConnectorStatus[]
}
