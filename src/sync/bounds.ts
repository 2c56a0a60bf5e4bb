import { writeMode } from '../connector/write-mode.ts'
import { SeenRowFilter } from './seen-row-filter.ts'
import type { OpenListing } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { CursorType } from './cursor.ts'
import type { JobOptions } from './job-options.ts'
import type { MarkChunks } from './mark-chunks.ts'
import type { Bounds } from './reading.ts'
import type { SliceProgress } from '../destinations/slice-state.ts'

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
  readonly chunks: MarkChunks
}

/** Where a listing begins and ends that goes on from `progress`. */
export function createBounds(
  progress: SliceProgress,
  opened: OpenListing | undefined,
  { options, order, chunks }: Reader,
): Bounds {
  const { incremental } = options.stream
  const edges = findEdges(progress, options, order)
  return {
    done: progress.done,
    order,
    boundary:
      order && needsBoundary(options) ? createBoundary(progress, opened, { options, order, edges, chunks }) : undefined,
    descendingTo: incremental?.order === 'desc' ? edges.start : null,
    ascendingTo: incremental?.order === 'asc' ? edges.until : undefined,
  }
}

function createBoundary(
  { seen }: SliceProgress,
  opened: OpenListing | undefined,
  { options, order, edges, chunks }: Reader & { readonly order: CursorType; readonly edges: Edges },
): SeenRowFilter {
  const { stream, connector, backfill } = options
  const append = writeMode(stream) === 'append'
  const { start, until } = edges
  return new SeenRowFilter({
    where: `stream ${stream.name} of ${connector.name}`,
    floor: backfill || (append && stream.incremental?.client_filter) ? start : null,
    until,
    seen: append ? seen : undefined,
    chunks,
    remember: append && !backfill ? (opened ?? {}) : undefined,
    keyed: (stream.primary_key ?? []).length > 0,
    order,
  })
}

/** Whether rows are known that earlier listings have appended. */
export const needsMarks = (options: JobOptions): boolean =>
  needsBoundary(options) && writeMode(options.stream) === 'append' && options.backfill === undefined
