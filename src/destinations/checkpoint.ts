import type { WriteMode } from './destination.ts'
import type { CursorValue, Lookback } from '../syntax/cursor-value.ts'
import type { ChunkRef, CursorMarks, SavedMarks, SeenRow } from './marks.ts'
import type { SliceProgress } from './slice-state.ts'
import type { ColumnNames } from '../schema/placed.ts'
import type { ResumePoint } from './resume-point.ts'

/**
 * Of the format of checkpoints. Version 1 named neither itself nor what its cursor belongs to; one that refers to chunks of
 * marks, which nothing before it reads, is of version 3.
 */
export const checkpointVersion = 2
export const chunkedVersion = 3

/**
 * How far a stream has got. `done` is the cursor that the last complete listing led to; `open` is the place inside a
 * listing that a deadline or a crash cut short. Plain JSON: it is saved beside the rows it belongs to.
 */
export interface Checkpoint {
  /** Absent in version 1. */
  readonly version?: number
  /** What the cursor is a cursor of; absent in version 1, which takes on that of the first run that finds it. */
  readonly identity?: Identity
  /** Whether the table has held rows, or the log of version 1 does not say. */
  readonly stored?: boolean
  /** The latest deliveries whose run read the stream to its end, newest first: none of them does so again. */
  readonly settled?: readonly string[]
  /** Of a complete backfill in append: the runs whose rows it appended, taken back where the same backfill runs again. */
  readonly brought?: readonly string[]
  /** Where a person has said so with `headrace state`: who, when (RFC 3339), and where the stream or its slice stood. */
  readonly set?: {
    readonly by: string
    readonly at: string
    readonly from: CursorValue | null
    readonly slice?: string
  }
  readonly done: CursorValue | null
  readonly open?: OpenListing
  /** How the cursor is spelled; absent in older checkpoints and while no row had one. */
  readonly cursor?: SavedCursor
  /** Append streams: what lies at or beyond `done` (less the lookback) and was appended already. */
  readonly seen?: SeenRows
  /** Each slice has a cursor of its own (`Destination.readSlices`); `done` is the highest of them, for people to see. */
  readonly per?: 'slice'
  /** With `per`, up to the end of the first listing: where a slice begins that has no cursor yet, by what was one cursor for all. */
  readonly base?: SliceProgress
  /**
   * With `per`, in append, up to the end of a listing: runs of which one brought the first rows of a slice and another
   * its last ones, so that the rows of all are taken back or those of none.
   */
  readonly linked?: readonly string[]
  /** With one cursor for all slices that leaves rows out: marks of the slices that were there, one behind the other, or `too many`. */
  readonly slices?: string
  /** With `parent.changed_only`: up to where the parents' changes are read. */
  readonly parents?: ParentProgress
  /** Keys whose column is not simply named after them: [key, column, variant type or '']. */
  readonly names?: ColumnNames
}

export interface SavedCursor {
  /** The name of a time format, a pattern of strftime, or `number` or `text`. */
  readonly format: string
  /** A value that the provider spelled so. */
  readonly like?: CursorValue
}

export interface OpenListing {
  /** Where to go on. */
  readonly place: ResumePoint
  /** The highest cursor seen so far in this listing. */
  readonly highest: CursorValue | null
  /** When this listing began, by the provider's clock (milliseconds since 1970); a time cursor never passes it. */
  readonly began: number
  /** Pages read so far in this listing. */
  readonly pages: number
  /** The mark of the page before `place`: a provider that sends it once more is repeating itself. */
  readonly mark: string
  /** Tells whether the connector still asks for the same listing: a hash of what makes its requests. */
  readonly source: string
  /** The runs that have committed rows of this listing; were it to start again, an append stream takes these rows back. */
  readonly runs: readonly string[]
  /** True where the listing is to replace the whole table. */
  readonly refresh?: true
  /** True where a row of this listing was refused or skipped, so that what it lacks may be there all the same. */
  readonly refused?: true
  /** True where `max_pages` has cut off a part of this listing, so that the cursor stays where it was. */
  readonly stays?: true
  /** Of a stream below a parent: the first slices that were read to their end, by their marks (`markSlice`). */
  readonly ended?: readonly string[]
  /** With `parent.changed_only`: the parents that this listing has come to. */
  readonly parents?: OpenParents
  /** Append streams: what this listing has brought that lies at or beyond its highest cursor (less the lookback). */
  readonly marks?: readonly CursorMarks[]
  /** Append streams: where further marks are that are new with this listing. */
  readonly chunks?: readonly ChunkRef[]
  /** Append streams: where the marks are of rows that were known before and have come again. */
  readonly repeats?: readonly ChunkRef[]
  /** Older checkpoints have this instead of `marks`. */
  readonly seen?: readonly SeenRow[]
}

export interface SeenRows extends SavedMarks {
  /** The highest cursor among them; a row beyond it cannot be a repetition. */
  readonly highest: CursorValue | null
}

export const fresh: Checkpoint = { done: null }
/** What a cursor is a cursor of. Plain JSON: it is saved with each checkpoint, and compared before the first request of a run. */

export interface Identity {
  readonly connector: string
  /** Host and path of the requests; templates as they are written, of the values of the environment a hash, as they may be secrets. */
  readonly source: string
  /** What else decides which rows come (`params.status`, `body.query`, `headers.x-tenant`): a hash of each, as it may hold a secret. */
  readonly filters: Readonly<Record<string, string>>
  /** Where the rows are in an answer; null where that is detected. */
  readonly rows: string | null
  readonly cursor: string | null
  readonly format: string | null
  readonly start: CursorValue | null
  readonly lookback: Lookback
  readonly key: readonly string[]
  readonly write: WriteMode
  /** `partitions region, year` or `parent repos`; null where the stream is one listing. */
  readonly slices: string | null
  readonly table: string
  readonly dropped: readonly string[]
  /** By field. */
  readonly renamed: Readonly<Record<string, string>>
  /** Of a backfill: from (inclusive) and until (exclusive). */
  readonly range?: readonly [from: CursorValue, until: CursorValue]
}
/** Up to where a stream has read the children of its changed parents. Plain JSON. */

export interface ParentProgress {
  /** What makes both listings: a hash. Where it differs, all parents are read. */
  readonly of: string
  /** The parent's cursor that the last complete listing of the children led to. */
  readonly done: CursorValue | null
  /** How the parent's cursor is spelled. */
  readonly cursor?: SavedCursor
}
/** What a listing of children that was cut short knows of its parents. Plain JSON. */

export interface OpenParents {
  readonly highest: CursorValue | null
  /** When the parent's listing began, by the provider's clock (milliseconds since 1970). */
  readonly began?: number
  /** Some children were left out, so that their parents have to come again. */
  readonly stays?: true
}
