import type { Tally, ResumePoint, Slice } from '../destinations/resume-point.ts'
import type { StreamConfig } from '../connector/connector.ts'
import { SyncError } from '../base/errors.ts'
import type { ApiRequest } from '../http/send.ts'
import type { ChangedParents } from './changed-parents.ts'
import type { KnownSlices } from './known-slices.ts'
import { type PageStep, type PageSource, type Listing, readPages } from './pages.ts'
import type { ParentListings, ParentPage } from './parent-listings.ts'
import { SliceTwins } from './slice-twins.ts'
import { parentSlices, partitions } from './slice-values.ts'

export interface StreamStep {
  readonly step: PageStep
  readonly slice: Slice
  /** Where to go on after this page; undefined where nothing is known to follow. */
  readonly after: ResumePoint | undefined
  /** Where to go on after this slice. */
  readonly behind: () => ResumePoint | undefined
  /** Leaves out the further pages of this slice. */
  readonly endSlice: () => void
}

/** A stream as its listings see it. */
export interface StreamSource {
  readonly config: StreamConfig
  readonly parent: StreamSource | undefined
  readonly parents: ParentListings
  /** Two listings of a stream that begin with the same request have the same. */
  readonly key: string
  /** With `parent.changed_only`: which parents are read. */
  readonly changed: ChangedParents | undefined
  /** The slices of listings before, where one that is added is not read from its beginning. */
  readonly known: KnownSlices | undefined
  readonly pages: PageSource
  /** The first request of a slice. */
  readonly first: (slice: Slice) => ApiRequest
  readonly listing: (start: ApiRequest, before: Tally) => Listing
  /** Picks those of a parent's page, or of the partitions, that are to be read: each once in a listing. */
  readonly pick: (slices: readonly Slice[]) => readonly Slice[]
  /** Told that no more is picked, at the end of a whole listing or before it. Throws `RESPONSE_INVALID` where every parent was refused. */
  readonly onPicked: (isWhole: boolean) => void
  /** Told that `max_pages` leaves parents unread. Throws `LISTING_INCOMPLETE` where their children would be taken for gone. */
  readonly onParentCut: () => void
  /** Told that all of several slices have brought the same rows. */
  readonly onAlike: (slices: number) => void
  /** Whether two slices make the same requests. */
  readonly isSame: (a: Slice, b: Slice) => boolean
}

/** With more slices than this behind it, a place does not hold them. */
const pendingLimit = 200

/** Reads all pages of a stream, one listing after the other. */
export async function* readStream(
  source: StreamSource,
  from?: ResumePoint,
): AsyncGenerator<StreamStep, void, undefined> {
  const { config, parent } = source
  if (parent) {
    let isWhole = false
    try {
      yield* readChildren({ ...source, parent }, from)
      // Of what has changed alone, or of the rest of a listing, all may be such.
      isWhole = from === undefined && source.changed === undefined
    } finally {
      source.onPicked(isWhole)
    }
  } else if (config.partitions) {
    const slices = source.pick(partitions(config.partitions))
    const rest = restOf(from) ?? (from ? restBehind(source, slices, from) : slices)
    const twins = new SliceTwins(from === undefined)
    yield* readSlices(source, { slices: rest, from, parent: undefined, page: undefined, twins })
  } else {
    const listing = source.listing(from?.next ?? source.first({}), tallyOf(from))
    for await (const step of readPages(listing, source.pages)) {
      yield {
        step,
        slice: {},
        after: step.next && { next: step.next, tally: step.tally },
        behind: () => undefined,
        endSlice: () => undefined,
      }
    }
  }
}

async function* readChildren(
  source: StreamSource & { readonly parent: StreamSource },
  from?: ResumePoint,
): AsyncGenerator<StreamStep, void, undefined> {
  const page = from?.slices?.page
  const rest = restOf(from)
  const parentFrom = from?.slices?.parent
  const twins = new SliceTwins(from === undefined)
  if (rest) yield* readSlices(source, { slices: source.pick(rest), from, parent: parentFrom, page: undefined, twins })
  if (from && !parentFrom && page === undefined) return
  let at = page === undefined ? parentFrom : (page ?? undefined)
  let goesOn = page !== undefined
  for await (const page of parentPages(source, at)) {
    const { after, cut } = page
    if (cut) source.onParentCut()
    const { rows, isPast } = source.changed?.take(page) ?? { rows: page.rows, isPast: false }
    if (isPast && !goesOn) return
    const all = source.pick(parentSlices(rows, source.config))
    const slices = goesOn && from ? restBehind(source, all, from) : all
    yield* readSlices(source, { slices, from: goesOn ? from : undefined, parent: after, page: at ?? null, twins })
    goesOn = false
    at = after
  }
  if (twins.alike > 0) source.onAlike(twins.alike)
}

/** The parent's pages: those that this run has read already, where the child begins with the first. */
async function* parentPages(
  { parent, parents }: StreamSource & { readonly parent: StreamSource },
  from: ResumePoint | undefined,
): AsyncGenerator<ParentPage, void, undefined> {
  const { name } = parent.config
  const known = from === undefined ? parents.find(parent.key) : undefined
  if (known) return yield* known
  const steps = readStream(parent, from)
  if (from === undefined) {
    for await (const { step, page } of parents.keep({ key: parent.key, stream: name }, steps)) {
      await step.step.page.body.rows[Symbol.asyncDispose]()
      yield page
    }
  } else {
    for await (const step of steps) {
      await using _rows = step.step.page.body.rows
      yield await parents.read(name, step)
    }
  }
}

