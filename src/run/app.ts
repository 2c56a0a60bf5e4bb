import type { Dispatcher } from 'undici'
import type { Connector } from '../connector/connector.ts'
import { findConnector } from '../connector/find.ts'
import { loadConnector } from '../connector/load.ts'
import { suggest } from '../base/nearest.ts'
import type { Destination } from '../destinations/destination.ts'
import { openDestination, parseDestination } from '../destinations/index.ts'
import { type Effects, systemEffects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import { createDispatcher } from '../http/dispatcher.ts'
import { type Log, type LogLevel, createLog, logLevels } from '../base/log.ts'
import { type TaskQueue, createTaskQueue } from './task-queue.ts'
import { createSecretStore } from '../secrets/index.ts'
import { type Redactor, createRedactor } from '../secrets/redactor.ts'
import type { SecretStore } from '../secrets/store.ts'
import { type OpenTokenStore, createTokenStores } from '../secrets/token-store/index.ts'
import { type Telemetry, noTelemetry, wantsTelemetry } from '../telemetry/telemetry.ts'

/** Everything a run needs from outside: made once a process, passed down. */
export interface App {
  readonly effects: Effects
  readonly log: Log
  readonly redactor: Redactor
  readonly dispatcher: Dispatcher
  /** Where a connector's name is looked up. */
  readonly connectorsDir: string
  /** What `{{ env.NAME }}` may read. */
  readonly env: Env
  /** By a path, or a name that is looked up in `connectorsDir`. Throws `CONNECTOR_NOT_FOUND` and `CONFIG_INVALID`. */
  loadConnector(nameOrPath: string): Promise<Connector>
  /** The store of `secret:`, `env:` and `file:` references of this connector. */
  secretStore(connector: Pick<Connector, 'file'>): SecretStore
  /** Where this connector's tokens that outlive a run are kept, by reference. */
  tokenStore(connector: Connector): OpenTokenStore
  /** Where the rest of a run goes that stops at its budget, if anywhere. */
  readonly taskQueue: TaskQueue | undefined
  /** Loaded by the first run where an exporter is configured. */
  telemetry(): Promise<Telemetry>
  /** `spec` is the command line's or the trigger's; else the environment's, the connector's, `duckdb:headrace.duckdb`. */
  openDestination(connector: Connector, spec?: string): Promise<Destination>
  /** Ends the connections; only for a process that goes on without the app. */
  close(): Promise<void>
}

export type Env = Readonly<Record<string, string | undefined>>

/** What a command line or a program says instead of the environment. */
export interface AppOptions {
  readonly connectorsDir?: string | undefined
  /** Runs instead of a connector file, whatever name is asked for. */
  readonly connector?: Connector | undefined
  readonly logLevel?: LogLevel | 'silent' | undefined
  readonly logFormat?: 'json' | 'short'
  /** Standard error where absent. */
  readonly writeLog?: (line: string) => void
}

/** Wires the program together from the environment. Throws `CONFIG_INVALID` for a variable that makes no sense. */
export function createApp(env: Env, options: AppOptions = {}): App {
  const redactor = createRedactor()
  const log = createLog({
    level: options.logLevel ?? parseLogLevel(env['HEADRACE_LOG_LEVEL'], 'HEADRACE_LOG_LEVEL') ?? 'info',
    format: options.logFormat ?? 'json',
    redact: (text) => redactor.redact(text),
    write: options.writeLog ?? ((line) => void process.stderr.write(line)),
  })
  const project = env['GOOGLE_CLOUD_PROJECT']
  const endpoint = env['HEADRACE_SECRET_MANAGER_ENDPOINT']
  const google = { ...(project && { project }), ...(endpoint && { endpoint }) }
  const connectorsDir = options.connectorsDir ?? connectorsDirOf(env)
  const dispatcher = createDispatcher()
  let telemetry: Promise<Telemetry> | undefined
  const openTokenStore = createTokenStores({ env, ...google, effects: systemEffects, log })
  return {
    effects: systemEffects,
    log,
    redactor,
    dispatcher,
    connectorsDir,
    env,
    loadConnector: async (nameOrPath) =>
      options.connector ?? loadConnector(await findConnector(nameOrPath, connectorsDir)),
    secretStore: ({ file }) =>
      createSecretStore({
        connectorFile: file,
        env,
        ...google,
        effects: systemEffects,
        log,
      }),
    tokenStore: ({ file }) => openTokenStore(file),
    taskQueue: openTaskQueue(env),
    telemetry: () => (telemetry ??= loadTelemetry(env, log)),
    openDestination: (connector, spec) =>
      openDestination(parseDestination(destinationOf(connector, env, spec)), connector.name, {
        bigquery: { effects: systemEffects, endpoint: env['HEADRACE_BIGQUERY_ENDPOINT'], log },
      }),
    close: async () => void (await Promise.all([dispatcher.destroy(), telemetry?.then((one) => one.close())])),
  }
}

function openTaskQueue(env: Env): TaskQueue | undefined {
  const queue = env['HEADRACE_QUEUE']
  if (!queue) return undefined
  const url = env['HEADRACE_URL']
  if (!url) {
    const message = 'HEADRACE_QUEUE is set, but HEADRACE_URL is not: tasks must know where this service is called.'
    throw new SyncError('CONFIG_INVALID', message)
  }
  const account = env['HEADRACE_TASKS_ACCOUNT']
  const endpoint = env['HEADRACE_TASKS_ENDPOINT']
  const budget = budgetOf(env)
  return createTaskQueue({
    queue,
    url,
    effects: systemEffects,
    ...(account && { account }),
    ...(endpoint && { endpoint }),
    ...(budget !== undefined && { budget }),
  })
}

async function loadTelemetry(env: Env, log: Log): Promise<Telemetry> {
  if (!wantsTelemetry(env)) return noTelemetry
  const { createOtlpTelemetry } = await import('../telemetry/otlp.ts')
  return createOtlpTelemetry(log)
}

/** Where the rows of a connector go: `spec`, else the environment's, the connector's, `duckdb:headrace.duckdb`. */
export function destinationOf(connector: Pick<Connector, 'destination'>, env: Env, spec?: string): string {
  return spec ?? (env['HEADRACE_DESTINATION'] || connector.destination) ?? 'duckdb:headrace.duckdb'
}

export function connectorsDirOf(env: Env): string {
  return env['HEADRACE_CONNECTORS'] || 'connectors'
}

/** Undefined where it is not given; throws `CONFIG_INVALID` for an unknown one. `where` is the flag or variable. */
export function parseLogLevel(text: string | undefined, where: string): LogLevel | undefined {
  if (text === undefined || text === '') return undefined
  const level = logLevels.find((known) => known === text)
  if (level) return level
  throw new SyncError(
    'CONFIG_INVALID',
    `${where} is ${JSON.stringify(text)}${suggest(text, logLevels)}: expected one of ${logLevels.join(', ')}.`,
  )
}

/** Seconds that one call of the function may take; undefined where the platform sets no limit. Throws `CONFIG_INVALID`. */
export function budgetOf(env: Env): number | undefined {
  const own = env['HEADRACE_BUDGET_SECONDS']
  if (own) {
    const seconds = Number(own)
    if (seconds > 0 && Number.isFinite(seconds)) return seconds
    throw new SyncError(
      'CONFIG_INVALID',
      `HEADRACE_BUDGET_SECONDS is ${JSON.stringify(own)}: expected a number of seconds above 0.`,
    )
  }
  const timeout = Number(env['CLOUD_RUN_TIMEOUT_SECONDS'] ?? Number.NaN)
  // A minute to finish the batch, commit and answer; of a short timeout half.
  return timeout > 0 ? Math.max(timeout - 60, timeout / 2) : undefined
}

/** How many runs one process does at a time. Throws `CONFIG_INVALID`. */
export function runsAtOnceOf(env: Env): number {
  const count = Number(env['HEADRACE_RUNS_AT_ONCE'] || 4)
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count
  throw new SyncError(
    'CONFIG_INVALID',
    `HEADRACE_RUNS_AT_ONCE is ${JSON.stringify(env['HEADRACE_RUNS_AT_ONCE'])}: expected a number from 1 to 64.`,
  )
}

/** The port of `headrace serve`. Throws `CONFIG_INVALID`. */
export function portOf(text: string | undefined): number {
  const port = Number(text || 8080)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new SyncError('CONFIG_INVALID', `The port is ${JSON.stringify(text)}: expected a number from 0 to 65535.`)
}
