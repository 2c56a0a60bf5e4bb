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
  readonly total: 'absent' | 'right' | 'high' | 'low'
  /** Where the total is: of rows in the body or in a header, or of pages in the body. */
  readonly counts: 'rows' | 'header' | 'pages'
  readonly hasMore: 'absent' | 'right' | 'text' | 'inverted'
  /** A token or link is named on the last page too; an empty page follows. */
  readonly lastToken: boolean
  /** Every other page lacks a row that the next one brings. */
  readonly shortPages: boolean
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
  /** What is named as the key: of too few fields, of more than needed. */
  readonly key: 'right' | 'coarse' | 'wide'
  readonly incremental: boolean
  /** `booked_at` goes days behind the time of a change. */
  readonly cursor: 'updated_at' | 'booked_at'
  /** The spelling of the cursor is declared also where the rows tell it. */
  readonly declaresFormat: boolean
  /** Hours since the clock began; rows before it are none of this connector's. */
  readonly start: number | null
  /** The same of rows at it or beyond it. */
  readonly end: number | null
  /** Bounds are written as times of RFC 3339, however the provider spells its own. */
  readonly isoBounds: boolean
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
  /** What is kept a cursor of; null where the file does not say. */
  readonly per: 'slice' | 'stream' | null
  readonly maxPages: number | null
  readonly concurrency: number
  /** What stands before the paths of the API. */
  readonly path: string
  /** Each has rows of its own. */
  readonly host: Host
  /** What becomes of the field `note`. */
  readonly note: 'kept' | 'dropped' | 'renamed'
}

export const hosts = ['api', 'sandbox'] as const
export type Host = (typeof hosts)[number]

export const changeKinds = ['insert', 'update', 'delete', 'late', 'twin', 'reorder', 'gone', 'back'] as const

/**
 * `row` counts among the rows that exist at that moment, and starts again from the first behind the last. `twin`: the
 * newest row comes once more, the same in each byte. `reorder`: rows without an order get another one. `gone` and
 * `back`: of a whole slice.
 */
export interface Change {
  readonly kind: (typeof changeKinds)[number]
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

export const killPoints = ['read', 'request', 'open', 'commit', 'record'] as const
/** `read`: what the destination is asked; `open`: a table is opened, and created where it is not there. */
export type KillPoint = (typeof killPoints)[number]

export type Cut =
  | { readonly by: 'kill'; readonly at: KillPoint; readonly nth: number; readonly after: boolean }
  | { readonly by: 'stop'; readonly nth: number }
  | { readonly by: 'limit'; readonly rows: number }
  /** The time of the run is used up as a request is answered. */
  | { readonly by: 'budget'; readonly nth: number }

/** What may be edited in the connector file between two runs; another `path` leads to the same rows. */
export const editKeys = [
  'slices',
  'lookback',
  'write',
  'path',
  'host',
  'cursor',
  'key',
  'note',
  'start',
  'end',
  'per',
  'deletes',
] as const

export type Edit = {
  readonly [Key in (typeof editKeys)[number]]: { readonly key: Key; readonly value: ConnectorSpec[Key] }
}[(typeof editKeys)[number]]

export type Step =
  | {
      readonly do: 'run'
      readonly changes: readonly TimedChange[]
      readonly faults: readonly Fault[]
      readonly cut: Cut | null
      readonly refresh: boolean
    }
  | { readonly do: 'change'; readonly changes: readonly Change[] }
  /** The message of a run is delivered once more: of the last one, or of one so many before it. */
  | { readonly do: 'redeliver'; readonly back: number }
  /** The rest of such a run, `times` times if there is any. */
  | { readonly do: 'continue'; readonly times: number; readonly back: number }
  | { readonly do: 'edit'; readonly edit: Edit }
  | { readonly do: 'wait'; readonly seconds: number }
  /** The rows of the last hours, up to so many hours ago, are read beside the cursor. */
  | { readonly do: 'backfill'; readonly hours: number; readonly until: number; readonly cut: Cut | null }

/** Everything that happens; the quiet runs that end each scenario are not among its steps. */
export interface Scenario {
  readonly seed: number
  readonly provider: ProviderSpec
  readonly connector: ConnectorSpec
  readonly steps: readonly Step[]
  /** Milliseconds after which a batch closes. */
  readonly batchAge: number
}