/** The slices that a run which was cut short has left; undefined where it stands at none, or they are to be found again. */
const restOf = (from: ResumePoint | undefined): readonly Slice[] | undefined =>
  from?.slices?.current && from.slices.pending && [from.slices.current, ...from.slices.pending]

/** The slice that a place belongs to, and those behind it. */
function restBehind(source: StreamSource, slices: readonly Slice[], { slices: place }: ResumePoint): readonly Slice[] {
  const current = place?.current
  const at = current ? slices.findIndex((slice) => source.isSame(slice, current)) : -1
  if (at < 0)
    throw new SyncError(
      'LISTING_EXPIRED',
      `The slice at which stream ${source.config.name} was cut short is no longer where it was.`,
    )
  return slices.slice(at)
}

interface SliceRun {
  readonly slices: readonly Slice[]
  /** The place inside the first of them, where a run was cut short. */
  readonly from: ResumePoint | undefined
  /** Where the parent goes on behind them. */
  readonly parent: ResumePoint | undefined
  /** Where the parent's page is read again that they are of: null for its first, undefined where it is not known. */
  readonly page: ResumePoint | null | undefined
  /** The pages of all slices of the stream. */
  readonly twins: SliceTwins
}

async function* readSlices(
  source: StreamSource,
  { slices, from, parent, page, twins }: SliceRun,
): AsyncGenerator<StreamStep, void, undefined> {
  let ended = false
  const queue = slices.map((slice, index) => () => {
    const start = index === 0 && from ? from.next : source.first(slice)
    return readPages(source.listing(start, tallyOf(index === 0 ? from : undefined)), source.pages)
  })
  const last = parent && { next: parent.next, slices: { pending: [], parent } }
  const order = {
    concurrency: source.pages.concurrency,
    skips: () => ended,
    doubts: (step: PageStep) => twins.doubts(step),
  }
  for await (const { index, step, isFirst } of inOrder(queue, order)) {
    twins.add(step, isFirst)
    const slice = slices[index] as Slice
    const following = slices[index + 1]
    ended = false
    if (!step.next && !following && !last && twins.alike > 0) source.onAlike(twins.alike)
    const after = step.next && place({ next: step.next, tally: step.tally, slice, index })
    const behind = (): ResumePoint | undefined =>
      following
        ? place({ next: source.first(following), tally: tallyOf(undefined), slice: following, index: index + 1 })
        : last
    yield {
      step,
      slice,
      after: after ?? behind(),
      behind,
      endSlice: () => {
        ended = true
      },
    }
  }

  function place(at: { next: ApiRequest; tally: Tally; slice: Slice; index: number }): ResumePoint {
    const found = source.parent === undefined || page !== undefined
    const rest = slices.length - at.index - 1 > pendingLimit && found
    return {
      next: at.next,
      tally: at.tally,
      slices: {
        current: at.slice,
        ...(rest ? { ...(page !== undefined && { page }) } : { pending: slices.slice(at.index + 1) }),
        ...(parent && { parent }),
      },
    }
  }
}

/** A place that says nothing of the rows before it was saved in the middle of a listing whose rows were not counted. */
const tallyOf = (from: ResumePoint | undefined): Tally => from?.tally ?? (from ? { pages: 0 } : { pages: 0, rows: 0 })

interface Order {
  readonly concurrency: number
  /** Whether the listing whose page was handed over last ends there. */
  readonly skips: () => boolean
  /** Whether a listing whose first page this is has to be begun again. */
  readonly doubts: (first: PageStep) => boolean
}

interface Running {
  readonly pages: AsyncGenerator<PageStep, void, undefined>
  readonly first: Promise<IteratorResult<PageStep, void>>
}

/** Runs listings one after the other, but asks for the first pages of up to `concurrency` of them at once. */
async function* inOrder(
  queue: readonly (() => AsyncGenerator<PageStep, void, undefined>)[],
  { concurrency, skips, doubts }: Order,
): AsyncGenerator<{ readonly index: number; readonly step: PageStep; readonly isFirst: boolean }, void, undefined> {
  const running: Running[] = []
  let started = 0
  const start = (index: number): Running => {
    const pages = (queue[index] as (typeof queue)[number])()
    const first = pages.next()
    first.catch(() => undefined)
    return { pages, first }
  }
  try {
    for (let index = 0; index < queue.length; index++) {
      while (started < queue.length && started - index < concurrency) running.push(start(started++))
      let turn = running[0] as Running
      let result = await turn.first
      if (!result.done && doubts(result.value)) {
        await result.value.page.body.rows[Symbol.asyncDispose]()
        await turn.pages.return()
        turn = running[0] = start(index)
        result = await turn.first
      }
      for (let isFirst = true; !result.done; isFirst = false, result = await turn.pages.next()) {
        yield { index, step: result.value, isFirst }
        if (skips()) break
      }
      await turn.pages.return()
      running.shift()
    }
  } finally {
    for (const { pages, first } of running) {
      const result = await first.catch(() => undefined)
      if (result && !result.done) await result.value.page.body.rows[Symbol.asyncDispose]()
      await pages.return()
    }
  }
}
