import type { Spool } from '../decode/spool.ts'
import type { Column } from '../schema/types.ts'
import type { Checkpoint } from '../sync/checkpoint.ts'
import type { RunRecord } from '../sync/run-record.ts'

export const writeModes = ['append', 'merge', 'replace', 'insert_only'] as const
export type WriteMode = (typeof writeModes)[number]

/** A row that no table can hold, and why. */
export interface Reject {
  readonly reason: string
  /** The row as the provider sent it, at most 64 KiB of it; invalid UTF-8 replaced. */
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
  /** True for the last batch of a listing that was read to its end: `replace` becomes visible with it. */
  readonly complete: boolean
}

/** Where a stream stands, by the commit log. */
export interface Position {
  /** Of the last commit; 0 where there is none. */
  readonly seq: number
  readonly checkpoint: Checkpoint
}

/** What a destination must know of a stream to write it. */
export interface TablePlan {
  readonly stream: string
  readonly table: string
  readonly write: WriteMode
  /** Column names (not keys); empty for append and replace. */
  readonly primaryKey: readonly string[]
  /** Column name: of two rows with one key in a batch the higher cursor wins, then the later row. */
  readonly cursor?: string
  readonly runId: string
  /** RFC 3339; becomes `_headrace_loaded_at`. */
  readonly loadedAt: string
  readonly position: Position
  /**
   * `write: replace`, or a full refresh: rows collect in a staging table that outlives the run; the batch that is
   * `complete` replaces the whole table with them (de-duplicated by the primary key where there is one).
   */
  readonly staged: boolean
  /** True where this run goes on inside a listing that an earlier one began: staged rows are kept, else they are dropped first. */
  readonly resumed: boolean
}

/** Where rows go. One object serves one run. */
export interface Destination extends AsyncDisposable {
  /** `at-least-once` where a crash between rows and checkpoint may repeat a batch. */
  readonly guarantee: 'exactly-once' | 'at-least-once'
  /** A batch closes so many milliseconds after its first page, however small it is. */
  readonly batchAge: number
  readPosition(stream: string): Promise<Position>
  openTable(plan: TablePlan): Promise<TableWriter>
  /** Inserts the record, or overwrites the one with the same `run_id`. */
  saveRun(run: RunRecord): Promise<void>
  /** Newest first; of one connector's schema. */
  recentRuns(limit: number): Promise<readonly RunRecord[]>
  /** Every stream that has ever committed, with its position and when that was (RFC 3339). */
  positions(): Promise<readonly (Position & { readonly stream: string; readonly committedAt: string })[]>
}

/** Writes one stream's table. Disposing of it discards whatever was not committed. */
export interface TableWriter extends AsyncDisposable {
  /** The table as it stands, system columns left out; empty where it does not exist yet. */
  readonly columns: readonly Column[]
  /**
   * Widens the table if needed, loads the rows and commits them with the checkpoint in one transaction. Throws
   * `STATE_CONFLICT` where another run has committed meanwhile, `DESTINATION_*` otherwise; then nothing was written.
   */
  append(batch: Batch): Promise<void>
}
