import type { Slice } from '../destinations/resume-point.ts'
import { createHash } from 'node:crypto'
import { findTemplateUse, isPerSlice } from '../connector/template-use.ts'
import { writeMode } from '../connector/write-mode.ts'
import type { Checkpoint } from '../destinations/checkpoint.ts'
import type { JobOptions } from './job-options.ts'
import { sliceKey } from './slice-cursors.ts'
import type { ListingPlan } from './stream.ts'

/** Bytes of a mark: where 5,000 slices are known, one new one in 860,000 is taken for one of them by chance. */
const markBytes = 4

/** Their marks are in each checkpoint, 27 KB at most; of more it cannot be told which are new. */
const slicesLimit = 5_000

const tooMany = 'too many'

interface Knowledge {
  /** The listing does not come to all slices, so that none of those before is forgotten. */
  readonly goesOn: boolean
  readonly keyOf: (slice: Slice) => string
  /** Called with the first slice that is new (its key), or that there are too many to tell. */
  readonly onAdded: (key: string | undefined) => void
}

/** The slices of a stream that has one cursor for all: what lies before that cursor in one that is added is never asked for. */
export class KnownSlices {
  /** Undefined where the cursor leaves nothing out yet, or nothing is known of the listings before. */
  readonly #before: ReadonlySet<string> | undefined
  readonly #marks: Set<string>
  readonly #knowledge: Knowledge
  #told = false

  constructor({ done, slices: saved }: Checkpoint, knowledge: Knowledge) {
    const marks = saved === undefined || saved === tooMany ? [] : readMarks(saved)
    this.#knowledge = knowledge
    this.#before = done === null || saved === undefined || saved === tooMany ? undefined : new Set(marks)
    this.#marks = new Set(knowledge.goesOn ? marks : [])
    if (done !== null && saved === tooMany) this.#tell(undefined)
  }

  /** Takes slices that are about to be read. */
  add(slices: readonly Slice[]): void {
    for (const slice of slices) {
      const key = this.#knowledge.keyOf(slice)
      const mark = markOf(key)
      if (this.#before?.has(mark) === false) this.#tell(key)
      if (this.#marks.size <= slicesLimit) this.#marks.add(mark)
    }
  }

  /** Inside a listing the slices before stay known, as it has not come to all of them. */
  stamp(checkpoint: Checkpoint, complete: boolean): Checkpoint {
    const marks = new Set([...this.#marks, ...(complete ? [] : (this.#before ?? []))])
    return { ...checkpoint, slices: marks.size > slicesLimit ? tooMany : [...marks].toSorted().join('') }
  }

  #tell(key: string | undefined): void {
    if (!this.#told) this.#knowledge.onAdded(key)
    this.#told = true
  }
}

const markLength = 6

const markOf = (key: string): string =>
  createHash('sha256').update(key).digest().subarray(0, markBytes).toString('base64url')

const readMarks = (text: string): readonly string[] => text.match(new RegExp(`.{${markLength}}`, 'g')) ?? []

/** Undefined where a slice that is added is read from its beginning. */
export function findKnown(
  { position, resumed, staged }: ListingPlan,
  { connector, stream, backfill, warn }: JobOptions,
): KnownSlices | undefined {
  const { incremental, parent, partitions } = stream
  if (backfill || !incremental || !(parent ?? partitions) || isPerSlice(connector, stream)) return undefined
  const use = findTemplateUse(connector, stream)
  const leavesOut = use.cursor || (writeMode(stream) === 'append' && incremental.client_filter)
  if (!leavesOut || staged) return undefined
  const { checkpoint } = position
  const where = `Stream ${stream.name} of ${connector.name} has one cursor for all slices`
  const ways = 'incremental: {per: slice} reads it from its beginning, and --full-refresh reads all slices again'
  return new KnownSlices(checkpoint, {
    goesOn: resumed || parent?.changed_only === true,
    keyOf: (slice) => sliceKey(slice, use),
    onAdded: (key) =>
      warn(
        'STATE_CHANGED',
        key === undefined
          ? `${where} and more than ${slicesLimit} of them, so that one which is added is not recognized: what lies before the cursor in it is not read; ${ways}.`
          : `${where}, and the listing before did not have the slice ${key}: what lies before ${checkpoint.done} in it is not read; ${ways}.`,
      ),
  })
}
