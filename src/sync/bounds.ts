import { writeMode } from '../config/write-mode.ts'
import { Boundary } from './boundary.ts'
import type { CursorValue, OpenListing } from './checkpoint.ts'
import type { CursorType } from './cursor.ts'
import type { JobOptions } from './job.ts'
import type { SavedMarks } from './marks.ts'
import type { Bounds } from './reading.ts'
import type { SliceProgress } from './slice-state.ts'

interface Edges {
  /** What `{{ cursor }}` is. */
  readonly start: CursorValue | null
  readonly until: CursorValue | undefined
}

export function findEdges(
  { done }: SliceProgress,
  { stream, backfill }: JobOptions,
  order: CursorType | undefined,
): Edges {
  const { incremental } = stream
  if (!order) return { start: null, until: undefined }
  if (backfill) return { start: order.spell(backfill.from), until: backfill.until }
  const { start } = incremental ?? {}
  const first = start === undefined ? null : order.spell(start)
  return { start: done === null ? first : order.shift(done), until: incremental?.end }
}

/** Whether some rows that come are not to be written, so that each is looked at. */
export const needsBoundary = ({ stream, backfill }: JobOptions): boolean =>
  stream.incremental !== undefined &&
  (writeMode(stream) === 'append' || stream.incremental.end !== undefined || backfill !== undefined)

interface Reader {
  readonly options: JobOptions
  readonly order: CursorType | undefined
}

/** Where a listing begins and ends that goes on from `progress`. */
export function createBounds(
  progress: SliceProgress,
  opened: OpenListing | undefined,
  { options, order }: Reader,
): Bounds {
  const { incremental } = options.stream
  const edges = findEdges(progress, options, order)
  return {
    done: progress.done,
    order,
    boundary: order && needsBoundary(options) ? createBoundary(progress, opened, { options, order, edges }) : undefined,
    descendingTo: incremental?.order === 'desc' ? edges.start : null,
    ascendingTo: incremental?.order === 'asc' ? edges.until : undefined,
  }
}

function createBoundary(
  { seen }: SliceProgress,
  opened: OpenListing | undefined,
  { options, order, edges }: { readonly options: JobOptions; readonly order: CursorType; readonly edges: Edges },
): Boundary {
  const { stream, connector, backfill } = options
  const append = writeMode(stream) === 'append'
  const { start, until } = edges
  return new Boundary({
    where: `stream ${stream.name} of ${connector.name}`,
    floor: backfill || (append && stream.incremental?.client_filter) ? start : null,
    until,
    seen: append ? seen : undefined,
    remember: append && !backfill ? toMarks(opened) : undefined,
    keyed: (stream.primary_key ?? []).length > 0,
    order,
  })
}

const toMarks = ({ marks = [], seen = [] }: Pick<OpenListing, 'marks' | 'seen'> = {}): SavedMarks => ({
  marks,
  rows: seen,
})
