import type { Batch, Destination, Position, TablePlan } from '../destinations/destination.ts'
import { SyncError, toSyncError } from '../base/errors.ts'
import { announceRefresh } from './refresh-marker.ts'
import { type BatchRules, type FilledBatch, toBatches } from './batches.ts'
import type { Column } from '../schema/types.ts'
import { checkState, checkTable } from './check-state.ts'
import type { Checkpoint, Identity } from '../destinations/checkpoint.ts'
import { isChunk } from '../destinations/marks.ts'
import type { RunStatus } from '../destinations/run-record.ts'
import { isSettled, stampBatches } from './settled.ts'
import { checkSlices, planSlices, warnOfSplit } from './plan-slices.ts'
import type { SliceState } from '../destinations/slice-state.ts'
import { mayRestart, mostRestarts } from './restart.ts'
import { readStream, type StreamSource, type StreamStep } from './slices.ts'
import { adoptNames, readPosition } from './table-names.ts'
import { untilStopped } from './until-stopped.ts'
import type { Warn } from '../base/warnings.ts'
import type { Sealer } from './seal-place.ts'
import { createWriteQueue } from './write-queue.ts'

/** A stream of this run, ready to be read and written. */
export interface StreamJob {
  /** Its name in the commit log: the stream's, or that of a backfill beside it. */
  readonly id: string
  /** `stream orders of acme`, for messages. */
  readonly where: string
  readonly runId: string
  /** What the connector file says that the cursor is a cursor of. */
  readonly identity: Identity
  /** What the source of `identity` was in checkpoints of earlier versions. */
  readonly clearSource: string
  /** The message that asks for this run: the same for each of its deliveries. */
  readonly delivery: string | undefined
  /** Of a continuation: the stream's last commit when the run before handed over. */
  readonly continuesFrom: number | undefined
  /** Streams of the connector file, this one among them. */
  readonly siblings: readonly string[]
  /** Tells whether the connector still asks for what an interrupted listing asked for. */
  readonly fingerprint: string
  /** Of a backfill: the stream beside which it runs, whose names of columns are its own. */
  readonly beside?: string
  readonly write: TablePlan['write']
  readonly sealer: Sealer
  /** Rows that a complete listing does not hold are deleted. */
  readonly deletesAbsent: boolean
  /** Read everything again; the table is replaced as a whole. */
  readonly refresh: boolean
  /** Each slice has a cursor of its own. */
  readonly perSlice: boolean
  /** Keeps what is read of a whole listing for the streams below it; undefined where none is, or it is not whole. */
  readonly keep: (
    steps: AsyncIterable<StreamStep>,
    key: string,
  ) => AsyncGenerator<{ readonly step: StreamStep }, void, undefined> | undefined
  /** How the table is opened. */
  readonly plan: (listing: ListingPlan) => TablePlan
  /**
   * What is read, and how its rows become batches. `live` are the table's columns as it stands, `slices` is what is
   * known of each; `reading` cuts off the requests that are under way.
   */
  readonly open: (
    listing: ListingPlan,
    live: readonly Column[],
    run: { readonly reading: AbortSignal; readonly slices: readonly SliceState[] },
  ) => { readonly source: StreamSource; readonly rules: BatchRules }
}

/** Where a listing begins and what becomes of its rows. */
export interface ListingPlan {
  readonly position: Position
  /** It goes on inside a listing that an earlier run began. */
  readonly resumed: boolean
  /** Its rows are put aside until it is complete; then they replace the table, or are merged into it. */
  readonly staged: boolean
  readonly merges: boolean
  readonly refresh: boolean
  /** The log tells of the refresh already. */
  readonly announced: boolean
  /** Append: the runs whose rows are taken back, as the listing that brought them starts again. */
  readonly retract: readonly string[]
  /** What the log says of slices is not this listing's to go on from. */
  readonly forgetsSlices?: true
  /** The source has changed under it too often: it goes on where rows may have been skipped, with a warning. */
  readonly lastTry?: boolean
}

export interface StreamDeps {
  readonly destination: Destination
  readonly warn: Warn
  /** Stop reading and commit what has been read. */
  readonly soft: AbortSignal
  /** The listing starts again, and what was committed of it is taken back or overwritten. */
  readonly onRestart: () => void
  /** Called with each batch once it is durable. */
  readonly onCommit: (filled: FilledBatch) => void
}

export interface StreamOutcome {
  readonly status: RunStatus
  readonly from: Checkpoint['done']
  readonly to: Checkpoint['done']
  /** The stream's last commit; absent where that is not known. */
  readonly seq?: number
  /** What the run was asked for had been done before. */
  readonly settled?: true
  readonly schemaChanges: readonly string[]
  readonly error?: SyncError
}

