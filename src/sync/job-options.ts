import type { Connector, StreamConfig } from '../connector/connector.ts'
import type { DecoderOptions } from '../decode/index.ts'
import type { Effects } from '../base/effects.ts'
import type { ApiRequest, Send } from '../http/send.ts'
import type { Warn } from '../base/warnings.ts'
import type { Sealer } from './seal-place.ts'
import type { ParentListings } from './parent-listings.ts'
import type { BatchRules } from './batches.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { Redactor } from '../secrets/redactor.ts'
import type { PaginatorConfig } from '../paginators/index.ts'

/** Makes the client of a stream: its rows are decoded against `shape` as they come in. */

export type ClientFactory = (
  stream: StreamConfig,
  options: Pick<DecoderOptions, 'shape' | 'learn' | 'listing' | 'onGuess' | 'onRepair'>,
) => Send
/** What the request, the connector and the run say of one stream. */

export interface JobOptions {
  readonly connector: Connector
  readonly stream: StreamConfig
  readonly runId: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly effects: Effects
  readonly fullRefresh: boolean
  /** A backfill beside the cursor: `from` inclusive, `until` exclusive. */
  readonly backfill: { readonly from: CursorValue; readonly until: CursorValue } | undefined
  readonly delivery?: string | undefined
  readonly continuesFrom?: number | undefined
  /** Milliseconds; how long the destination lets a batch wait. */
  readonly batchAge: number
  readonly mayStop: BatchRules['mayStop']
  readonly isStopped: BatchRules['isStopped']
  readonly describe: (request: ApiRequest) => string
  readonly client: ClientFactory
  /** Takes credentials out of a link that the provider sent. */
  readonly withoutCredentials: (request: ApiRequest, stream: StreamConfig) => ApiRequest
  readonly signal: AbortSignal
  /** Told what `auto` found, and why a listing may be cut short. */
  readonly onFound: (stream: string, paginator: PaginatorConfig) => void
  /** What this run has read of parents. */
  readonly parents: ParentListings
  /** Takes what is guessed, skipped or left in doubt. */
  readonly warn: Warn
  /** Knows the secrets that no name, no cursor and no refused row may hold. */
  readonly redactor: Pick<Redactor, 'redact' | 'holds'>
  readonly sealer: Sealer
}
