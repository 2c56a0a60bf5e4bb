import { writeFile } from 'node:fs/promises'
import { SyncError } from '../base/errors.ts'
import { formatRough } from '../status/format.ts'
import { readStatus } from '../status/report.ts'
import { type StatusReport } from '../status/status-report.ts'
import { type ConnectorStatus } from '../status/status-report.ts'
import { stateNames } from '../status/state.ts'
import type { RunRecord } from '../destinations/run-record.ts'
import { oneLine } from '../base/words/line.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { count, formatNumber } from './progress.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { describeWarnings, warningSign } from './warnings.ts'

export interface StatusCommandOptions {
  readonly to?: string
  readonly limit: number
  readonly html?: string
}

/** `headrace status`: recent runs, and where each stream stands. */
export async function statusCommand(
  connector: string | undefined,
  { to, limit, html }: StatusCommandOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal, globals } = context
  const app = await createCommandApp(context)
  const report = await readStatus(app, { connector, destination: to, limit })
  if (html !== undefined) await writePage(html, report, app.effects.now())
  if (globals.json) terminal.print(toJson(report))
  else if (report.connectors.length === 0) terminal.print(`There is no connector in ${app.connectorsDir}.\n`)
  else terminal.print(report.connectors.map((status) => describeConnector(status, terminal)).join('\n'))
  return report.connectors.some(({ error }) => error) ? exitCodes.failed : exitCodes.complete
}

/** The status page as one file that stands alone. Throws `REQUEST_INVALID` where it cannot be written. */
async function writePage(path: string, report: StatusReport, now: number): Promise<void> {
  const { renderStatusPage } = await import('../status/overview.ts')
  const { html } = renderStatusPage(report, { now, mayRun: false, standalone: true })
  await writeFile(path, html).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code ?? cause.message
    throw new SyncError('REQUEST_INVALID', `${path} cannot be written (${why}): give a file in a folder of yours.`, {
      cause,
    })
  })
}

function describeConnector(
  { connector, destination, streams, runs, error, busy }: ConnectorStatus,
  terminal: Terminal,
): string {
  const title = `${terminal.style('bold', connector)}${destination === undefined ? '' : `  ${destination}`}\n`
  if (error) return `${title}  ${terminal.style('red', error.code)}  ${oneLine(error.message, 2_000)}\n`
  if (busy) return `${title}  Another process writes there now: ask again in a moment.\n`
  if (runs.length === 0 && streams.every(({ commits }) => commits === 0)) return `${title}  It has not run yet.\n`
  const table = (lines: string[][]): string =>
    formatTable(lines, { width: terminal.width, heading: (text) => terminal.style('dim', text) })
  const positions = streams.map(({ stream, state, cursor, commits, committed_at: at, open, late_seconds: late }) => [
    stream,
    late === undefined ? stateNames[state] : `${stateNames[state]}, ${formatRough(late * 1000)} behind`,
    String(cursor ?? ''),
    formatNumber(commits),
    at === null ? '' : shorten(at),
    open ? 'inside a listing' : '',
  ])
  const recent = runs.map((run) => [
    shorten(run.started_at),
    run.status.replace('_', ' '),
    run.trigger,
    formatNumber(run.streams.reduce((sum, { rows }) => sum + rows, 0)),
    [run.error, ...run.streams.map((stream) => stream.error)].flatMap((failure) => failure?.code ?? []).join(', '),
    describeDoubt(run),
  ])
  const doubts = describeWarnings(streams, terminal)
  return [
    title,
    ...(positions.length > 0
      ? [table([['stream', 'state', 'cursor', 'commits', 'last commit (UTC)', ''], ...positions])]
      : []),
    ...(recent.length > 0 ? ['\n', table([['run (UTC)', 'status', 'trigger', 'rows', 'errors', ''], ...recent])] : []),
    ...(doubts === '' ? [] : ['\n', doubts]),
  ].join('')
}

function describeDoubt({ streams }: RunRecord): string {
  const warnings = streams.reduce((sum, stream) => sum + stream.warnings.length, 0)
  return warnings === 0 ? '' : `${warningSign} ${count(warnings, 'warning')}`
}

/** `2026-11-21 14:03:05` */
const shorten = (time: string): string => time.replace('T', ' ').replace(/(\.\d+)?(Z|[+-]\d\d:?\d\d)$/, '')
