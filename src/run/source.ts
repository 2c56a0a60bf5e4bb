import type { Slice } from '../destinations/resume-point.ts'
import { createHash } from 'node:crypto'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { renderRequest } from '../connector/templates.ts'
import { findTemplateUse } from '../connector/template-use.ts'
import { writeMode } from '../connector/write-mode.ts'
import type { DecoderOptions } from '../decode/index.ts'
import { SyncError } from '../base/errors.ts'
import type { ApiRequest } from '../http/send.ts'
import { createPaginator } from '../paginators/index.ts'
import { type End, isEnd } from '../paginators/paginator.ts'
import { noShape, type Shape } from '../schema/shape.ts'
import { type ChangedParents, parentOrder } from '../sync/changed-parents.ts'
import type { OpenListing } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { unsendable } from '../syntax/template-value.ts'
import type { JobOptions } from '../sync/job-options.ts'
import type { KnownSlices } from '../sync/known-slices.ts'
import type { SameRow } from '../sync/overlap.ts'
import type { Listing } from '../sync/pages.ts'
import { pickSlices } from '../sync/pick-slices.ts'
import type { StreamSource } from '../sync/slices.ts'
import { longestRequest } from '../connector/request-url.ts'

/** Characters of URL and body. The request for the next page goes into checkpoints; a connector file, and its body with it, has 1 MiB. */
const longestNext = 1.5 * 1024 * 1024

export interface SourceOptions {
  readonly options: JobOptions
  /** What `{{ cursor }}` is in the first request of a slice. */
  readonly cursor: (slice: Slice) => CursorValue | null
  readonly changed: ChangedParents | undefined
  readonly known: KnownSlices | undefined
  readonly shape: () => Shape
  readonly learn: DecoderOptions['learn']
  readonly listing: boolean
  readonly open: OpenListing | undefined
  /** The rows replace the table, or tell which of its rows are gone. */
  readonly staged: boolean
  readonly mayRestart: boolean
}

/** The listings of a stream, below those of its parents. */
export function createSource(
  stream: StreamConfig,
  { options, cursor, changed, known, shape, learn, listing, open, staged, mayRestart }: SourceOptions,
): StreamSource {
  const { connector, effects, runId, env } = options
  const parent = parentOf(connector, stream)
  const paginator = createPaginator(stream.paginator, {
    stop: stream.stop,
    maxPages: stream.max_pages,
    found: (config) => options.onFound(stream.name, config),
  })
  const now = effects.now()
  const first = (slice: Slice): ApiRequest => {
    const scope = { cursor: cursor(slice), ...slice, now, run: { id: runId }, env }
    try {
      return paginator.first(renderRequest(connector, stream, scope))
    } catch (thrown) {
      throw adviseCursor(thrown, `headrace state set ${connector.name} ${stream.name} CURSOR`)
    }
  }
  const picked = pickSlices(stream, { connector, first, warn: options.warn, ended: open?.ended })
  return {
    config: stream,
    parents: options.parents,
    key: JSON.stringify([stream.name, findTemplateUse(connector, stream).cursor ? cursor({}) : null]),
    changed,
    known,
    parent:
      parent &&
      createSource(parent, {
        options,
        cursor: () => (changed ? changed.start : startOf(options, parent)),
        changed: undefined,
        known: undefined,
        shape: () => noShape,
        learn: undefined,
        listing: false,
        open: undefined,
        staged,
        mayRestart,
      }),
    pages: {
      send: options.client(stream, {
        shape,
        learn,
        listing,
        onGuess: (guess) => options.warn('LISTING_IN_DOUBT', guess),
        onRepair: (repair) => options.warn('RESPONSE_REPAIRED', repair),
      }),
      concurrency: connector.rate_limit.concurrency,
      now: () => effects.now(),
      signal: options.signal,
    },
    first,
    ...picked,
    pick: (slices) => {
      const all = picked.pick(slices)
      known?.add(all)
      return all
    },
    onParentCut: () => {
      const what = `stream ${stream.name} of ${connector.name}: max_pages of ${parent?.name} leaves parents unread, and with them their children`
      if (staged)
        throw new SyncError('LISTING_INCOMPLETE', `${what}, so that nothing is replaced or deleted: raise max_pages`)
      options.warn('LISTING_IN_DOUBT', `${what}.`)
    },
    onAlike: (slices) =>
      options.warn(
        stream.primary_key ? 'LISTING_IN_DOUBT' : 'ROWS_MAY_REPEAT',
        `stream ${stream.name} of ${connector.name}: all ${slices} slices brought the same rows, byte for byte: see whether the provider understands how the requests name the ${parent ? 'parent' : 'partition'}.`,
      ),
    listing: (start, before): Listing => ({
      start,
      paginator: { ...paginator, next: (page) => clean(paginator.next(page)) },
      maxPages: stream.max_pages,
      before,
      markBefore: start === open?.place.next ? open.mark : '',
      describe: options.describe,
      ignore: stream.stop.ignore,
      warn: options.warn,
      mayRepeat: mayRepeat(stream),
      isNumbered: stream.paginator.type === 'page_number' || stream.paginator.type === 'offset',
      replaces: staged,
      keyed: stream.primary_key !== undefined,
      mayRestart,
    }),
  }

  function clean(next: ApiRequest | End): ApiRequest | End {
    if (isEnd(next)) return next
    const size = next.url.length + (next.body?.length ?? 0)
    if (size > longestNext)
      throw new SyncError(
        'RESPONSE_TOO_LARGE',
        `stream ${stream.name} of ${connector.name}: the provider names the next page in ${size} characters, and a request may have ${longestNext}; look for a shorter page token`,
      )
    if (next.url.length > longestRequest)
      throw new SyncError(
        'RESPONSE_INVALID',
        `The next page of ${options.describe(next)} has a URL of ${next.url.length} characters, where servers take ${longestRequest}: ask for smaller pages, or for the cursor in the body.`,
      )
    return options.withoutCredentials(next, stream)
  }
}

