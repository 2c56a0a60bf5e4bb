import type { Destination, Position } from '../destinations/destination.ts'
import { SyncError } from '../base/errors.ts'
import { compareSpelled } from '../syntax/moments/compare.ts'
import { type Checkpoint, chunkedVersion, type Identity } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { compareIdentities, sameTable } from './compare-identity.ts'
import { formatsOfIdentity } from './identity.ts'
import type { ListingPlan, StreamJob } from './stream.ts'
import type { Warn } from '../base/warnings.ts'

interface Deps {
  readonly destination: Destination
  readonly warn: Warn
}

/**
 * Compares what the log says of a stream with what the connector file says now, before anything is asked. Throws
 * `STATE_MISMATCH` where a run would leave rows out or bring them twice.
 */
export async function checkState(job: StreamJob, position: Position, { destination, warn }: Deps): Promise<void> {
  const { seq, checkpoint } = position
  checkVersion(job.where, checkpoint)
  const others = await readOthers(job, position, destination)
  const stream = others.find((other) => other.stream === job.beside)
  if (seq > 0) checkIdentity(job, checkpoint, warn)
  if (stream) checkIdentity(job, stream.checkpoint, () => undefined)
  for (const other of others) checkTableOf(job, other)
  if (job.write === 'append' && !job.refresh) checkRanges(job, position, others)
}

export function checkVersion(where: string, { version = 1 }: Checkpoint): void {
  if (version <= chunkedVersion) return
  throw new SyncError(
    'STATE_MISMATCH',
    `The state of ${where} was written by a newer headrace (format ${version}, this one reads up to ${chunkedVersion}): run that version, or a newer one.`,
  )
}

/** The table is gone although the log says that rows went into it: going on would leave them out for good. */
export function checkTable({ where, identity }: StreamJob, { position, staged, resumed }: ListingPlan): void {
  const { done, open, stored = done !== null, parents } = position.checkpoint
  const stands = done ?? open?.highest ?? parents?.done ?? null
  if (!stored || staged || (done === null && (parents?.done ?? null) === null && !resumed)) return
  throw new SyncError(
    'STATE_MISMATCH',
    `Table ${identity.table} is gone, although ${where} stands at ${JSON.stringify(stands)}: bring the table back, or read everything again with --full-refresh.`,
  )
}

type Other = Awaited<ReturnType<Destination['positions']>>[number]

/** The log is read as a whole only where a stream is new to it or has no cursor yet, and for backfills. */
async function readOthers(
  { id, beside, identity }: StreamJob,
  { seq, checkpoint: { done, open } }: Position,
  destination: Destination,
): Promise<readonly Other[]> {
  const isFirst = seq === 0 || (identity.cursor !== null && done === null && !open)
  if (!isFirst && beside === undefined) return []
  return (await destination.positions()).filter(({ stream }) => stream !== id)
}

function checkIdentity(job: StreamJob, checkpoint: Checkpoint, warn: Warn): void {
  const { identity: saved, open, done } = checkpoint
  if (!saved) return
  const before = saved.source === job.clearSource ? { ...saved, source: job.identity.source } : saved
  const { stops, warns, stays } = compareIdentities(before, job.identity, checkpoint)
  const refreshes = (job.refresh || open?.refresh === true) && before.connector === job.identity.connector
  const reasons = refreshes ? stays : stops
  if (reasons.length > 0) {
    const [connector, stream] = [job.identity.connector, job.beside ?? job.id]
    const keep =
      done === null
        ? `headrace state reset ${connector} ${stream}`
        : `headrace state set ${connector} ${stream} ${JSON.stringify(done)}`
    const anew =
      stays.length > 0
        ? 'write to another table (a full refresh keeps the versions of a history)'
        : 'read everything again with --full-refresh'
    const ways =
      before.connector === job.identity.connector
        ? `undo that, ${anew}, or keep the rows and say where to go on: ${keep}`
        : `two connectors cannot share a table: write to another schema, or, if it was renamed, say where to go on: ${keep}`
    throw new SyncError(
      'STATE_MISMATCH',
      `The state of ${job.where} belongs to something else: ${reasons.join('; ')}; ${ways}.`,
    )
  }
  if (refreshes) return
  for (const text of warns) warn('STATE_CHANGED', `${job.where}: ${text}.`)
}

/** A table belongs to the streams of one connector, and in append to no stream that was renamed. */
function checkTableOf({ identity, siblings, write, where, beside }: StreamJob, { stream, checkpoint }: Other): void {
  const other = checkpoint.identity
  if (!other || beside !== undefined || other.range || !sameTable(other, identity)) return
  if (other.connector !== identity.connector)
    throw new SyncError(
      'STATE_MISMATCH',
      `Table ${identity.table} of ${where} belongs to connector ${other.connector}, which shares its schema: write to another schema, or name another table.`,
    )
  if (write !== 'append' || siblings.includes(stream)) return
  throw new SyncError(
    'STATE_MISMATCH',
    `Table ${identity.table} of ${where} holds the rows of stream ${stream}, which the connector no longer has: if it was renamed, name it back, or read everything again with --full-refresh.`,
  )
}

/** Rows that are appended are recognized by nothing, so no row may lie in two ranges that were read. */
function checkRanges(
  { id, identity, beside, where }: StreamJob,
  { checkpoint }: Position,
  others: readonly Other[],
): void {
  const name = beside ?? id
  const formats = formatsOfIdentity(identity)
  const hasRead = checkpoint.done !== null || checkpoint.open !== undefined
  for (const { stream, checkpoint: other } of others) {
    const its = other.identity
    if (identity.range && stream === name && overlaps(identity.range, its?.start ?? identity.start, formats))
      throw refuseRange(
        where,
        `the stream has read from ${its?.start ?? identity.start ?? 'the beginning'} on by itself`,
      )
    if (!its?.range || !stream.startsWith(`${name}[`)) continue
    // What a backfill that merged has brought is not counted.
    if (its.write === 'append' && !other.brought && !other.open) continue
    const [from, until] = its.range
    const again = identity.range
      ? compareSpelled(from, identity.range[1], formats) < 0 && compareSpelled(identity.range[0], until, formats) < 0
      : !hasRead && overlaps(its.range, identity.start, formats)
    if (again) throw refuseRange(where, `a backfill has read from ${from} to ${until} before`)
  }
}

const overlaps = (
  [, until]: NonNullable<Identity['range']>,
  start: CursorValue | null,
  formats: readonly string[],
): boolean => start === null || compareSpelled(until, start, formats) > 0

const refuseRange = (where: string, why: string): SyncError =>
  new SyncError(
    'STATE_MISMATCH',
    `${where} appends, and ${why}, so rows would come twice: name a range that was not read, give the stream a primary_key and write: merge, or read everything again with --full-refresh.`,
  )
