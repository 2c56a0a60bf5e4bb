import { isDeepStrictEqual } from 'node:util'
import { SyncError } from '../../base/errors.ts'
import { backoff } from '../../base/backoff.ts'
import { refuseShrink } from '../shrink.ts'
import { commitsTable } from '../../schema/system-columns.ts'
import { tooManyDeletes } from './absence-sql.ts'
import { createCommitScript, staleCursor } from './commit-script.ts'
import { planCommit } from './commit-plan.ts'
import { failureOf, queryConfiguration, runJob } from './jobs.ts'
import { shortHash } from './labels.ts'
import { readCommitter, readPosition, restoreLogTables } from './log.ts'
import { isPassing, type ServiceError } from './service-error.ts'
import { tableShrinks } from './shrink-sql.ts'
import { readTable } from './tables.ts'
import type { Group, WriterState } from './writer-state.ts'
import { qualify } from './warehouse.ts'

/** Tries in all where the failure may pass, and where the script itself was refused. */
const tries = { passing: 8, refused: 3 }

/** A label of the commit job: which writer submitted it. */
export const writerLabel = 'headrace_writer'

/**
 * Commits a group of staged batches in one script. Its job id is made of the stream and the first place in the log,
 * without anything of the run: of two runs that race, one submits, and the other finds the id taken. Another attempt
 * has an id of its own, and is made only when the one before is known to have ended without effect. Throws
 * `STATE_CONFLICT`, `LISTING_EXPIRED`, `DESTINATION_FAILED` or `ServiceError`.
 */
export async function commitGroup(state: WriterState, group: Group): Promise<void> {
  const { effects, limits } = state.warehouse.client
  let failures = 0
  let refused = 0
  let doubt = false
  let plan = await planCommit(state, group)
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await tryCommit(state, group, { sql: createCommitScript(plan), attempt, doubt })
    if (outcome === 'committed') return
    if (outcome === 'taken') continue
    failures += 1
    doubt = true
    if (!isPassing(outcome) && outcome.reason !== 'stopped') refused += 1
    if (failures >= tries.passing || refused >= tries.refused || isFinal(outcome)) throw outcome
    await effects.sleep(backoff(failures, limits, effects.random()), state.stage.signal)
    // Somebody may have changed or dropped a table since the script was made.
    await checkTables(state, group)
    state.live.clear()
    plan = await planCommit(state, group)
  }
}

interface Try {
  readonly sql: ReturnType<typeof createCommitScript>
  readonly attempt: number
  /** An attempt of ours was said to have failed; where it took effect all the same, the fence holds this one back. */
  readonly doubt: boolean
}

/** `taken`: this attempt is another writer's, and it is over without effect. */
async function tryCommit(
  state: WriterState,
  group: Group,
  { sql, attempt, doubt }: Try,
): Promise<'committed' | 'taken' | ServiceError> {
  const { warehouse, stage } = state
  const seq = group.batches[0]?.batch.seq ?? 0
  const job = await runJob(warehouse, {
    id: await nameCommit(state, seq, attempt),
    labels: { ...stage.labels, [writerLabel]: stage.writer },
    configuration: queryConfiguration(warehouse, sql),
  })
  const failure = failureOf(job)
  if (job.configuration.labels?.[writerLabel] === stage.writer) {
    if (failure?.message.includes(tooManyDeletes)) throw refuseDeletes(state, failure.message)
    if (failure?.message.includes(tableShrinks)) throw refuseReplacement(state, failure.message)
    if (!failure?.message.includes(staleCursor)) return failure ?? 'committed'
    if (doubt && (await isCommitted(state, group))) return 'committed'
    throw await refuseCommit(state, seq)
  }
  if (failure) return 'taken'
  if ((await readPosition(warehouse, stage.plan.stream)).seq >= seq) throw await refuseCommit(state, seq)
  // The commit was undone since by someone who set the log back: its place is free again.
  return 'taken'
}

