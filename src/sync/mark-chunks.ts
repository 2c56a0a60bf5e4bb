import { SyncError } from '../base/errors.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import type { JobOptions } from './job-options.ts'
import {
  type ChunkRef,
  type Copies,
  type CursorMarks,
  isChunk,
  markLength,
  prefix,
  saveMarks,
} from '../destinations/marks.ts'
import type { ListingPlan } from './stream.ts'
import type { SliceProgress, SliceState } from '../destinations/slice-state.ts'

/** Bytes of marks that a checkpoint holds itself; more are put into a chunk. */
const inlineLimit = 32 * 1024

/** Marks travel with a commit: so many bytes of them end it. */
export const heavyBytes = 1024 * 1024

/** The chunks that these refer to. */
export const chunksOf = (all: Iterable<Pick<SliceProgress, 'seen'>>): ReadonlySet<number> =>
  new Set([...all].flatMap(({ seen }) => seen?.chunks ?? []).map(({ id }) => id))

/** The chunks of one stream: each is written once, in the commit of the rows it is about, and read by the runs that follow. */
export class MarkChunks {
  /** Bytes of marks that a checkpoint holds itself. */
  readonly limit: number
  readonly #where: string
  readonly #found: ReadonlyMap<number, readonly CursorMarks[]>
  readonly #free: number[]
  #next: number
  #written: SliceState[]
  /** Those that are not empty. */
  readonly #live: Set<number>
  #isUsed: boolean
  #bytes = 0

  /**
   * `known` are all rows of `_headrace_slices`. `used` are the chunks that the log refers to where a listing begins, so that the
   * others may be overwritten; undefined inside of one, where a chunk that is free may be wanted again if a run is taken back.
   */
  constructor(
    where: string,
    {
      known,
      used,
      rewrites,
      limit = inlineLimit,
    }: {
      readonly known: readonly SliceState[]
      readonly used: ReadonlySet<number> | undefined
      /** The next commit forgets them: they are written again. */
      readonly rewrites: boolean
      readonly limit?: number
    },
  ) {
    const chunks = known.filter(isChunk)
    this.#where = where
    this.limit = limit
    this.#found = new Map(chunks.map(({ slice, progress }) => [idOf(slice), progress.marks ?? []]))
    this.#free = used ? [...this.#found.keys()].filter((id) => !used.has(id)).toSorted((a, b) => b - a) : []
    this.#next = Math.max(-1, ...this.#found.keys()) + 1
    this.#written = rewrites ? chunks : []
    this.#live = new Set([...this.#found].filter(([, marks]) => marks.length > 0).map(([id]) => id))
    this.#isUsed = chunks.length > 0
  }

  /** Whether the stream has chunks, or had some when this listing began. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  /** Throws `STATE_MISMATCH` where one is gone. */
  read(refs: readonly ChunkRef[]): readonly CursorMarks[] {
    return refs.flatMap(({ id }) => {
      const marks = this.#found.get(id)
      if (marks) return marks
      throw new SyncError(
        'STATE_MISMATCH',
        `The rows that ${this.#where} has appended at its cursor are no longer known, as ${prefix}${id} is missing in _headrace_slices: read everything again with --full-refresh.`,
      )
    })
  }

  write(copies: ReadonlyMap<string, Copies>, highest: CursorValue | null): ChunkRef {
    this.#bytes += copies.size * markLength
    const id = this.#free.pop() ?? this.#next++
    this.#isUsed = true
    this.#put(id, saveMarks(copies))
    this.#live.add(id)
    const always = [...copies.values()].some(({ cursor }) => cursor === null)
    return { id, highest, ...(always && { always }) }
  }

  /** Empties those that nothing refers to any more, at the end of a listing. */
  sweep(used: ReadonlySet<number>): void {
    for (const id of this.#live) {
      if (used.has(id)) continue
      this.#put(id, [])
      this.#live.delete(id)
    }
  }

  /** Whether so much is to be written that it should not wait for more. */
  get isHeavy(): boolean {
    return this.#bytes > heavyBytes
  }

  /** What the next commit has to write. */
  take(): readonly SliceState[] {
    const written = this.#written
    this.#written = []
    this.#bytes = 0
    return written
  }

  #put(id: number, marks: readonly CursorMarks[]): void {
    const slice = `${prefix}${id}`
    this.#written = [...this.#written.filter((one) => one.slice !== slice), { slice, progress: { done: null, marks } }]
  }
}

/** The chunks as a listing of the stream finds them. */
export function openChunks(
  { position: { checkpoint }, resumed, forgetsSlices }: ListingPlan,
  { stream, connector }: JobOptions,
  known: readonly SliceState[],
): MarkChunks {
  const all = [checkpoint, checkpoint.base ?? {}, ...known.map(({ progress }) => progress)]
  return new MarkChunks(`stream ${stream.name} of ${connector.name}`, {
    known,
    used: resumed ? undefined : chunksOf(all),
    rewrites: forgetsSlices === true,
  })
}

const idOf = (slice: string): number => Number(slice.slice(prefix.length))
