import { formatsOf } from '../config/cursor-format.ts'
import type { Connector, StreamConfig } from '../config/connector.ts'
import { writeMode } from '../config/write-mode.ts'
import type { DecoderOptions } from '../decode/index.ts'
import type { Effects } from '../effects.ts'
import type { PaginatorConfig } from '../paginators/index.ts'
import type { ApiRequest, Send } from '../http/send.ts'
import { noShape, type Shape } from '../schema/shape.ts'
import type { Column } from '../schema/types.ts'
import { TableSchema } from '../schema/table-schema.ts'
import type { Member } from '../schema/value.ts'
import { readMembers, refusal } from '../schema/value.ts'
import { stringifyExact } from '../decode/exact-json.ts'
import type { BatchRules } from './batches.ts'
import { Boundary } from './boundary.ts'
import type { CursorValue } from './checkpoint.ts'
import { CursorType } from './cursor.ts'
import { identify } from './identity.ts'
import { planTable } from './table-plan.ts'
import type { Slice } from './slices.ts'
import { createSource, fingerprint } from './source.ts'
import type { ListingPlan, StreamJob } from './stream.ts'
import type { Warn } from './warnings.ts'

/** What the request, the connector and the run say of one stream. */
export interface JobOptions {
  readonly connector: Connector
  readonly stream: StreamConfig
  readonly runId: string
  /** RFC 3339. */
  readonly startedAt: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly effects: Effects
  readonly fullRefresh: boolean
  /** A backfill beside the cursor: `from` inclusive, `until` exclusive. */
  readonly backfill: { readonly from: CursorValue; readonly until: CursorValue } | undefined
  readonly delivery?: string | undefined
  readonly continuesFrom?: number | undefined
  /** Milliseconds; how long the destination lets a batch wait. */
  readonly batchAge: number
  readonly mayStop: BatchRules['mayStop']
  readonly isStopped: BatchRules['isStopped']
  readonly describe: (request: ApiRequest) => string
  readonly client: ClientFactory
  /** Takes credentials out of a link that the provider sent. */
  readonly withoutCredentials: (request: ApiRequest, stream: StreamConfig) => ApiRequest
  readonly signal: AbortSignal
  /** Told what `auto` found, and why a listing may be cut short. */
  readonly onFound: (stream: string, paginator: PaginatorConfig, warning?: string) => void
  /** Whatever of this stream is guessed, skipped or left in doubt. */
  readonly warn: Warn
}

/** Makes the client of a stream: its rows are decoded against `shape` as they come in. */
export type ClientFactory = (stream: StreamConfig, options: Pick<DecoderOptions, 'shape' | 'learn' | 'listing'>) => Send

/** Puts together what one stream needs. */
export function createJob(options: JobOptions): StreamJob {
  const { connector, stream, runId, backfill } = options
  const write = writeMode(stream)
  const cursor = stream.incremental?.cursor
  const primaryKey = stream.primary_key ?? []
  const id = backfill ? `${stream.name}[${backfill.from},${backfill.until})` : stream.name

  const createSchema = ({ position, staged, merges, resumed }: ListingPlan, live: readonly Column[]): TableSchema => {
    const schema = new TableSchema({
      where: `stream ${stream.name} of ${connector.name}`,
      policy: stream.schema,
      columns: stream.columns,
      primaryKey,
      cursor,
      live: staged && !merges && !resumed ? [] : live,
      names: position.checkpoint.names ?? [],
    })
    // The plan names these columns before a row has come, so no other field may take their names first.
    for (const key of plannedFields(stream)) schema.columnOf(key)
    return schema
  }

  return {
    id,
    where: `stream ${id} of ${connector.name}`,
    runId,
    identity: identify({ connector, stream, env: options.env, backfill }),
    delivery: options.delivery,
    continuesFrom: options.continuesFrom,
    siblings: connector.streams.map(({ name }) => name),
    fingerprint: fingerprint(connector, stream),
    ...(backfill && { beside: stream.name }),
    write,
    deletesAbsent: stream.deletes?.absent === true,
    refresh: options.fullRefresh,
    plan: (listing) => {
      const names = createSchema({ ...listing, resumed: true }, [])
      return {
        stream: id,
        table: stream.table ?? stream.name,
        write,
        primaryKey: primaryKey.map((key) => names.columnOf(key)),
        ...(cursor !== undefined && !cursor.includes('.') && { cursor: names.columnOf(cursor) }),
        ...planTable(stream, (key) => names.columnOf(key)),
        runId,
        loadedAt: options.startedAt,
        position: listing.position,
        staged: listing.staged,
        ...(listing.merges && { merges: true }),
        resumed: listing.resumed,
      }
    },
    open: (listing, live, reading) => {
      const schema = createSchema(listing, live)
      const order = createOrder(listing, options)
      const edges = findEdges(listing, options, order)
      const boundary = order && createBoundary(listing, options, { edges, order })
      const shape = (): Shape => (stream.parent?.columns ? noShape : schema.shape())
      return {
        source: createSource(stream, {
          options: { ...options, signal: AbortSignal.any([options.signal, reading]) },
          cursor: edges.start,
          shape,
          learn: stream.parent?.columns ? undefined : (lines) => learnRows(schema, lines),
          listing: boundary !== undefined,
          open: listing.position.checkpoint.open,
          staged: listing.staged,
        }),
        rules: createRules(listing, options, { schema, order, boundary, edges }),
      }
    },
  }
}

