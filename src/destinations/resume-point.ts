import type { ApiRequest } from '../http/send.ts'
import type { TemplateScope } from '../syntax/template-value.ts'

/** The last rows of the pages before, known by their marks, which is all that is saved of them. */
export interface TailMarks {
  readonly marks: readonly string[]
  toJSON(): readonly string[]
}

export interface Counted {
  readonly path: string
  readonly kind: 'total' | 'pages'
  readonly value: number
}

/** What is known of a listing so far. Plain JSON: it is saved where the listing is cut short. */
export interface Tally {
  readonly pages: number
  /** Rows that the provider sent; undefined where that was not counted from the beginning. */
  readonly rows?: number | undefined
  /** The paginator has found a next page before, so that its absence means something. */
  readonly led?: true | undefined
  /** What the provider counts, where pages are asked for by their position. */
  readonly counted?: Counted | undefined
  /** Where the last page named another next page than the one that was asked for behind it. */
  readonly unsent?: string | undefined
  /** The last rows, where they may come again as the first of the next page (see `cutOverlap`): their marks, once saved. */
  readonly tail?: TailMarks | readonly string[] | undefined
}

/** What one of several listings of a stream is for: a partition, a row of the parent stream, or both. */
export type Slice = Pick<TemplateScope, 'parent' | 'partition'>

/** Where a stream stands: the request to go on with, and of a stream of several listings what is still to come. Plain JSON. */
export interface ResumePoint {
  readonly next: ApiRequest
  /** Instead of all else: see `Sealer`. Only saved checkpoints have it. */
  readonly sealed?: string
  /** Its listing before `next`. */
  readonly tally?: Tally
  readonly slices?: {
    /** The slice that `next` belongs to; absent where `next` is a page of the parent. */
    readonly current?: Slice
    /** Those behind it; absent where they are found again: by the partitions, or by `page`. */
    readonly pending?: readonly Slice[]
    /** Where the parent's page is read again that the slices are of; null for its first. */
    readonly page?: ResumePoint | null
    readonly parent?: ResumePoint
  }
}