/** Whether the log ends with the very commit that the group is to make. */
async function isCommitted({ warehouse, stage }: WriterState, { batches }: Group): Promise<boolean> {
  const { stream, runId } = stage.plan
  const last = batches.at(-1)?.batch
  if (!last) return false
  const found = await readPosition(warehouse, stream)
  if (found.seq !== last.seq || !isDeepStrictEqual(found.checkpoint, JSON.parse(JSON.stringify(last.checkpoint))))
    return false
  return (await readCommitter(warehouse, stream, last.seq)) === runId
}

/** The location and the log's birth are part of it, as a dataset may be dropped and made again elsewhere. */
async function nameCommit({ warehouse, log, stage }: WriterState, seq: number, attempt: number): Promise<string> {
  const { stream } = stage.plan
  const what = [await warehouse.findLocation(), qualify(warehouse, commitsTable), log, stream]
  const readable = stream.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, 100)
  return `headrace-commit-${readable}-${seq}-${shortHash(JSON.stringify(what), 16)}${attempt === 1 ? '' : `-a${attempt}`}`
}

/** No other try can end otherwise. */
function isFinal({ reason, status }: ServiceError): boolean {
  return (
    reason === 'accessDenied' || reason === 'quotaExceeded' || reason === 'bytesBilledLimitExceeded' || status === 401
  )
}

/** Throws where a table is gone without which nothing can be committed; loads again what was staged in one that is. */
async function checkTables(state: WriterState, group: Group): Promise<void> {
  const { warehouse, stage } = state
  if (!(await readTable(warehouse, { dataset: warehouse.dataset, table: commitsTable }))) throw refuseWithoutLog(state)
  await restoreLogTables(warehouse)
  const { listing } = state
  if (listing?.begun && !(await readTable(warehouse, { dataset: warehouse.staging, table: listing.table }))) {
    throw refuseResume(state, listing.table)
  }
  for (const member of group.batches) {
    const found = await Promise.all(
      member.staged.tables.map((table) => readTable(warehouse, { dataset: warehouse.staging, table })),
    )
    if (found.includes(undefined)) member.staged = await state.restage(member.batch)
  }
  stage.signal.throwIfAborted()
}

function refuseDeletes({ stage }: WriterState, said: string): SyncError {
  const { stream, table, deletes } = stage.plan
  const [, gone = 0, all = 0] = (new RegExp(`${tooManyDeletes} (\\d+) of (\\d+)`).exec(said) ?? []).map(Number)
  const message = `The listing of stream ${stream} lacks ${gone} of the ${all} rows of table ${table}, more than deletes.max_share (${deletes?.maxShare}) allows; nothing was changed: see whether the provider left rows out, or raise max_share.`
  return new SyncError('TOO_MANY_DELETES', message, { details: { all, gone } })
}

function refuseReplacement({ stage }: WriterState, said: string): SyncError {
  const found = (new RegExp(`${tableShrinks} (\\d+) to (\\d+)`).exec(said) ?? []).map(Number)
  return refuseShrink(stage.plan, { stored: found[1] ?? 0, fresh: found[2] ?? 0 })
}

async function refuseCommit({ warehouse, stage }: WriterState, seq: number): Promise<SyncError> {
  const { stream } = stage.plan
  const last = await readPosition(warehouse, stream)
  const message = `Another run has written stream ${stream} meanwhile (commit ${last.seq}, expected ${seq - 1}): nothing of this batch was written, run again.`
  return new SyncError('STATE_CONFLICT', message)
}

function refuseWithoutLog({ warehouse }: WriterState): SyncError {
  const log = `${warehouse.client.project}.${warehouse.dataset}.${commitsTable}`
  const message = `The table ${log}, which tells where each stream stands, was dropped during the run: nothing of this batch was written; bring it back with BigQuery's time travel (bq cp ${warehouse.dataset}.${commitsTable}@-3600000 ${warehouse.dataset}.${commitsTable}), or the next run reads everything anew.`
  return new SyncError('DESTINATION_FAILED', message)
}

/** The listing starts again: what was staged of it is gone. */
export function refuseResume({ warehouse, stage }: WriterState, table: string): SyncError {
  const message = `Table ${warehouse.staging}.${table}, which held the first part of the listing of stream ${stage.plan.stream}, is gone.`
  return new SyncError('LISTING_EXPIRED', message)
}
