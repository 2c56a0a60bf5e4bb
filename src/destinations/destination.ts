import type { Spool } from '../base/spool.ts'
import type { Column } from '../schema/types.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { SliceState } from './slice-state.ts'
import type { RunRecord } from './run-record.ts'

export const writeModes = ['append', 'merge', 'replace', 'insert_only', 'scd2'] as const
export type WriteMode = (typeof writeModes)[number]

/** A row that no table can hold, and why. */
export interface Reject {
  readonly reason: string
  /** The row as the provider sent it, at most 64 KiB of it, nothing of one that is too large; invalid UTF-8 replaced. */
  readonly row: string
}

/** Rows that become durable together with the checkpoint they lead to: both or neither. */
export interface Batch {
  /** The place in the commit log that this batch takes: one more than the last commit of its stream. */
  readonly seq: number
  /** Number of rows in `lines`. */
  readonly rows: number
  /** NDJSON; the keys are the names of `columns`, an absent key is NULL. Disposed of by the sender, not by the writer. */
  readonly lines: Spool
  /** All columns that the table must have before the rows go in, system columns left out; a type may be wider than the table's. */
  readonly columns: readonly Column[]
  readonly checkpoint: Checkpoint
  readonly rejects: readonly Reject[]
  /** Append: the runs whose rows are deleted first, as the listing that brought them starts again. */
  readonly retract: readonly string[]
  /**
   * What has changed of `_headrace_slices` since the batch before, each row of it at most once: slices that have come to their
   * end, and chunks of marks. Absent where the stream has none.
   */
  readonly slices?: readonly SliceState[]
  /** With the first batch of a listing: what is known of the stream's slices goes, as it is another listing's. */
  readonly forgetsSlices?: true
  /** True for the last batch of a listing that was read to its end: `replace` becomes visible with it. */
  readonly complete: boolean
  /** It brings nothing, and tells the log that a full refresh is under way (`TableWriter.announces`). */
  readonly announcement?: true
  /** With `complete`: the batches of the listing hold every row that it brought, none was refused. */
  readonly whole?: boolean
}

/** Where a stream stands, by the commit log. */
export interface Position {
  /** Of the last commit; 0 where there is none. */
  readonly seq: number
  readonly checkpoint: Checkpoint
}

/** How rows that are gone at the source leave the table; names are column names. */
export interface DeletePlan {
  /** `soft` sets `_deleted_at`, `hard` takes the row out; a history closes the version either way. */
  readonly mode: 'soft' | 'hard'
  /** A row is deleted where this column is `value`, else where it is anything but NULL, false, 0 and ''. */
  readonly flag?: string
  readonly value?: string | number | boolean
  /** With `merges`: rows that a `whole` listing does not hold are deleted, unless that were more than this share of them. */
  readonly maxShare?: number
}

/** How a warehouse that can is to lay out a new table; names are column names. */
export interface TableLayout {
  readonly partition?: {
    readonly column: string
    readonly by:
      | 'hour'
      | 'day'
      | 'month'
      | 'year'
      | { readonly start: number; readonly end: number; readonly interval: number }
    readonly requireFilter: boolean
    /** A row keeps its value for ever, so that a merge need not look for it in other partitions. */
    readonly fixed: boolean
  }
  readonly cluster?: readonly string[]
}

/** What a destination must know of a stream to write it. */
export interface TablePlan {
  readonly stream: string
  readonly table: string
  readonly write: WriteMode
  /** Column names (not keys); empty for append and replace. */
  readonly primaryKey: readonly string[]
  /** Columns of the key may be NULL, though not all in one row: NULL is then a value like any other. */
  readonly keyNulls?: true
  /**
   * Column name: of two rows with one key in a batch the higher cursor wins, then the later row. A history holds both,
   * each from its own time on, where the cursor is a time.
   */
  readonly cursor?: string
  /**
   * The unit since 1970 in which a cursor that is a number, or its text, counts time; `spelled` where a cursor whose
   * column is no time has its moment in `_headrace_cursor_key`.
   */
  readonly cursorUnit?: 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds' | 'spelled'
  readonly deletes?: DeletePlan
  readonly layout?: TableLayout
  /**
   * The stream has a cursor for each slice, or may have too many marks for its checkpoints: what its batches say of both is kept in `_headrace_slices`. Staged, it
   * counts once the listing is complete, and takes the place of what was there.
   */
  readonly slices?: true
  readonly runId: string
  /** RFC 3339; becomes `_headrace_loaded_at`. */
  readonly loadedAt: string
  readonly position: Position
  /**
   * `write: replace`, or a full refresh: rows collect in a staging table that outlives the run; the batch that is
   * `complete` replaces the whole table with them (de-duplicated by the primary key where there is one).
   */
  readonly staged: boolean
  /**
   * With `staged`, where the listing replaces the table: throws `TABLE_SHRINKS` and changes nothing if more than this share
   * of the table's rows (those not deleted in it) would go. No limit where absent.
   */
  readonly maxShrink?: number
  /** With `staged`: the complete listing is merged into the table (by `write` and `deletes`) rather than put in its place. */
  readonly merges?: boolean
  /** True where this run goes on inside a listing that an earlier one began: staged rows are kept, else they are dropped first. */
  readonly resumed: boolean
}

