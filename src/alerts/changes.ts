import { type Attempt, type History, createHistory, isSilentAt } from '../status/health.ts'
import { adviceFor } from '../status/advice.ts'
import type { RunRecord } from '../destinations/run-record.ts'

/** What has changed for a stream by a run; without a stream for the connector as a whole. */
export interface Change {
  readonly kind: 'failed' | 'empty' | 'warned' | 'recovered'
  readonly stream?: string
  readonly code?: string
  readonly message?: string
  /** What to do. */
  readonly advice?: string
}

/** What is wrong with a stream: it stays one incident, regardless of the code, until a run is complete again. */
type Incident = 'failed' | 'empty' | 'warned' | undefined

export interface ChangeRules {
  readonly streams: readonly string[]
  readonly expect?: History['expect']
  /** Whether a run with warnings is an incident too. */
  readonly warnings?: boolean
}

/**
 * What the run has changed for the worse or the better, by the records of the runs before it: an incident is told once,
 * when it begins, and once when it is over. `runs`: newest first, this one among them.
 */
export function findChanges(
  run: RunRecord,
  runs: readonly RunRecord[],
  { streams, expect, warnings = false }: ChangeRules,
): readonly Change[] {
  const earlier = runs.filter((one) => one.run_id !== run.run_id && one.started_at <= run.started_at)
  const [last] = earlier
  const before = createHistory(earlier, { expect })
  const after = createHistory([run, ...earlier], { expect })
  const names = run.error ? streams : run.streams.map(({ stream }) => stream)
  const changes = names.flatMap((stream): Change[] => {
    const was = last && incidentOf(stream, before, { now: Date.parse(last.finished_at), warnings })
    const is = incidentOf(stream, after, { now: Date.parse(run.finished_at), warnings })
    if (is === was) return []
    return [is === undefined ? { kind: 'recovered', stream } : { kind: is, stream, ...reasonOf(is, stream, run) }]
  })
  // What keeps the whole connector from running is one thing.
  if (run.error && changes.length > 0) return [{ kind: 'failed', ...describe(run.error) }]
  return changes
}

interface Look {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly warnings: boolean
}

function incidentOf(stream: string, history: History, { now, warnings }: Look): Incident {
  const decided = history.attempts(stream).find((attempt) => !isUndecided(attempt))
  if (decided && statusOf(decided) === 'failed') return 'failed'
  if (isSilentAt(stream, history, now)) return 'empty'
  return warnings && decided?.record?.warnings.length ? 'warned' : undefined
}

const statusOf = ({ record, run }: Attempt) => record?.status ?? run.status

/** A run that goes on, was stopped, or lost a race says neither that things are well nor that they are not. */
function isUndecided(attempt: Attempt): boolean {
  const { record, run } = attempt
  const code = (record?.error ?? run.error)?.code
  return statusOf(attempt) === 'handed_over' || code === 'INTERRUPTED' || code === 'STATE_CONFLICT'
}

function reasonOf(incident: Incident, stream: string, run: RunRecord): Omit<Change, 'kind'> {
  const record = run.streams.find((one) => one.stream === stream)
  const [warning, ...more] = record?.warnings ?? []
  if (incident === 'warned' && warning)
    return { code: warning.code, message: warning.message + (more.length > 0 ? ` (and ${more.length} more)` : '') }
  return record?.error ? describe(record.error) : {}
}

function describe({ code, message }: { readonly code: string; readonly message: string }): Omit<Change, 'kind'> {
  const advice = adviceFor(code)
  return { code, message, ...(advice !== undefined && { advice }) }
}
