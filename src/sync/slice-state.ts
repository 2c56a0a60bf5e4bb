import type { CursorValue, SeenRows } from './checkpoint.ts'

/** How far one slice of a stream has got, where each has a cursor of its own. Plain JSON: it is saved beside the rows it belongs to. */
export interface SliceProgress {
  /** The cursor that the slice's last complete listing led to. */
  readonly done: CursorValue | null
  /** Append streams: what lies at or beyond `done` (less the lookback) and was appended already. */
  readonly seen?: SeenRows
}

export interface SliceState {
  /** The partition or parent values that its requests are made of: canonical JSON, its end hashed where it is long. */
  readonly slice: string
  readonly progress: SliceProgress
}
