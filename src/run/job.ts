import type { Slice } from '../destinations/resume-point.ts'
import { formatsOf } from '../syntax/cursor-format.ts'
import type { StreamConfig } from '../connector/connector.ts'
import { findTemplateUse, isPerSlice } from '../connector/template-use.ts'
import { writeMode } from '../connector/write-mode.ts'
import { replacement } from '../decode/charset.ts'
import { SyncError } from '../base/errors.ts'
import { noShape, type Shape } from '../schema/shape.ts'
import type { Column } from '../schema/types.ts'
import { TableSchema } from '../schema/table-schema.ts'
import { type Member, readMembers, refusal } from '../schema/value.ts'
import { stringifyExact } from '../base/json/exact-json.ts'
import type { BatchRules, SliceRules } from '../sync/batches.ts'
import { createBounds, findEdges, needsBoundary, needsMarks } from '../sync/bounds.ts'
import { type ChangedParents, findChanged } from '../sync/changed-parents.ts'
import { fresh } from '../destinations/checkpoint.ts'
import { CursorType } from '../sync/cursor.ts'
import { clearSource, identify } from '../sync/identity.ts'
import { findKnown } from '../sync/known-slices.ts'
import { openChunks } from '../sync/mark-chunks.ts'
import { isChunk } from '../destinations/marks.ts'
import { cutBy } from '../sync/max-pages.ts'
import { SliceCursors, sliceKey } from '../sync/slice-cursors.ts'
import type { SliceProgress, SliceState } from '../destinations/slice-state.ts'
import { markSlice, pickKey } from '../sync/pick-slices.ts'
import { planTable } from './table-plan.ts'
import { createSource, fingerprint } from './source.ts'
import type { ListingPlan, StreamJob } from '../sync/stream.ts'
import { spellCursor } from './spell-cursor.ts'
import type { Warn } from '../base/warnings.ts'
import { sendableCursor } from '../sync/sendable-cursor.ts'
import type { JobOptions } from '../sync/job-options.ts'

