import { randomUUID } from 'node:crypto'
import { findConnector } from '../config/find.ts'
import { loadConnector } from '../config/load.ts'
import { type StreamProbe, probeStream } from '../sync/probe.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { exitCodeOf, exitCodes } from './exit-code.ts'
import { listenForInterrupt } from './interrupt.ts'
import { count } from './progress.ts'
import { selectStream } from './select-stream.ts'
import type { Terminal } from './terminal.ts'

/** `headrace check`: reads one page of each stream and writes nothing. */
export async function checkCommand(
  { connector: name, streams: wanted }: { readonly connector: string; readonly streams: readonly string[] },
  context: CommandContext,
): Promise<number> {
  const { terminal, globals } = context
  const app = await createCommandApp(context)
  const redact = (text: string): string => app.redactor.redact(text)
  const connector = await loadConnector(await findConnector(name, app.connectorsDir))
  const streams = wanted.length > 0 ? wanted.map((stream) => selectStream(connector, stream)) : connector.streams
  using interrupt = listenForInterrupt(() => undefined)
  const soft = interrupt.stop.soft
  // There is nothing to commit, so that the first signal ends it.
  const run = { trigger: 'cli', runId: randomUUID(), stop: { soft, hard: soft } } as const
  const probes: StreamProbe[] = []
  for (const stream of streams) {
    const probe = await probeStream(connector, stream, app, run)
    probes.push(probe)
    if (!globals.json) terminal.print(redact(describeProbe(probe, terminal)))
    if (interrupt.happened) break
  }
  if (globals.json) terminal.print(toJson({ connector: connector.name, streams: probes.map(toDocument) }, redact))
  return exitCodeOfProbes(probes, interrupt.happened)
}

function toDocument(probe: StreamProbe): object {
  // The rows themselves are what `preview` is for.
  const { stream, url, status, rowCount, columns, rowsPath, paginator, proposals, error } = probe
  const found = { stream, url, status, row_count: rowCount, rows_path: rowsPath, paginator, columns, proposals }
  return { ...found, ...(error && { error: { code: error.code, message: error.message } }) }
}

function exitCodeOfProbes(probes: readonly StreamProbe[], interrupted: boolean): number {
  if (interrupted) return exitCodes.interrupted
  const errors = probes.flatMap(({ error }) => error ?? [])
  if (errors.length === 0) return exitCodes.complete
  return errors.every((error) => exitCodeOf(error) === exitCodes.usage) ? exitCodes.usage : exitCodes.failed
}

/**
 * ```
 * ✓ orders  25 rows, 14 columns at $.data[*]
 *     GET https://api.example.com/orders
 *     paginator: { type: link_header }
 * ```
 */
export function describeProbe(probe: StreamProbe, terminal: Terminal): string {
  const { stream, error, rowCount, columns, rowsPath, url, proposals } = probe
  if (error) return `${terminal.style('red', '✗')} ${stream}  ${error.code}\n    ${error.message}\n`
  const found = `${count(rowCount, 'row')}, ${count(columns.length, 'column')}${rowsPath === '' ? '' : ` at ${rowsPath}`}`
  const lines = [
    `${terminal.style('green', '✓')} ${terminal.style('bold', stream)}  ${found}`,
    `    ${url}`,
    ...proposals.map((proposal) => `    ${terminal.style('yellow', 'propose')}  ${proposal}`),
  ]
  return `${lines.join('\n')}\n`
}