/** The life of every row. Read this function first. */
export async function syncStream(job: StreamJob, deps: StreamDeps): Promise<StreamOutcome> {
  // A warehouse takes its time to be looked at, and a run has none left for what it cannot begin.
  if (deps.soft.aborted) return { status: 'handed_over', from: null, to: null, schemaChanges: [] }
  let position = await readPosition(job, deps.destination)
  const from = position.checkpoint.done
  let { seq } = position
  let committed = 0
  const onCommit = (filled: FilledBatch): void => {
    committed++
    seq = filled.batch.seq
    deps.onCommit(filled)
  }
  try {
    await checkState(job, position, deps)
    checkSlices(job, position.checkpoint)
    warnOfSplit(job, position.checkpoint, deps.warn)
    if (isSettled(job, position)) return { status: 'complete', from, to: from, seq, settled: true, schemaChanges: [] }
    const resumed = mayResume(position.checkpoint, job)
    for (let restarts = 0; ; restarts++) {
      const goesOn = resumed && restarts === 0
      const lastTry = restarts === mostRestarts
      try {
        const listing = { ...planListing(job, position, goesOn), lastTry }
        return { ...(await runListing(job, listing, { ...deps, onCommit })), seq }
      } catch (error) {
        if (!mayRestart(error, { resumed: goesOn, restarts, committed: committed > 0 })) throw error
        deps.onRestart()
        position = await readPosition(job, deps.destination)
      }
    }
  } catch (thrown) {
    return { status: 'failed', from, to: from, seq, schemaChanges: [], error: toSyncError(thrown) }
  }
}

async function runListing(job: StreamJob, planned: ListingPlan, deps: StreamDeps): Promise<StreamOutcome> {
  await using table = await deps.destination.openTable(job.plan(planned))
  const listing = await adoptNames(job, planned, table.columns, deps.destination)
  if (table.missing) checkTable(job, listing)
  const reading = new AbortController()
  const slices = await readSlices(job, listing, deps.destination)
  const { source, rules } = job.open(listing, table.columns, { reading: reading.signal, slices })
  const from = listing.position.checkpoint.done
  const place = listing.position.checkpoint.open?.place
  const all = place ? readStream(source, place) : readWhole(job, source)
  const steps = untilStopped(all, deps.soft, () => reading.abort())
  const writing = createWriteQueue(table, deps)
  let last: Batch | undefined
  try {
    // Batches are written while the next is being gathered.
    const batches = toBatches(steps, { ...rules, isWide: table.isWide })
    const announced = table.needsRefreshMarker ? announceRefresh(batches, listing, rules.now) : batches
    for await (const filled of stampBatches(announced, job, {
      ...listing,
      changed: source.changed,
      known: source.known,
    })) {
      const checkpoint = job.sealer.seal(filled.batch.checkpoint)
      await writing.add({ ...filled, batch: { ...filled.batch, checkpoint } })
      last = filled.batch
    }
  } finally {
    await writing.end()
  }
  if (last?.complete && listing.resumed && listing.merges)
    deps.warn(
      'LISTING_IN_DOUBT',
      `${job.where}: the listing was read in two parts, so that it deletes nothing; a listing that is read in one run does.`,
    )
  return {
    status: last?.complete ? 'complete' : 'handed_over',
    from,
    to: last?.checkpoint.done ?? from,
    schemaChanges: rules.schema.changes,
  }
}

async function* readWhole(job: StreamJob, source: StreamSource): AsyncGenerator<StreamStep, void, undefined> {
  const steps = readStream(source)
  const kept = job.keep(steps, source.key)
  if (!kept) return yield* steps
  for await (const { step } of kept) yield step
}

/** A refresh begins each slice where a new one begins. */
async function readSlices(
  { id, perSlice }: StreamJob,
  { position: { checkpoint }, staged, refresh, forgetsSlices, retract }: ListingPlan,
  destination: Destination,
): Promise<readonly SliceState[]> {
  const isKept = perSlice && !staged && !refresh && !forgetsSlices
  const { seen, base, open } = checkpoint
  const chunks = [seen, base?.seen, open, open && { chunks: open.repeats }].flatMap((one) => one?.chunks ?? [])
  if (!isKept && chunks.length === 0) return []
  const all = await destination.readSlices(id, retract, staged)
  return isKept ? all : all.filter(isChunk)
}

function mayResume({ open, per }: Checkpoint, { fingerprint, refresh, perSlice }: StreamJob): boolean {
  if (perSlice && per !== 'slice') return false
  return open !== undefined && open.source === fingerprint && (!refresh || open.refresh === true)
}

function planListing(job: StreamJob, position: Position, resumed: boolean): ListingPlan {
  const {
    done,
    seen,
    names,
    open,
    identity,
    settled,
    stored,
    brought = [],
    cursor,
    parents,
    slices,
  } = position.checkpoint
  // One that was cut short stays one when it has to start again: its cursor is no longer that of the table.
  const announced = open?.refresh === true
  const refresh = job.refresh || announced
  // A history is never replaced: what is read again adds versions only where it differs.
  const merges = job.deletesAbsent && (!refresh || job.write === 'scd2')
  const staged = merges || job.write === 'replace' || (refresh && job.write !== 'scd2')
  if (resumed) return { position, resumed, staged, merges, refresh, announced, retract: [] }
  const retract = staged || job.write !== 'append' || open?.refresh ? [] : (open?.runs ?? brought)
  // What replaces the table holds everything, not only what is new.
  const replaces = staged && !merges
  const isWhole = staged || refresh
  const checkpoint = {
    done: isWhole ? null : done,
    ...(seen && !isWhole && { seen }),
    ...(cursor && !isWhole && { cursor }),
    ...(parents && !isWhole && { parents }),
    ...(slices !== undefined && !isWhole && { slices }),
    ...(names && !replaces && { names }),
    ...(stored !== undefined && !replaces && { stored }),
    ...(identity && !isWhole && { identity }),
    ...(settled && { settled }),
  }
  const plan = { resumed, staged, merges, refresh, announced, retract }
  return { ...plan, ...planSlices(job, position, { isWhole, checkpoint }) }
}
