import type { ResumePoint } from '../destinations/resume-point.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { Spool } from '../base/spool.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { beganAt } from './reading.ts'
import { type ParentRow, parentRows } from './slice-values.ts'
import type { StreamStep } from './slices.ts'

/** What children need of a page of their parent's listing. Plain JSON. */
export interface ParentPage {
  readonly rows: readonly ParentRow[]
  /** Their cursors, null where a row has none; absent where no child reads changed parents only. */
  readonly cursors?: readonly (CursorValue | null)[] | undefined
  /** When its request was sent, by the provider's clock (milliseconds since 1970). */
  readonly began?: number | undefined
  /** Where the parent's listing goes on. */
  readonly after?: ResumePoint | undefined
  /** `max_pages` ends the parent's listing here, and there are more parents. */
  readonly cut?: boolean | undefined
}

interface Kept {
  readonly pages: Spool
  isWhole: boolean
}

/**
 * The listings of parents that this run has read from their first page: each is read once for all its children, whether
 * it is stored itself or not, and once for each cursor that it is read from. Of each row only what children include is kept, in a file once that is large.
 */
export class ParentListings implements AsyncDisposable {
  /** By parent: the fields of its rows that its children include. */
  readonly #fields = new Map<string, Set<string>>()
  /** By parent: the cursor, where one of its children reads only what has changed. */
  readonly #cursors = new Map<string, string>()
  /** By `StreamSource.key`. */
  readonly #kept = new Map<string, Kept>()
  readonly #now: () => number

  /** `read` are the streams of this run; `now` in milliseconds since 1970. */
  constructor(
    { streams }: Pick<Connector, 'streams'>,
    { read, now }: { readonly read: readonly StreamConfig[]; readonly now: () => number },
  ) {
    this.#now = now
    const byName = new Map(streams.map((stream) => [stream.name, stream]))
    for (const stream of read)
      for (let at: StreamConfig | undefined = stream; at?.parent; at = byName.get(at.parent.stream)) {
        const fields = this.#fields.get(at.parent.stream) ?? new Set()
        for (const field of Object.values(at.parent.include)) fields.add(field)
        this.#fields.set(at.parent.stream, fields)
        const cursor = at.parent.changed_only ? byName.get(at.parent.stream)?.incremental?.cursor : undefined
        if (cursor !== undefined) this.#cursors.set(at.parent.stream, cursor)
      }
  }

  /** Whether a stream of this run is read below this one. */
  isParent(stream: string): boolean {
    return this.#fields.has(stream)
  }

  /** The pages of a listing that was read whole; undefined where none was. */
  find(key: string): AsyncIterable<ParentPage> | undefined {
    const kept = this.#kept.get(key)
    return kept?.isWhole ? readPages(kept.pages) : undefined
  }

  /** Passes on the steps of a listing that begins with its first page, each with what children need of it, and keeps that. */
  async *keep(
    { key, stream }: { readonly key: string; readonly stream: string },
    steps: AsyncIterable<StreamStep>,
  ): AsyncGenerator<{ readonly step: StreamStep; readonly page: ParentPage }, void, undefined> {
    await this.#kept.get(key)?.pages[Symbol.asyncDispose]()
    const kept: Kept = { pages: new Spool(), isWhole: false }
    this.#kept.set(key, kept)
    for await (const step of steps) {
      const page = await this.read(stream, step)
      await kept.pages.write(Buffer.from(`${JSON.stringify(page)}\n`))
      // Who has taken the last step asks for no other.
      kept.isWhole = step.after === undefined
      yield { step, page }
    }
    kept.isWhole = true
  }

  async read(stream: string, { step, after }: StreamStep): Promise<ParentPage> {
    const { page, cut } = step
    const cursor = this.#cursors.get(stream)
    const found = await parentRows(page.body.rows, { fields: [...(this.#fields.get(stream) ?? [])], cursor })
    return { ...found, after, cut, ...(cursor !== undefined && { began: beganAt(page, this.#now()) }) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { pages } of this.#kept.values()) await pages[Symbol.asyncDispose]()
  }
}

async function* readPages(pages: Spool): AsyncGenerator<ParentPage, void, undefined> {
  const decoder = new TextDecoder()
  let open = ''
  for await (const chunk of pages.read()) {
    const lines = (open + decoder.decode(chunk, { stream: true })).split('\n')
    open = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as ParentPage
  }
}
