import type { SeenRows } from './checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { CursorMarks } from './marks.ts'

/** How far one slice of a stream has got, where each has a cursor of its own. Plain JSON: it is saved beside the rows it belongs to. */
export interface SliceProgress {
  /** The cursor that the slice's last complete listing led to. */
  readonly done: CursorValue | null
  /** Append streams: what lies at or beyond `done` (less the lookback) and was appended already. */
  readonly seen?: SeenRows
  /** Of a row that is a chunk of marks (`isChunk`). */
  readonly marks?: readonly CursorMarks[]
}

export interface SliceState {
  /** The partition or parent values that its requests are made of: canonical JSON, its end hashed where it is long; or the name of a chunk of marks. */
  readonly slice: string
  readonly progress: SliceProgress
}
