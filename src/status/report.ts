import { type App, destinationOf } from '../run/app.ts'
import type { Connector } from '../connector/connector.ts'
import { findConnector } from '../connector/find.ts'
import { toSyncError } from '../base/errors.ts'
import type { RunRecord } from '../destinations/run-record.ts'
import type { Logs } from '../destinations/log-reader.ts'
import { createHistory, judgeStream } from './health.ts'
import { type LogRequest, type Look, recallLast } from './log-cache.ts'
import { createOpener, readLogs } from './logs.ts'
import { type NextFiring, readSchedule } from './schedule.ts'
import { isReadAhead, isThere, listConnectors, loadKnown } from './sources.ts'
import { type ConnectorStatus, type State, type StatusReport, type StreamStatus, states } from './status-report.ts'

export interface StatusOptions {
  /** A name, a path, or a connector that has no file; all connectors of the directory where absent. */
  readonly connector?: string | Connector | undefined
  readonly destination?: string | undefined
  /** Runs of each connector; 20 where absent. */
  readonly limit?: number | undefined
  /** Only as many runs as an overview of all connectors shows. */
  readonly brief?: boolean | undefined
  /** Looks only where that may be done before anybody asks. */
  readonly ahead?: boolean | undefined
}

/** Reads recent runs and positions; what is wrong with one connector is told beside it. Throws `CONNECTOR_NOT_FOUND`. */
export async function readStatus(app: App, options: StatusOptions): Promise<StatusReport> {
  const wanted = options.connector === undefined ? await listConnectors(app.connectorsDir) : [options.connector]
  const limit = options.limit ?? (options.brief ? Math.min(20, Math.max(3, Math.floor(400 / wanted.length))) : 20)
  const look = { limit, now: app.effects.now() }
  const sources = await Promise.all(wanted.map((one) => findSource(one, app)))
  await using opener = createOpener()
  const subjects = await Promise.all(
    sources.map(async (source) => {
      const subject = await loadSubject(app, options, source)
      if (subject.request) opener.begin(subject.request)
      return subject
    }),
  )
  const requests = subjects.flatMap(({ request }) => request ?? [])
  const logs = await readLogs(app, requests, look)
  const logsOf = new Map(requests.map((request, at) => [request, logs[at]]))
  return {
    connectors: subjects.map((subject) =>
      describeSubject(subject, subject.request && logsOf.get(subject.request), look),
    ),
  }
}

/** A connector before its log was read. */
interface Subject {
  readonly known: ConnectorStatus
  /** Absent where there is no log to read. */
  readonly request?: LogRequest
  readonly nextFiring?: NextFiring | undefined
}

/** Where a connector comes from. */
interface Source {
  readonly name: string
  readonly load: () => Promise<Connector>
}

async function findSource(wanted: string | Connector, { connectorsDir }: App): Promise<Source> {
  if (typeof wanted !== 'string') return { name: wanted.name, load: () => Promise.resolve(wanted) }
  const path = await findConnector(wanted, connectorsDir)
  return { name: wanted, load: () => loadKnown(path) }
}

async function loadSubject(app: App, options: StatusOptions, { name, load }: Source): Promise<Subject> {
  const none = { name, connector: name, state: 'never', streams: [], runs: [] } as const
  let connector: Connector
  try {
    connector = await load()
  } catch (thrown) {
    // Of one connector it is the answer; among many it must not hide the others.
    if (options.connector !== undefined) throw thrown
    return { known: { ...none, state: 'failed', error: describe(thrown) } }
  }
  const spec = destinationOf(connector, app.env, options.destination)
  const { schedule, expect } = connector
  const nextFiring = schedule && (await readSchedule(schedule))
  const next = nextFiring?.(app.effects.now())
  const known: ConnectorStatus = {
    ...none,
    connector: connector.name,
    destination: spec,
    ...(schedule && { schedule: { ...schedule, ...(next !== undefined && { next: new Date(next).toISOString() }) } }),
    ...(expect && { expect }),
    streams: connector.streams.map(({ name: stream }) => ({ ...nothingCommitted, stream, state: 'never' as const })),
  }
  try {
    const wanted = isThere(spec) && (!options.ahead || isReadAhead(spec))
    return { known, nextFiring, ...(wanted && { request: { connector, spec } }) }
  } catch (thrown) {
    return { known: { ...known, state: 'failed', error: describe(thrown) } }
  }
}

function describeSubject(subject: Subject, logs: PromiseSettledResult<Logs> | undefined, look: Look): ConnectorStatus {
  const { known, request } = subject
  if (!logs || !request) return known
  if (logs.status === 'fulfilled') return judge(subject, logs.value, look)
  const error = describe(logs.reason)
  if (error.code !== 'DESTINATION_BUSY') return { ...known, state: 'failed', error }
  const last = recallLast(request)
  if (last) return { ...judge(subject, last.logs, look), busy: true }
  return { ...known, state: 'busy', busy: true, streams: known.streams.map((stream) => ({ ...stream, state: 'busy' })) }
}

function judge({ known, nextFiring }: Subject, { runs, positions: all }: Logs, { limit, now }: Look): ConnectorStatus {
  const positions = new Map(all.map((position) => [position.stream, position]))
  const names = new Set([...known.streams.map(({ stream }) => stream), ...positions.keys()])
  const history = createHistory(runs, { expect: known.expect, nextFiring })
  const streams = [...names].map((stream): StreamStatus => {
    const health = judgeStream(stream, history, now)
    const position = positions.get(stream)
    if (!position) return { ...nothingCommitted, stream, ...health }
    const { seq, checkpoint, committedAt } = position
    return {
      stream,
      commits: seq,
      committed_at: committedAt,
      cursor: checkpoint.done,
      open: checkpoint.open !== undefined,
      ...health,
    }
  })
  return { ...known, state: worstOf(streams, runs), streams, runs: runs.slice(0, limit) }
}

const nothingCommitted = { commits: 0, committed_at: null, cursor: null, open: false, warnings: [] } as const

function worstOf(streams: readonly StreamStatus[], [last]: readonly RunRecord[]): State {
  if (last?.error) return 'failed'
  return states.find((state) => streams.some((stream) => stream.state === state)) ?? 'never'
}

const describe = (thrown: unknown): { code: string; message: string } => {
  const { code, message } = toSyncError(thrown)
  return { code, message }
}
