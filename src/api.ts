import { randomUUID } from 'node:crypto'
import { SyncError } from './base/errors.ts'
import type { LogLevel } from './base/log.ts'
import type { Connector } from './connector/connector.ts'
import type { ConnectorInput } from './connector/input.ts'
import { checkConnectorData } from './connector/load.ts'
import type { RunRecord } from './destinations/run-record.ts'
import type { App, AppOptions } from './run/app.ts'
import type { Progress } from './run/progress.ts'
import type { CheckReport, PreviewReport } from './run/reports.ts'
import type { Stop } from './run/stop.ts'
import type { StatusReport } from './status/status-report.ts'
import type { CursorValue } from './syntax/cursor-value.ts'

export { type ErrorCode, SyncError } from './base/errors.ts'
export type { LogLevel } from './base/log.ts'
export type { ConnectorInput } from './connector/input.ts'
export type { RunRecord, RunStatus, StreamRecord } from './destinations/run-record.ts'
export type { Progress } from './run/progress.ts'
export type {
  CheckReport,
  PreviewReport,
  ReportedColumn,
  ReportedSignIn,
  ReportedSignInFacts,
  ReportedStream,
} from './run/reports.ts'
export type { ConnectorStatus, State, StatusReport, StreamStatus } from './status/status-report.ts'

/** A connector that was checked: only `defineConnector` makes one. */
export interface DefinedConnector {
  readonly name: string
}

const defined = new WeakMap<DefinedConnector, Connector>()

/**
 * Checks a connector that is written as an object, with the keys of a connector file.
 *
 * @param file What its relative `file:` secrets stand next to, such as `import.meta.filename`; the working directory where absent.
 * @throws {SyncError} `CONFIG_INVALID`, with every problem by its key.
 *
 * @example
 * const acme = defineConnector({
 *   name: 'acme',
 *   base_url: 'https://api.acme.example',
 *   auth: { type: 'bearer', token: 'env:ACME_TOKEN' },
 *   streams: [{ name: 'orders', path: '/orders', primary_key: ['id'] }],
 * })
 * const record = await run(acme, { destination: 'duckdb:acme.duckdb' })
 */
export function defineConnector(config: ConnectorInput, { file }: { readonly file?: string } = {}): DefinedConnector {
  const connector = checkConnectorData(config, file ?? `connector ${config.name}`)
  const handle = Object.freeze({ name: connector.name })
  defined.set(handle, connector)
  return handle
}

/** What `defineConnector` returned, the path of a connector file, or a name that is looked up. */
export type ConnectorChoice = DefinedConnector | string

/** What every function takes. */
export interface ApiOptions {
  /** Read for secrets, settings and `{{ env.NAME }}`; `process.env` where absent. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Where names of connectors are looked up; HEADRACE_CONNECTORS or `connectors` where absent. */
  readonly connectorsDir?: string
  /** Takes each line of the log, one JSON object with its line feed; without it nothing is logged. */
  readonly writeLog?: (line: string) => void
  /** HEADRACE_LOG_LEVEL or `info` where absent. */
  readonly logLevel?: LogLevel
}

export interface RunOptions extends ApiOptions {
  /** Such as `duckdb:acme.duckdb`; HEADRACE_DESTINATION, the connector's own or `duckdb:headrace.duckdb` where absent. */
  readonly destination?: string
  /** Only these; all that the connector selects where absent. */
  readonly streams?: readonly string[]
  /** Reads everything again; each table is replaced as a whole when its listing is complete. */
  readonly fullRefresh?: boolean
  /** A backfill beside the cursor: rows from here (inclusive) to `until` (exclusive). */
  readonly from?: CursorValue
  readonly until?: CursorValue
  /** Each stream stops at the first page end at which it has so many rows. */
  readonly limit?: number
  /** Commits and stops after this time. */
  readonly budgetSeconds?: number
  /** `soft` finishes the batch, commits and stops; `hard` stops now, and what is not committed is read again. */
  readonly stop?: Partial<Stop>
  readonly onProgress?: (progress: Progress) => void
}

export interface ProbeOptions extends ApiOptions {
  /** Ends it where it stands: nothing is written. */
  readonly signal?: AbortSignal
}

export interface CheckOptions extends ProbeOptions {
  /** Only these; all of the connector where absent. */
  readonly streams?: readonly string[]
}

export interface PreviewOptions extends ProbeOptions {
  /** Rows; 10 where absent, 100 at most. */
  readonly limit?: number
}

export interface StatusOptions extends ApiOptions {
  /** Where the rows went, as in a run. */
  readonly destination?: string
  /** Runs of each connector, newest first; 20 where absent. */
  readonly limit?: number
}

