import type { TemplateScope } from '../config/templates.ts'
import type { StreamConfig } from '../config/connector.ts'
import type { PageRows } from '../decode/page-decoder.ts'
import { parseExact } from '../decode/exact-json.ts'
import type { ApiRequest } from '../http/send.ts'
import type { Tally } from './listing-end.ts'
import { type PageStep, type PageSource, type Listing, readPages } from './pages.ts'
import { readLines } from './rows.ts'

/** What one of several listings of a stream is for: a partition, or a row of the parent stream. */
export type Slice = Pick<TemplateScope, 'parent' | 'partition'>

/** Where a stream stands: the request to go on with, and of a stream of several listings what is still to come. Plain JSON. */
export interface Place {
  readonly next: ApiRequest
  /** Its listing before `next`. */
  readonly tally?: Tally
  readonly slices?: {
    /** The slice that `next` belongs to; absent where `next` is a page of the parent. */
    readonly current?: Slice
    readonly pending: readonly Slice[]
    readonly parent?: Place
  }
}

export interface StreamStep {
  readonly step: PageStep
  readonly slice: Slice
  /** Where to go on after this page; undefined where nothing is known to follow. */
  readonly after: Place | undefined
}

/** A stream as its listings see it. */
export interface StreamSource {
  readonly config: StreamConfig
  readonly parent: StreamSource | undefined
  readonly pages: PageSource
  /** The first request of a slice. */
  readonly first: (slice: Slice) => ApiRequest
  readonly listing: (start: ApiRequest, before: Tally) => Listing
}

/** Reads all pages of a stream, one listing after the other. */
export async function* readStream(source: StreamSource, from?: Place): AsyncGenerator<StreamStep, void, undefined> {
  const { config, parent } = source
  if (parent) yield* readChildren({ ...source, parent }, from)
  else if (config.partitions)
    yield* readSlices(source, { slices: restOf(from) ?? partitions(config.partitions), from, parent: undefined })
  else {
    const listing = source.listing(from?.next ?? source.first({}), tallyOf(from))
    for await (const step of readPages(listing, source.pages))
      yield { step, slice: {}, after: step.next && { next: step.next, tally: step.tally } }
  }
}

async function* readChildren(
  source: StreamSource & { readonly parent: StreamSource },
  from?: Place,
): AsyncGenerator<StreamStep, void, undefined> {
  const parentFrom = from?.slices?.parent
  const rest = restOf(from)
  if (rest) yield* readSlices(source, { slices: rest, from, parent: parentFrom })
  if (from && !parentFrom) return
  for await (const { step, after } of readStream(source.parent, parentFrom)) {
    await using rows = step.page.body.rows
    yield* readSlices(source, { slices: await parentSlices(rows, source.config), from: undefined, parent: after })
  }
}

/** The slices that a run which was cut short has left; undefined where it stands at none. */
const restOf = (from: Place | undefined): readonly Slice[] | undefined =>
  from?.slices?.current && [from.slices.current, ...from.slices.pending]

interface SliceRun {
  readonly slices: readonly Slice[]
  /** The place inside the first of them, where a run was cut short. */
  readonly from: Place | undefined
  /** Where the parent goes on behind them. */
  readonly parent: Place | undefined
}

async function* readSlices(
  source: StreamSource,
  { slices, from, parent }: SliceRun,
): AsyncGenerator<StreamStep, void, undefined> {
  const queue = slices.map((slice, index) => () => {
    const start = index === 0 && from ? from.next : source.first(slice)
    return readPages(source.listing(start, tallyOf(index === 0 ? from : undefined)), source.pages)
  })
  const behind = parent && { next: parent.next, slices: { pending: [], parent } }
  for await (const { index, step } of inOrder(queue, source.pages.concurrency)) {
    const slice = slices[index] as Slice
    const following = slices[index + 1]
    yield {
      step,
      slice,
      after:
        place(step, slice, index) ??
        (following
          ? place({ next: source.first(following), tally: tallyOf(undefined) }, following, index + 1)
          : behind),
    }
  }

  function place({ next, tally }: Pick<PageStep, 'next' | 'tally'>, current: Slice, index: number): Place | undefined {
    return next && { next, tally, slices: { current, pending: slices.slice(index + 1), ...(parent && { parent }) } }
  }
}

/** A place that says nothing of the rows before it was saved in the middle of a listing whose rows were not counted. */
const tallyOf = (from: Place | undefined): Tally => from?.tally ?? (from ? { pages: 0 } : { pages: 0, rows: 0 })

/** Runs listings one after the other, but asks for the first pages of up to `concurrency` of them at once. */
async function* inOrder(
  queue: readonly (() => AsyncGenerator<PageStep, void, undefined>)[],
  concurrency: number,
): AsyncGenerator<{ readonly index: number; readonly step: PageStep }, void, undefined> {
  const running: {
    readonly pages: AsyncGenerator<PageStep, void, undefined>
    readonly first: Promise<IteratorResult<PageStep, void>>
  }[] = []
  let started = 0
  try {
    for (let index = 0; index < queue.length; index++) {
      while (started < queue.length && started - index < concurrency) {
        const pages = (queue[started++] as () => AsyncGenerator<PageStep, void, undefined>)()
        const first = pages.next()
        first.catch(() => undefined)
        running.push({ pages, first })
      }
      const { pages, first } = running[0] as (typeof running)[number]
      for (let result = await first; !result.done; result = await pages.next()) yield { index, step: result.value }
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

/** A list as it is; of a matrix every combination, the last name varying fastest. */
function partitions(config: NonNullable<StreamConfig['partitions']>): readonly Slice[] {
  if (Array.isArray(config)) return config.map((partition) => ({ partition }))
  return Object.entries(config)
    .reduce<Record<string, unknown>[]>(
      (sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
      [{}],
    )
    .map((partition) => ({ partition }))
}

/** What a child's templates may use of each row of its parent's page. */
async function parentSlices(rows: PageRows, { parent }: StreamConfig): Promise<readonly Slice[]> {
  const slices: Slice[] = []
  for await (const line of readLines(rows)) {
    const row = parseExact(line) as Record<string, unknown>
    const fields = Object.entries(parent?.include ?? {}).map(([name, field]) => [name, printable(dig(row, field))])
    slices.push({ parent: Object.fromEntries(fields) as Record<string, unknown> })
  }
  return slices
}

const dig = (row: Record<string, unknown>, field: string): unknown =>
  Object.hasOwn(row, field)
    ? row[field]
    : field
        .split('.')
        .reduce<unknown>(
          (at, name) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined),
          row,
        )

/** A checkpoint is JSON, which has no integers beyond 2^53. */
const printable = (value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : (value ?? null))
