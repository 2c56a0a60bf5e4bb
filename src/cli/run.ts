import { randomUUID } from 'node:crypto'
import { type App, destinationOf } from '../run/app.ts'
import { isAfter } from '../syntax/moments/compare.ts'
import { SyncError } from '../base/errors.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { prepareAlert } from '../alerts/index.ts'
import { runConnector } from '../run/run.ts'
import { type Stop } from '../run/stop.ts'
import type { RunRequest } from '../destinations/run-request.ts'
import { checkRunRequest } from '../run/check-run-request.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { dryRun } from './dry-run.ts'
import { exitCodeOfRun } from './exit-code.ts'
import { listenForInterrupt } from './interrupt.ts'
import { type ProgressView, createLiveProgress, createPlainProgress, createSilentProgress } from './progress.ts'
import { summarize } from './summary.ts'

export interface RunOptions {
  readonly to?: string
  readonly fullRefresh?: true
  readonly from?: string
  readonly until?: string
  readonly limit?: number
  readonly budget?: number
  readonly dryRun?: true
  readonly price?: true
}

/** What `headrace run CONNECTOR [STREAM...]` names. */
export interface RunTarget {
  readonly connector: string
  readonly streams: readonly string[]
}

/** `headrace run`: resolves with the exit code. */
export async function runCommand(target: RunTarget, options: RunOptions, context: CommandContext): Promise<number> {
  const { terminal, globals } = context
  const request = toRequest(target, options)
  using view = createView(context)
  const app = await createCommandApp(context, (line) => view.note(line))
  if (options.price && !options.dryRun)
    throw new SyncError('REQUEST_INVALID', '--price goes with --dry-run: what a run has cost is in its record.')
  if (options.dryRun) {
    const { priceCommits } = await import('./price.ts')
    const prices = options.price && (await priceCommits(request, app, options.to))
    return dryRun(request, app, { ...context, ...(prices && { prices }) })
  }
  using interrupt = listenForInterrupt((text) => terminal.silent || view.note(`${text}\n`))
  const { record, destination } = await runShown(request, app, { view, options, stop: interrupt.stop })
  view[Symbol.dispose]()
  if (globals.json) terminal.print(toJson(record, (text) => app.redactor.redact(text)))
  else terminal.print(app.redactor.redact(summarize(record, { terminal, destination })))
  if (record.error && !terminal.silent)
    terminal.note(`${terminal.noteStyle('red', 'headrace:')} ${app.redactor.redact(record.error.message)}\n`)
  return exitCodeOfRun(record, { interrupted: interrupt.happened, limit: options.limit })
}

interface ShownRun {
  readonly view: ProgressView
  readonly options: RunOptions
  readonly stop: Stop
}

async function runShown(request: RunRequest, app: App, { view, options, stop }: ShownRun) {
  let destination = ''
  const watched: App = {
    ...app,
    openDestination: (connector, spec) => {
      destination = destinationOf(connector, app.env, spec)
      return app.openDestination(connector, spec)
    },
  }
  const record = await runConnector(request, watched, {
    trigger: 'cli',
    runId: randomUUID(),
    ...(options.to !== undefined && { destination: options.to }),
    stop,
    prepareAlert,
    onProgress: (latest) => view.update(latest),
  })
  return { record, destination }
}

function createView({ terminal, globals }: CommandContext): ProgressView {
  if (globals.quiet || terminal.silent) return createSilentProgress({ terminal })
  return terminal.live
    ? createLiveProgress({ terminal, now: Date.now })
    : createPlainProgress({ terminal, now: Date.now })
}

function toRequest({ connector, streams }: RunTarget, options: RunOptions): RunRequest {
  const { from, until, limit, budget } = options
  if ((from === undefined) !== (until === undefined))
    throw new SyncError(
      'REQUEST_INVALID',
      `--${from === undefined ? 'until' : 'from'} is given without --${from === undefined ? 'from' : 'until'}: a backfill needs both ends.`,
    )
  if (from !== undefined && until !== undefined && isAfter(toCursor(from), toCursor(until)))
    throw new SyncError('REQUEST_INVALID', `--from ${from} lies after --until ${until}: expected from before until.`)
  if (from !== undefined && options.fullRefresh)
    throw new SyncError(
      'REQUEST_INVALID',
      '--full-refresh goes without --from and --until: it would replace the table by that range alone.',
    )
  return checkRunRequest({
    connector,
    ...(streams.length > 0 && { streams: [...new Set(streams)] }),
    full_refresh: options.fullRefresh ?? false,
    ...(from !== undefined && until !== undefined && { from: toCursor(from), until: toCursor(until) }),
    ...(limit !== undefined && { limit }),
    ...(budget !== undefined && { budget_seconds: budget }),
  })
}

/** A cursor that counts is a number, as in the API's own rows. */
function toCursor(text: string): CursorValue {
  const number = Number(text)
  return Number.isSafeInteger(number) && String(number) === text ? number : text
}
