import type { CursorValue } from '../syntax/cursor-value.ts'
import type { SliceState } from './slice-state.ts'

/**
 * A mark is the beginning of the row's hash in base64url: 66 bits, so that among a million rows two are taken for one
 * with a probability of one in 10^8.
 */
export const markLength = 11

/** Rows of one cursor, their marks without a space between; and how many copies there are, where that is not one. */
export type CursorMarks = readonly [
  cursor: CursorValue | null,
  marks: string,
  counts?: Readonly<Record<string, number>>,
]

/** In older checkpoints: a row by its mark of twice the length, its cursor, and how many copies there are where that is not one. */
export type SeenRow = readonly [mark: string, cursor: CursorValue | null, count?: number]

/** Marks as a checkpoint holds them. Plain JSON. */
export interface SavedMarks {
  readonly marks?: readonly CursorMarks[]
  /** Where the others are. */
  readonly chunks?: readonly ChunkRef[]
  /** Older checkpoints have these instead. */
  readonly rows?: readonly SeenRow[]
}

/** A row may be forgotten by its cursor (never, where it has none). */
export interface Copies {
  readonly cursor: CursorValue | null
  readonly count: number
}

export function readMarks({ marks = [], rows = [] }: SavedMarks): Map<string, Copies> {
  const found = new Map<string, Copies>()
  for (const [mark, cursor, count = 1] of rows) found.set(mark.slice(0, markLength), { cursor, count })
  for (const [cursor, text, counts = {}] of marks) {
    for (let at = 0; at < text.length; at += markLength) {
      const mark = text.slice(at, at + markLength)
      const count = Math.max(counts[mark] ?? 1, found.get(mark)?.count ?? 0)
      found.set(mark, { cursor, count })
    }
  }
  return found
}

export function saveMarks(copies: ReadonlyMap<string, Copies>): readonly CursorMarks[] {
  const byCursor = Map.groupBy([...copies], ([, { cursor }]) => cursor)
  return [...byCursor].map(([cursor, rows]): CursorMarks => {
    const marks = rows.map(([mark]) => mark).join('')
    const several = rows.filter(([, { count }]) => count > 1).map(([mark, { count }]) => [mark, count])
    return several.length > 0 ? [cursor, marks, Object.fromEntries(several)] : [cursor, marks]
  })
}
/** Marks that are too many for a checkpoint: a row of `_headrace_slices`. Plain JSON. */

export interface ChunkRef {
  readonly id: number
  /** The highest cursor among them. */
  readonly highest: CursorValue | null
  /** Some have no cursor, so that they may come with any listing. */
  readonly always?: true
}
export const prefix = 'marks '
/** Whether a row of `_headrace_slices` is a chunk of marks: the keys of slices are JSON objects. */

export const isChunk = ({ slice }: SliceState): boolean => slice.startsWith(prefix)
