import type { SpellingName } from './spelling.ts'

/** What a provider does when it is asked, for as long as a scenario lasts. */
export interface ProviderSpec {
  readonly paging: 'page' | 'offset' | 'token' | 'link_header' | 'link_body' | 'keyset' | 'none'
  /** `numbered` and `live` go by the rows as they are at that moment, `snapshot` by those of the first page. */
  readonly listing: 'numbered' | 'live' | 'snapshot'
  /** Rows a page. */
  readonly size: number
  /** `asc` and `desc` by the cursor. */
  readonly order: 'asc' | 'desc' | 'id' | 'none'
  readonly envelope: 'data' | 'nested' | 'bare'
  readonly total: 'absent' | 'right' | 'high'
  readonly hasMore: 'absent' | 'right' | 'text' | 'inverted'
  /** A token or link is named on the last page too; an empty page follows. */
  readonly lastToken: boolean
  readonly since: 'inclusive' | 'exclusive' | 'ignored'
  readonly spelling: SpellingName
  readonly key: 'integer' | 'text' | 'big' | 'composite' | 'nested'
  /** Seconds by which the clock of the Date header is off; null where there is no such header. */
  readonly skew: number | null
  /** Rows belong to so many slices; 0 where there is one listing. */
  readonly slices: number
  readonly rows: number
  /** What the first row has for a time: one that is none, or one that is far off. */
  readonly odd: 'none' | 'empty' | 'zero' | 'null' | 'future'
  /** Rows of one moment, in the beginning. */
  readonly ties: number
}

/** What the connector file says. */
export interface ConnectorSpec {
  readonly write: 'append' | 'merge' | 'replace' | 'scd2' | 'insert_only'
  readonly keyed: boolean
  readonly incremental: boolean
  /** The cursor is sent as a parameter. */
  readonly sends: boolean
  /** Seconds. */
  readonly lookback: number
  readonly declaresOrder: boolean
  readonly paginator: 'declared' | 'auto' | 'misspelt'
  /** The counts and flags of the answers are named in the file. */
  readonly declaresEnd: boolean
  readonly deletes: 'none' | 'soft' | 'hard'
  readonly slicing: 'none' | 'partitions' | 'parents'
  /** Which slices the file names, or the parents that exist. */
  readonly slices: readonly number[]
  readonly maxPages: number | null
  readonly concurrency: number
  /** What stands before the paths of the API. */
  readonly path: string
}

/** `row` counts among the rows that exist at that moment, and starts again from the first behind the last. */
export interface Change {
  readonly kind: 'insert' | 'update' | 'delete' | 'late'
  readonly row: number
}

export interface TimedChange extends Change {
  /** It happens once so many requests of the run were answered. */
  readonly after: number
}

export const faultKinds = [
  'error_envelope',
  'errors_null',
  'success_false',
  'empty_object',
  'null',
  'no_content',
  'accepted',
  'empty_page',
  'repeat',
  'html',
  'cut',
  'reset',
  'status_500',
  'status_429',
  'status_400',
  'status_410',
] as const
export type FaultKind = (typeof faultKinds)[number]

export interface Fault {
  readonly kind: FaultKind
  /** The request of the run, from 0, that is answered so. */
  readonly request: number
}

export type Cut =
  | { readonly by: 'kill'; readonly at: 'request' | 'commit' | 'record'; readonly nth: number; readonly after: boolean }
  | { readonly by: 'stop'; readonly nth: number }
  | { readonly by: 'limit'; readonly rows: number }
  /** The time of the run is used up as a request is answered. */
  | { readonly by: 'budget'; readonly nth: number }

export type Edit =
  | { readonly key: 'slices'; readonly value: readonly number[] }
  | { readonly key: 'lookback'; readonly value: number }
  | { readonly key: 'write'; readonly value: ConnectorSpec['write'] }
  /** Another way to the same rows. */
  | { readonly key: 'path'; readonly value: string }

export type Step =
  | {
      readonly do: 'run'
      readonly changes: readonly TimedChange[]
      readonly faults: readonly Fault[]
      readonly cut: Cut | null
      readonly refresh: boolean
    }
  | { readonly do: 'change'; readonly changes: readonly Change[] }
  /** The message of the last run is delivered once more. */
  | { readonly do: 'redeliver' }
  /** The rest of the last run, `times` times if there is any. */
  | { readonly do: 'continue'; readonly times: number }
  | { readonly do: 'edit'; readonly edit: Edit }
  | { readonly do: 'wait'; readonly seconds: number }
  /** The rows of the last hours are read beside the cursor, in tables that are merged. */
  | { readonly do: 'backfill'; readonly hours: number; readonly cut: Cut | null }

/** Everything that happens; the quiet runs that end each scenario are not among its steps. */
export interface Scenario {
  readonly seed: number
  readonly provider: ProviderSpec
  readonly connector: ConnectorSpec
  readonly steps: readonly Step[]
  /** Milliseconds after which a batch closes. */
  readonly batchAge: number
}