/** Where a parent's listing begins of which nothing is left out. */
function startOf(options: JobOptions, parent: StreamConfig): CursorValue | null {
  const { start } = parent.incremental ?? {}
  return start === undefined ? null : (parentOrder(options, parent)?.spell(start) ?? start)
}

/** A row that comes twice is there twice, unless it has a key to be merged by. */
function mayRepeat(stream: StreamConfig): SameRow | undefined {
  const { primary_key: primaryKey = [], incremental } = stream
  const write = writeMode(stream)
  const keepsBoth = write === 'append' || (write === 'replace' && primaryKey.length === 0)
  return keepsBoth && incremental?.order !== 'asc' ? { primaryKey, cursor: incremental?.cursor } : undefined
}

/** What makes the requests, rows and columns of a stream: where it changes, an interrupted listing cannot go on. */
export function fingerprint(connector: Connector, stream: StreamConfig): string {
  const parts: unknown[] = [connector.base_url, connector.params, connector.headers]
  for (let at: StreamConfig | undefined = stream; at; at = parentOf(connector, at)) {
    const { method, path, url, params, headers, body, paginator, rows, parent, partitions, incremental } = at
    parts.push(method, path, url, params, headers, body, paginator, rows, parent, partitions, incremental)
  }
  // Rows of an interrupted listing are stored by the old key and under the old columns.
  const renamed = Object.entries(stream.columns).filter(([, { drop, rename }]) => drop || rename !== undefined)
  parts.push(stream.primary_key, stream.table ?? stream.name, renamed)
  // What a listing has staged is not in the table; a history stages nothing where it is refreshed.
  parts.push(writeMode(stream) === 'replace' || stream.deletes?.absent === true, writeMode(stream) === 'scd2')
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16)
}

const parentOf = ({ streams }: Connector, { parent }: StreamConfig): StreamConfig | undefined =>
  parent && streams.find(({ name }) => name === parent.stream)

/** A saved cursor that no request can hold: an earlier version took what is refused today. */
function adviseCursor(thrown: unknown, command: string): unknown {
  if (!(thrown instanceof SyncError) || unsendable(thrown)?.root !== 'cursor') return thrown
  const message = `${thrown.message.replace(/\.$/, '')}: every run would fail there; say where to go on: ${command}`
  return new SyncError(thrown.code, message, { cause: thrown, details: thrown.details })
}