/** The fields whose columns a table's plan names. */
function plannedFields({ primary_key: key, incremental, deletes }: StreamConfig): readonly string[] {
  const cursor = incremental?.cursor
  return [
    ...(key ?? []),
    ...(cursor !== undefined && !cursor.includes('.') ? [cursor] : []),
    ...(deletes?.flag === undefined ? [] : [deletes.flag]),
  ]
}

interface Edges {
  /** What `{{ cursor }}` is. */
  readonly start: CursorValue | null
  readonly until: CursorValue | undefined
}

/** How the stream's cursor is read and ordered: as declared, as an earlier run found out, or as the first rows show. */
function createOrder({ position }: ListingPlan, options: JobOptions): CursorType | undefined {
  const { stream, connector, backfill, warn } = options
  const { incremental } = stream
  if (!incremental) return undefined
  const { done, cursor: saved } = position.checkpoint
  const edges = backfill
    ? [backfill.from, backfill.until]
    : [done === null ? incremental.start : undefined, incremental.end]
  return new CursorType({
    where: `stream ${stream.name} of ${connector.name}`,
    field: incremental.cursor,
    formats: formatsOf(incremental),
    timeZone: incremental.time_zone,
    lookback: incremental.lookback,
    edges: edges.filter((edge) => edge !== undefined),
    saved,
    done,
    warn,
  })
}

function findEdges({ position }: ListingPlan, { stream, backfill }: JobOptions, order: CursorType | undefined): Edges {
  const { incremental } = stream
  if (!order) return { start: null, until: undefined }
  if (backfill) return { start: order.spell(backfill.from), until: backfill.until }
  const { done } = position.checkpoint
  const { start } = incremental ?? {}
  const first = start === undefined ? null : order.spell(start)
  return { start: done === null ? first : order.shift(done), until: incremental?.end }
}

function createBoundary(
  { position }: ListingPlan,
  { stream, connector, backfill }: JobOptions,
  { edges: { start, until }, order }: { readonly edges: Edges; readonly order: CursorType },
): Boundary | undefined {
  const { incremental } = stream
  if (!incremental) return undefined
  const append = writeMode(stream) === 'append'
  if (!append && until === undefined && !backfill) return undefined
  return new Boundary({
    where: `stream ${stream.name} of ${connector.name}`,
    floor: backfill || (append && incremental.client_filter) ? start : null,
    until,
    seen: append ? position.checkpoint.seen : undefined,
    remember: append && !backfill ? (position.checkpoint.open?.seen ?? []) : undefined,
    keyed: (stream.primary_key ?? []).length > 0,
    order,
  })
}

function createRules(
  listing: ListingPlan,
  options: JobOptions,
  {
    schema,
    order,
    boundary,
    edges,
  }: {
    readonly schema: TableSchema
    readonly order: CursorType | undefined
    readonly boundary: Boundary | undefined
    readonly edges: Edges
  },
): BatchRules {
  const { stream, connector, runId, effects, describe } = options
  const { incremental } = stream
  const runs = new Set([...(listing.position.checkpoint.open?.runs ?? []), runId])
  return {
    position: listing.position,
    schema,
    primaryKey: stream.primary_key ?? [],
    order,
    boundary,
    extra: (slice) => (stream.parent?.columns ? parentMembers(slice) : []),
    open: { source: fingerprint(connector, stream), runs: [...runs], ...(listing.refresh && { refresh: true }) },
    retract: listing.retract,
    movesCursor: options.backfill === undefined,
    descendingTo: incremental?.order === 'desc' ? edges.start : null,
    ascendingTo: incremental?.order === 'asc' ? edges.until : undefined,
    maxRejects: stream.max_rejects,
    age: options.batchAge,
    now: () => effects.now(),
    mayStop: options.mayStop,
    isStopped: options.isStopped,
    describe: ({ step }) => describe(step.page.request),
  }
}

/** So many rows tell the shape of a large page well enough. */
const learnLimit = 100

function learnRows(schema: TableSchema, lines: Uint8Array): void {
  const text = Buffer.from(lines.subarray(0, 1024 * 1024)).toString()
  for (const line of text.split('\n', learnLimit + 1).slice(0, -1)) {
    if (refusal(line) === undefined) for (const member of readMembers(line)) schema.learn(member)
  }
}

/** Columns `_parent_NAME` of a child row. */
const parentMembers = ({ parent = {} }: Slice): readonly Member[] =>
  readMembers(
    stringifyExact(Object.fromEntries(Object.entries(parent).map(([name, value]) => [`_parent_${name}`, value]))),
  )
