import { type ConnectorStatus, readStatus } from '../status/report.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { formatNumber } from './progress.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'

export interface StatusCommandOptions {
  readonly to?: string
  readonly limit: number
}

/** `headrace status`: recent runs, and where each stream stands. */
export async function statusCommand(
  connector: string | undefined,
  { to, limit }: StatusCommandOptions,
  context: CommandContext,
): Promise<number> {
  const { terminal, globals } = context
  const app = await createCommandApp(context)
  const report = await readStatus(app, { connector, destination: to, limit })
  if (globals.json) terminal.print(toJson(report))
  else if (report.connectors.length === 0) terminal.print(`There is no connector in ${app.connectorsDir}.\n`)
  else terminal.print(report.connectors.map((status) => describeConnector(status, terminal)).join('\n'))
  return report.connectors.some(({ error }) => error) ? exitCodes.failed : exitCodes.complete
}

function describeConnector(
  { connector, destination, streams, runs, error }: ConnectorStatus,
  terminal: Terminal,
): string {
  const title = `${terminal.style('bold', connector)}${destination === undefined ? '' : `  ${destination}`}\n`
  if (error) return `${title}  ${terminal.style('red', error.code)}  ${error.message}\n`
  if (runs.length === 0 && streams.length === 0) return `${title}  It has not run yet.\n`
  const table = (lines: string[][]): string =>
    formatTable(lines, { width: terminal.width, heading: (text) => terminal.style('dim', text) })
  const positions = streams.map(({ stream, cursor, commits, committed_at: at, open }) => [
    stream,
    String(cursor ?? ''),
    formatNumber(commits),
    shorten(at),
    open ? 'inside a listing' : '',
  ])
  const recent = runs.map((run) => [
    shorten(run.started_at),
    run.status.replace('_', ' '),
    run.trigger,
    formatNumber(run.streams.reduce((sum, { rows }) => sum + rows, 0)),
    [run.error, ...run.streams.map((stream) => stream.error)].flatMap((failure) => failure?.code ?? []).join(', '),
  ])
  return [
    title,
    ...(positions.length > 0 ? [table([['stream', 'cursor', 'commits', 'last commit (UTC)', ''], ...positions])] : []),
    ...(recent.length > 0 ? ['\n', table([['run (UTC)', 'status', 'trigger', 'rows', 'errors'], ...recent])] : []),
  ].join('')
}

/** `2026-11-21 14:03:05` */
const shorten = (time: string): string => time.replace('T', ' ').replace(/(\.\d+)?(Z|[+-]\d\d:?\d\d)$/, '')