/**
 * Reads the streams of a connector into the destination, from where the last run ended, and sends the alerts that the
 * connector and HEADRACE_ALERTS name.
 *
 * @returns The record of the run. Look at its `status`: a stream that failed, or a warehouse that cannot be reached, is
 *   told there and not thrown.
 * @throws {SyncError} `CONFIG_INVALID`, `CONNECTOR_NOT_FOUND`, `REQUEST_INVALID`: nothing was read.
 */
export function run(connector: ConnectorChoice, options: RunOptions = {}): Promise<RunRecord> {
  const { destination, streams, fullRefresh, from, until, limit, budgetSeconds, stop, onProgress } = options
  const never = new AbortController().signal
  return withApp(connector, options, async ({ app, name }) => {
    const [{ runConnector }, { checkRunRequest }, { prepareAlert }, { redactDeep }] = await Promise.all([
      import('./run/run.ts'),
      import('./run/check-run-request.ts'),
      import('./alerts/index.ts'),
      import('./secrets/redact-error.ts'),
    ])
    const request = { streams, from, until, limit, full_refresh: fullRefresh, budget_seconds: budgetSeconds }
    const record = await runConnector(checkRunRequest({ ...request, connector: name }), app, {
      trigger: 'api',
      runId: randomUUID(),
      ...(destination !== undefined && { destination }),
      stop: { soft: stop?.soft ?? never, hard: stop?.hard ?? never },
      prepareAlert,
      ...(onProgress && { onProgress }),
    })
    return redactDeep(record, (text) => app.redactor.redact(text))
  })
}

/**
 * Signs in, reads one page of each stream and proposes what the connector lacks. Writes nothing.
 *
 * @returns What was found; what failed is told at its sign-in or its stream.
 * @throws {SyncError} `CONFIG_INVALID`, `CONNECTOR_NOT_FOUND`, `REQUEST_INVALID`.
 */
export function check(connector: ConnectorChoice, options: CheckOptions = {}): Promise<CheckReport> {
  const { streams = [], signal = new AbortController().signal } = options
  return withApp(connector, options, async ({ app, name }) => {
    const { checkConnector, reportFindings } = await import('./run/check.ts')
    return reportFindings(await checkConnector(name, app, { streams, signal }), app)
  })
}

/**
 * The first rows of a stream, and the columns that they would get. Writes nothing.
 *
 * @throws {SyncError} What kept it from the rows, such as `AUTH_FAILED` or `ROWS_NOT_FOUND`.
 */
export function preview(
  connector: ConnectorChoice,
  stream: string,
  options: PreviewOptions = {},
): Promise<PreviewReport> {
  const { limit = 10, signal = new AbortController().signal } = options
  return withApp(connector, options, async ({ app, name }) => {
    const { previewStream } = await import('./run/preview.ts')
    return (await previewStream({ name, stream }, app, { limit, signal })).report
  })
}

/**
 * The recent runs of a connector, and where each of its streams stands.
 *
 * @param connector All connectors of `connectorsDir` where it is undefined.
 * @returns One entry for each connector; what is wrong with one of several is told in its `error`.
 * @throws {SyncError} `CONNECTOR_NOT_FOUND`; `CONFIG_INVALID` for a connector that is named.
 */
export function status(connector?: ConnectorChoice, options: StatusOptions = {}): Promise<StatusReport> {
  const { destination, limit } = options
  return withApp(connector, options, async ({ app, connector: own }) => {
    const { readStatus } = await import('./status/report.ts')
    return readStatus(app, { connector: own, destination, limit })
  })
}

interface Session {
  readonly app: App
  readonly name: string
  readonly connector: string | Connector | undefined
}

/** An app for one call, closed behind it, so that the process may end or go on. */
async function withApp<T>(
  choice: ConnectorChoice | undefined,
  { env = process.env, connectorsDir, writeLog, logLevel }: ApiOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const connector = typeof choice === 'object' ? findDefined(choice) : choice
  const appOptions: AppOptions = {
    connectorsDir,
    logLevel: writeLog ? logLevel : 'silent',
    ...(writeLog && { writeLog }),
    ...(typeof connector === 'object' && { connector }),
  }
  const { createApp } = await import('./run/app.ts')
  const app = createApp(env, appOptions)
  try {
    return await work({ app, connector, name: typeof connector === 'object' ? connector.name : (connector ?? '') })
  } finally {
    await app.close()
  }
}

function findDefined(handle: DefinedConnector): Connector {
  const connector = defined.get(handle)
  if (connector) return connector
  throw new SyncError('CONFIG_INVALID', 'The connector was not made by defineConnector: pass what that returns.')
}
