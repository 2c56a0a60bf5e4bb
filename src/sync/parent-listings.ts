import type { Connector, StreamConfig } from '../config/connector.ts'
import { Spool } from '../decode/spool.ts'
import { type ParentRow, parentRows } from './slice-values.ts'
import type { Place, StreamStep } from './slices.ts'

/** What children need of a page of their parent's listing. Plain JSON. */
export interface ParentPage {
  readonly rows: readonly ParentRow[]
  /** Where the parent's listing goes on. */
  readonly after?: Place | undefined
  /** `max_pages` ends the parent's listing here, and there are more parents. */
  readonly cut?: boolean | undefined
}

interface Kept {
  readonly pages: Spool
  isWhole: boolean
}

/**
 * The listings of parents that this run has read from their start: each is read once for all its children, whether it
 * is stored itself or not. Of each row only what children include is kept, in a file once that is large.
 */
export class ParentListings implements AsyncDisposable {
  /** By parent: the fields of its rows that its children include. */
  readonly #fields = new Map<string, Set<string>>()
  readonly #kept = new Map<string, Kept>()

  /** `read` are the streams of this run. */
  constructor({ streams }: Pick<Connector, 'streams'>, read: readonly StreamConfig[]) {
    const byName = new Map(streams.map((stream) => [stream.name, stream]))
    for (const stream of read)
      for (let at: StreamConfig | undefined = stream; at?.parent; at = byName.get(at.parent.stream)) {
        const fields = this.#fields.get(at.parent.stream) ?? new Set()
        for (const field of Object.values(at.parent.include)) fields.add(field)
        this.#fields.set(at.parent.stream, fields)
      }
  }

  /** Whether a stream of this run is read below this one. */
  isParent(stream: string): boolean {
    return this.#fields.has(stream)
  }

  /** The pages of a listing that was read whole; undefined where none was. */
  find(stream: string): AsyncIterable<ParentPage> | undefined {
    const kept = this.#kept.get(stream)
    return kept?.isWhole ? readPages(kept.pages) : undefined
  }

  /** Passes on the steps of a listing that begins at its start, each with what children need of it, and keeps that. */
  async *keep(
    stream: string,
    steps: AsyncIterable<StreamStep>,
  ): AsyncGenerator<{ readonly step: StreamStep; readonly page: ParentPage }, void, undefined> {
    await this.#kept.get(stream)?.pages[Symbol.asyncDispose]()
    const kept: Kept = { pages: new Spool(), isWhole: false }
    this.#kept.set(stream, kept)
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
    const rows = await parentRows(step.page.body.rows, [...(this.#fields.get(stream) ?? [])])
    return { rows, after, cut: step.cut }
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