/** What the warehouse says of its part of a run; bytes, and milliseconds of one slot. */
export interface WarehouseUsage {
  readonly jobs: number
  readonly bytes_processed: number
  readonly bytes_billed: number
  readonly slot_ms: number
  /** By the list price on demand: `bytes_billed` at `usd_per_tib`. */
  readonly estimated_usd: number
  readonly usd_per_tib: number
}

/** What one commit into a table will read of it, at most. */
export interface CommitEstimate {
  readonly bytes: number
  readonly usd: number
}

export interface RunFilter {
  readonly runId?: string
  /** RFC 3339: only runs that started then or later. */
  readonly since?: string
}

/** Where rows go. One object serves one run. */
export interface Destination extends AsyncDisposable {
  /** `at-least-once` where a crash between rows and checkpoint may repeat a batch. */
  readonly guarantee: 'exactly-once' | 'at-least-once'
  /** A batch closes so many milliseconds after its first page, however small it is. */
  readonly batchAge: number
  /** One process at a time can have it open: while it is, no run of another process is under way. */
  readonly exclusive: boolean
  readPosition(stream: string): Promise<Position>
  /**
   * How far each slice of the stream has got by the last commit; `without` the runs whose rows are about to be taken
   * back (`Batch.retract`), which takes back what they say of slices too. With `staged`, what a listing has put aside that is
   * not complete yet.
   */
  readSlices(stream: string, without?: readonly string[], staged?: boolean): Promise<readonly SliceState[]>
  openTable(plan: TablePlan): Promise<TableWriter>
  /** Inserts the record, or overwrites the one with the same `run_id`. */
  saveRun(run: RunRecord): Promise<void>
  /** Newest first; of one connector's schema; only those that `filter` asks for. */
  recentRuns(limit: number, filter?: RunFilter): Promise<readonly RunRecord[]>
  /** Every stream that has ever committed, with its position and when that was (RFC 3339). */
  positions(): Promise<readonly (Position & { readonly stream: string; readonly committedAt: string })[]>
  /** So far; absent where the warehouse does not count, undefined where nothing was spent. */
  usage?(): WarehouseUsage | undefined
  /** Prices a commit before it is made, where the warehouse bills by it; undefined where there is no such table yet. */
  estimate?(table: Pick<TablePlan, 'table' | 'primaryKey'>): Promise<CommitEstimate | undefined>
}

/** Writes one stream's table. Disposing of it discards what was not committed. */
export interface TableWriter extends AsyncDisposable {
  /** Batches that `append` may be given before the first of them is durable. */
  readonly inFlight: number
  /** That a full refresh is under way must be in the log before its last batch, which may change the table beside the transaction. */
  readonly needsRefreshMarker?: boolean
  /** True where there is no such table, although the log may list rows that it held. */
  readonly missing: boolean
  /** The table as it stands, system columns left out; empty where it does not exist yet. */
  readonly columns: readonly Column[]
  /**
   * Whether an integer column of the table, or of what is staged for it, has values that a double does not hold; absent
   * where no stored row changes with the type of its column.
   */
  readonly isWide?: ((column: string) => Promise<boolean>) | undefined
  /**
   * Widens the table if needed, loads the rows and commits them with the checkpoint in one transaction. Throws
   * `STATE_CONFLICT` where another run has committed meanwhile, `DESTINATION_*` otherwise; then nothing was written, of
   * the batches behind it neither: they fail for the same reason. Batches become durable in order.
   */
  append(batch: Batch): Promise<void>
}