/** Puts together what one stream needs. */
export function createJob(options: JobOptions): StreamJob {
  const { connector, stream, runId, backfill } = options
  const write = writeMode(stream)
  const cursor = stream.incremental?.cursor
  const primaryKey = stream.primary_key ?? []
  const perSlice = !backfill && isPerSlice(connector, stream) && write !== 'replace' && stream.deletes?.absent !== true
  const id = backfill ? `${stream.name}[${backfill.from},${backfill.until})` : stream.name

  const createSchema = (
    { position, staged, merges, resumed }: ListingPlan,
    live: readonly Column[],
    order?: CursorType,
  ): TableSchema => {
    const schema = new TableSchema({
      where: `stream ${stream.name} of ${connector.name}`,
      policy: stream.schema,
      columns: spellCursor(stream),
      primaryKey,
      timeKey: stream.partition_by?.column,
      cursor,
      orders: order && ((type) => order.orders(type)),
      live: staged && !merges && !resumed ? [] : live,
      names: position.checkpoint.names ?? [],
      warn: options.warn,
      isSecret: (key) => options.redactor.holds(key),
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
    clearSource: clearSource({ connector, stream, env: options.env }),
    delivery: options.delivery,
    continuesFrom: options.continuesFrom,
    siblings: connector.streams.map(({ name }) => name),
    fingerprint: fingerprint(connector, stream),
    ...(backfill && { beside: stream.name }),
    write,
    perSlice,
    sealer: options.sealer,
    keep: (steps, key) => {
      // Slices begin at cursors of their own, and of changed parents only some are read.
      const isWhole =
        !backfill && !stream.parent?.changed_only && !(perSlice && findTemplateUse(connector, stream).cursor)
      return isWhole && options.parents.isParent(stream.name)
        ? options.parents.keep({ key, stream: stream.name }, steps)
        : undefined
    },
    deletesAbsent: stream.deletes?.absent === true,
    refresh: options.fullRefresh,
    plan: (listing) => {
      const names = createSchema({ ...listing, resumed: true }, [])
      return {
        stream: id,
        table: stream.table ?? stream.name,
        write,
        primaryKey: primaryKey.map((key) => names.columnOf(key)),
        ...(stream.key_nulls && { keyNulls: true as const }),
        ...(cursor !== undefined && !cursor.includes('.') && { cursor: names.columnOf(cursor) }),
        ...planTable(stream, (key) => names.columnOf(key)),
        runId,
        loadedAt: options.startedAt,
        position: listing.position,
        staged: listing.staged,
        ...(listing.merges && { merges: true }),
        ...((perSlice || needsMarks(options)) && { slices: true as const }),
        resumed: listing.resumed,
      }
    },
    open: (listing, live, { reading, slices: known }) => {
      const order = createOrder(listing, options, perSlice)
      const schema = createSchema(listing, live, order)
      const slices = perSlice ? createSlices(listing, options, known) : undefined
      const chunks = openChunks(listing, options, known)
      const progressOf = (key: string | undefined): SliceProgress =>
        slices && key !== undefined ? slices.cursors.of(key) : listing.position.checkpoint
      const changed = findChanged(listing, options)
      const shape = (): Shape => (stream.parent?.columns ? noShape : schema.shape())
      return {
        source: createSource(stream, {
          options: { ...options, signal: AbortSignal.any([options.signal, reading]) },
          cursor: (slice) => findEdges(progressOf(slices?.keyOf(slice)), options, order).start,
          changed,
          known: findKnown(listing, options),
          shape,
          learn: stream.parent?.columns ? undefined : (lines) => learnRows(schema, lines),
          listing: needsBoundary(options),
          open: listing.position.checkpoint.open,
          staged: listing.staged,
          mayRestart: !listing.lastTry,
        }),
        rules: createRules(listing, options, {
          schema,
          order,
          slices,
          chunks,
          changed,
          bounds: (key, opened) => createBounds(progressOf(key), opened, { options, order, chunks }),
        }),
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

/** How the stream's cursor is read and ordered: as declared, as an earlier run found out, or as the first rows show. */
function createOrder({ position }: ListingPlan, options: JobOptions, perSlice: boolean): CursorType | undefined {
  const { stream, connector, backfill, warn } = options
  const { incremental } = stream
  if (!incremental) return undefined
  const { done, cursor: saved } = position.checkpoint
  const edges = backfill
    ? [backfill.from, backfill.until]
    : [done === null || perSlice ? incremental.start : undefined, incremental.end]
  const order = new CursorType({
    where: `stream ${stream.name} of ${connector.name}`,
    field: incremental.cursor,
    formats: formatsOf(incremental),
    timeZone: incremental.time_zone,
    lookback: incremental.lookback,
    edges: edges.filter((edge) => edge !== undefined),
    saved,
    done,
    canSend: sendableCursor({ ...options, now: options.effects.now() }, stream),
    warn,
  })
  if (backfill && order.compare(backfill.from, backfill.until) > 0)
    throw new SyncError(
      'REQUEST_INVALID',
      `from ${backfill.from} lies after until ${backfill.until}, as stream ${stream.name} of ${connector.name} spells its cursor: exchange them.`,
    )
  return order
}

/** What a stream needs that keeps a cursor for each slice. */
function createSlices(
  listing: ListingPlan,
  { stream, connector }: JobOptions,
  known: readonly SliceState[],
): SliceRules {
  const use = findTemplateUse(connector, stream)
  return {
    cursors: new SliceCursors(
      known.filter((state) => !isChunk(state)),
      listing.position.checkpoint.base ?? fresh,
    ),
    keyOf: (slice) => sliceKey(slice, use),
    forgets: listing.forgetsSlices === true,
    appends: writeMode(stream) === 'append' && !listing.staged,
  }
}

function createRules(
  listing: ListingPlan,
  options: JobOptions,
  {
    changed,
    ...parts
  }: Pick<BatchRules, 'schema' | 'order' | 'slices' | 'chunks' | 'bounds'> & {
    readonly changed: ChangedParents | undefined
  },
): BatchRules {
  const { stream, connector, runId, effects, describe } = options
  const onCut = cutBy(listing, options)
  return {
    ...parts,
    position: listing.position,
    primaryKey: stream.primary_key ?? [],
    keyNulls: stream.key_nulls === true,
    markOf: stream.parent && ((slice) => markSlice(pickKey(slice, connector, stream))),
    extra: (slice) => (stream.parent?.columns ? parentMembers(slice) : []),
    open: { source: fingerprint(connector, stream), runId, ...(listing.refresh && { refresh: true }) },
    retract: listing.retract,
    movesCursor: options.backfill === undefined,
    onCut: (cut) => {
      changed?.stay()
      return onCut(cut)
    },
    maxRejects: stream.max_rejects,
    maxRow: stream.max_row,
    redactor: options.redactor,
    repair: stream.invalid_utf8 === 'replace' ? (bytes) => replaceInvalid(bytes, options.warn) : undefined,
    age: options.batchAge,
    now: () => effects.now(),
    mayStop: options.mayStop,
    isStopped: options.isStopped,
    describe: ({ step }) => describe(step.page.request),
  }
}

function replaceInvalid(bytes: Uint8Array, warn: Warn): string {
  warn('RESPONSE_REPAIRED', replacement)
  return new TextDecoder().decode(bytes)
}

/** So many rows tell the shape of a large page well enough. */
const learnLimit = 100

function learnRows(schema: TableSchema, lines: Uint8Array): void {
  const text = Buffer.from(lines.subarray(0, 1024 * 1024)).toString()
  for (const line of text.split('\n', learnLimit + 1).slice(0, -1)) {
    if (refusal(line) !== undefined) continue
    const members = readMembers(line)
    if (schema.refusal(members) === undefined) for (const member of members) schema.learn(member)
  }
}

/** Columns `_parent_NAME` of a child row. */
const parentMembers = ({ parent = {} }: Slice): readonly Member[] =>
  readMembers(
    stringifyExact(Object.fromEntries(Object.entries(parent).map(([name, value]) => [`_parent_${name}`, value]))),
  )
