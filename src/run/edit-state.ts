import type { Connector, StreamConfig } from '../connector/connector.ts'
import { formatsOf } from '../syntax/cursor-format.ts'
import { writeMode } from '../connector/write-mode.ts'
import { Spool } from '../base/spool.ts'
import type { Batch, Destination, Position, TablePlan } from '../destinations/destination.ts'
import { SyncError } from '../base/errors.ts'
import { nothingYet } from '../sync/refresh-marker.ts'
import { checkVersion } from '../sync/check-state.ts'
import { type Checkpoint, checkpointVersion } from '../destinations/checkpoint.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { CursorType } from '../sync/cursor.ts'
import { sendableCursor } from '../sync/sendable-cursor.ts'
import { isChunk } from '../destinations/marks.ts'
import type { SliceState } from '../destinations/slice-state.ts'

/** What a person does to the state of a stream. */
export interface StateEdit {
  readonly connector: Connector
  readonly stream: StreamConfig
  /** Where the next run is to go on, as it was typed; null forgets the cursor. */
  readonly cursor: string | null
  /** Of this slice alone, as `_headrace_slices` names it; of all where absent. */
  readonly slice?: string | undefined
  readonly by: string
  readonly runId: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface EditedState {
  readonly connector: string
  readonly stream: string
  readonly slice?: string
  readonly from: CursorValue | null
  readonly to: CursorValue | null
  /** The commit that says so. */
  readonly seq: number
  readonly by: string
  /** RFC 3339. */
  readonly at: string
}

/** Where a stream stands while it is edited. */
interface Standing {
  readonly where: string
  readonly position: Position
  /** The slices that the edit is about; none where the stream has a cursor of its own. */
  readonly slices: readonly SliceState[]
  readonly others: readonly SliceState[]
  readonly from: CursorValue | null
}

/**
 * Sets or forgets where a stream, or one slice of it, goes on, in one commit of its own. What the state belongs to is
 * forgotten with it: the next run takes the connector file as it is. Throws `REQUEST_INVALID` where rows would come twice
 * by that, `DESTINATION_BUSY` while a run is under way, `STATE_CONFLICT` where one commits meanwhile.
 */
export async function editState(edit: StateEdit, destination: Destination): Promise<EditedState> {
  const { connector, stream, slice, by, now } = edit
  const standing = await readStanding(edit, destination)
  const { from, position } = standing
  if (edit.cursor === null) checkReset(edit, standing)
  const to = edit.cursor === null ? null : readTyped(edit, edit.cursor, standing)
  const at = new Date(now).toISOString()
  const seq = position.seq + 1
  await using lines = new Spool()
  await using table = await destination.openTable(planOf(edit, standing))
  await table.append({
    seq,
    lines,
    rows: 0,
    columns: [],
    rejects: [],
    complete: false,
    checkpoint: {
      ...changed(edit, to, position.checkpoint),
      set: { by, at, from, ...(slice !== undefined && { slice }) },
    },
    ...changedSlices(to, standing),
    retract: retractOf(edit, position),
  })
  return {
    connector: connector.name,
    stream: stream.name,
    ...(slice !== undefined && { slice }),
    from,
    to,
    seq,
    by,
    at,
  }
}

async function readStanding(edit: StateEdit, destination: Destination): Promise<Standing> {
  const { connector, stream, slice, now } = edit
  const { name } = stream
  const where = `stream ${name} of ${connector.name}`
  const position = await destination.readPosition(name)
  checkVersion(where, position.checkpoint)
  await checkIdle(position, { where, destination, now, name })
  const all = (await destination.readSlices(name, retractOf(edit, position))).filter((state) => !isChunk(state))
  const slices = slice === undefined ? all : all.filter((one) => one.slice === slice)
  if (slice !== undefined && slices.length === 0) throw unknownSlice(where, slice, all)
  const from = slice === undefined ? position.checkpoint.done : (slices[0]?.progress.done ?? null)
  return { where, position, slices, others: all.filter((one) => !slices.includes(one)), from }
}

function planOf({ stream, runId, now }: StateEdit, { position, slices }: Standing): TablePlan {
  return {
    stream: stream.name,
    table: stream.table ?? stream.name,
    write: writeMode(stream),
    primaryKey: [],
    ...(slices.length > 0 && { slices: true }),
    runId,
    loadedAt: new Date(now).toISOString(),
    position,
    staged: false,
    resumed: false,
  }
}

/** A listing that is open is given up. Append cannot read rows again beside those it has, so its next run replaces the table. */
function changed({ stream, slice, now }: StateEdit, to: CursorValue | null, before: Checkpoint): Checkpoint {
  // What the state belonged to goes, and all parents are read again; how slices are kept, and which rows are known, stays.
  const { done, open: _open, identity: _identity, set: _set, parents: _parents, cursor, ...rest } = before
  const stored = rest.stored ?? done !== null
  const known = {
    ...rest,
    version: checkpointVersion,
    stored,
    ...(cursor && isSameField(stream, before) && { cursor }),
  }
  if (slice !== undefined) return { ...known, done }
  if (to !== null) return { ...known, done: to }
  const kept = { version: checkpointVersion, stored, ...(rest.names && { names: rest.names }) }
  if (writeMode(stream) !== 'append') return { ...kept, done: null }
  return { ...kept, done: null, open: { ...nothingYet, began: now } }
}

/** What an append stream has brought of a listing that is given up would come again. */
function retractOf({ stream }: StateEdit, { checkpoint: { open } }: Position): readonly string[] {
  return open && !open.refresh && writeMode(stream) === 'append' ? open.runs : []
}

function changedSlices(to: CursorValue | null, { slices, others }: Standing): Pick<Batch, 'slices' | 'forgetsSlices'> {
  if (slices.length === 0) return {}
  if (to === null) return { forgetsSlices: true, slices: others }
  return { slices: slices.map((one) => ({ ...one, progress: { ...one.progress, done: to } })) }
}

/** Of the cursor of another field nothing is known. */
const isSameField = ({ incremental }: StreamConfig, { identity }: Checkpoint): boolean =>
  identity === undefined || identity.cursor === incremental?.cursor

/** What was typed as the provider spells its cursors. */
function readTyped(edit: StateEdit, text: string, standing: Standing): CursorValue {
  const { stream, connector } = edit
  const { where, from, position } = standing
  const { incremental } = stream
  const { open, cursor } = position.checkpoint
  if (!incremental) throw invalid(`${where} has no incremental cursor, so there is none to set.`)
  if (open?.refresh)
    throw invalid(
      `A full refresh of ${where} is not complete, so its table has no cursor yet: let it end, or reset the stream.`,
    )
  const isSame = isSameField(stream, position.checkpoint)
  const done = isSame ? from : null
  const saved = isSame ? cursor : undefined
  const order = new CursorType({
    where,
    field: incremental.cursor,
    formats: formatsOf(incremental),
    timeZone: incremental.time_zone,
    lookback: 0,
    edges: [],
    saved,
    done,
    warn: () => undefined,
  })
  const isNumber = String(Number(text)) === text && typeof done !== 'string'
  const to = order.spell(isNumber ? Number(text) : text)
  const like = done ?? saved?.like
  if (order.saved && !order.reads(to))
    throw invalid(
      `${text} is no cursor of ${where}: give one ${like === undefined ? 'as incremental.format says' : `like ${like}`}.`,
    )
  if (sendableCursor(edit, stream)?.(to) === false)
    throw invalid(
      `${JSON.stringify(text.slice(0, 80))} cannot stand in the request of ${where}, where {{ cursor }} is, such as a line break in a header: give a value that it can hold.`,
    )
  const reached = writeMode(stream) === 'append' ? reachedBy(standing) : []
  const beyond = reached.find((one) => !isSame || order.compare(to, one) < 0)
  if (beyond === undefined) return to
  throw invalid(
    `${where} appends and has come to ${beyond}, so rows behind ${to} would come twice: headrace state reset ${connector.name} ${stream.name} reads everything again and replaces the table.`,
  )
}

function reachedBy({ slices, position }: Standing): readonly CursorValue[] {
  const found = slices.length > 0 ? slices.map(({ progress }) => progress.done) : [position.checkpoint.done]
  return found.filter((one) => one !== null)
}

function checkReset({ stream, slice }: StateEdit, { where }: Standing): void {
  if (slice === undefined || writeMode(stream) !== 'append') return
  throw invalid(
    `${where} appends, so the rows of a slice that is read again would come twice: leave --slice out, which replaces the table.`,
  )
}

/** Longer than a run takes from one commit to the next, and what a person waits who has killed one. */
const idleMs = 3_600_000

interface Idleness {
  readonly where: string
  readonly destination: Destination
  readonly name: string
  readonly now: number
}

/** Where several processes write at once, a listing that a run without a record has begun may be read just now. */
async function checkIdle(
  { checkpoint: { open } }: Position,
  { where, destination, name, now }: Idleness,
): Promise<void> {
  const runId = open?.runs.at(-1)
  if (destination.exclusive || runId === undefined) return
  if ((await destination.recentRuns(1, { runId })).length > 0) return
  const last = (await destination.positions()).find(({ stream }) => stream === name)
  if (last && now - Date.parse(last.committedAt) > idleMs) return
  throw new SyncError(
    'DESTINATION_BUSY',
    `Run ${runId} of ${where} is under way, or was killed within the hour: wait for its end, or until the hour has passed.`,
  )
}

const shownSlices = 5

function unknownSlice(where: string, wanted: string, all: readonly SliceState[]): SyncError {
  if (all.length === 0) return invalid(`${where} has no cursor for each slice: leave --slice out.`)
  const some = all.slice(0, shownSlices).map(({ slice }) => slice)
  const more = all.length > some.length ? ` and ${all.length - some.length} more` : ''
  return invalid(`${where} has no slice ${wanted}: it has ${some.join(', ')}${more}.`)
}

const invalid = (message: string): SyncError => new SyncError('REQUEST_INVALID', message)
