import { checkConnector, reportFindings } from '../run/check.ts'
import type { StreamProbe } from '../run/probe.ts'
import { oneLine } from '../base/words/line.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { exitCodeOf, exitCodes } from './exit-code.ts'
import { listenForInterrupt } from './interrupt.ts'
import { count } from './progress.ts'
import { describeBlame, describeSignIn } from './sign-in.ts'
import type { Terminal } from './terminal.ts'
import { warningSign } from './warnings.ts'

/** `headrace check`: signs in, reads one page of each stream and writes nothing. */
export async function checkCommand(
  { connector, streams }: { readonly connector: string; readonly streams: readonly string[] },
  context: CommandContext,
): Promise<number> {
  const { terminal, globals } = context
  const app = await createCommandApp(context)
  using interrupt = listenForInterrupt(() => undefined)
  const show = (text: string): void => {
    if (!globals.json) terminal.print(app.redactor.redact(text))
  }
  const findings = await checkConnector(connector, app, {
    streams,
    // There is nothing to commit, so that the first signal ends it.
    signal: interrupt.stop.soft,
    onSignIn: (report) => show(describeSignIn(report, terminal)),
    onStream: (probe) => show(describeProbe(probe, terminal)),
    onBlame: (report) => show(describeBlame(report, terminal)),
  })
  if (globals.json) terminal.print(toJson(reportFindings(findings, app)))
  return exitCodeOfProbes(findings.probes, interrupt.happened)
}

function exitCodeOfProbes(probes: readonly StreamProbe[], interrupted: boolean): number {
  if (interrupted) return exitCodes.interrupted
  const errors = probes.flatMap(({ error, fault }) => error ?? fault ?? [])
  if (errors.length === 0) return exitCodes.complete
  return errors.every((error) => exitCodeOf(error) === exitCodes.usage) ? exitCodes.usage : exitCodes.failed
}

/** Columns of a proposal or a warning. */
const widest = 1_000

/**
 * ```
 * ✓ orders  25 rows, 14 columns at $.data[*]
 *     GET https://api.example.com/orders
 *     paginator: { type: link_header }
 * ```
 */
export function describeProbe(probe: StreamProbe, terminal: Terminal): string {
  const { stream, error, fault, rowCount, columns, rowsPath, url, proposals, warnings } = probe
  if (error) return `${terminal.style('red', '✗')} ${stream}  ${error.code}\n    ${error.message}\n`
  const found = `${count(rowCount, 'row')}, ${count(columns.length, 'column')}${rowsPath === '' ? '' : ` at ${oneLine(rowsPath, 200)}`}`
  const lines = [
    `${fault ? terminal.style('red', '✗') : terminal.style('green', '✓')} ${terminal.style('bold', stream)}  ${found}`,
    `    ${oneLine(url, 600)}`,
    ...(fault ? [`    ${terminal.style('red', fault.code)}  ${fault.message}`] : []),
    ...warnings.map((warning) => `    ${terminal.style('yellow', warningSign)}  ${oneLine(warning, widest)}`),
    ...proposals.map((proposal) => `    ${terminal.style('yellow', 'propose')}  ${oneLine(proposal, widest)}`),
  ]
  return `${lines.join('\n')}\n`
}
