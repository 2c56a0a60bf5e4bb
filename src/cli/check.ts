import { randomUUID } from 'node:crypto'
import type { App } from '../run/app.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import { findConnector } from '../connector/find.ts'
import { loadConnector } from '../connector/load.ts'
import { redactError } from '../secrets/redact-error.ts'
import { type Prober, type StreamProbe, failProbe, openProber, probeStream } from '../run/probe.ts'
import { type SignInReport, blameSignIns, findStep, trySignIns } from '../run/sign-in.ts'
import { oneLine } from '../base/words/line.ts'
import { type CommandContext, createCommandApp, toJson } from './context.ts'
import { exitCodeOf, exitCodes } from './exit-code.ts'
import { listenForInterrupt } from './interrupt.ts'
import { count } from './progress.ts'
import { selectStream } from './select-stream.ts'
import { describeBlame, describeSignIn, toSignInDocument } from './sign-in.ts'
import type { Terminal } from './terminal.ts'
import { warningSign } from './warnings.ts'

/** `headrace check`: signs in, reads one page of each stream and writes nothing. */
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
  const run = { runId: randomUUID(), stop: { soft, hard: soft } }
  const show = (text: string): void => {
    if (!globals.json) terminal.print(redact(text))
  }
  const { signIns, probes } = await check({ connector, streams, app, run }, { terminal, show })
  if (globals.json) {
    const document = { sign_in: signIns.map(toSignInDocument), streams: probes.map(toDocument) }
    terminal.print(toJson({ connector: connector.name, ...document }, redact))
  }
  return exitCodeOfProbes(probes, interrupt.happened)
}

interface Subject {
  readonly connector: Connector
  readonly streams: readonly StreamConfig[]
  readonly app: App
  readonly run: Prober['context']
}

interface View {
  readonly terminal: Terminal
  readonly show: (text: string) => void
}

interface Findings {
  readonly signIns: readonly SignInReport[]
  readonly probes: readonly StreamProbe[]
}

async function check(subject: Subject, view: View): Promise<Findings> {
  const { connector, streams, app, run } = subject
  let prober: Prober
  try {
    prober = await openProber(connector, app, run)
  } catch (thrown) {
    const error = redactError(thrown, (text) => app.redactor.redact(text))
    const methods = connector.auth.map(({ type }) => type)
    const report = { streams: streams.map(({ name }) => name), methods, facts: [], failedAt: findStep(error), error }
    view.show(describeSignIn(report, view.terminal))
    return { signIns: [report], probes: streams.map((stream) => failProbe(stream, error)) }
  }
  await using opened = prober
  const signIns = await trySignIns(connector, streams, opened.provider)
  for (const report of signIns) view.show(describeSignIn(report, view.terminal))
  const probes: StreamProbe[] = []
  for (const stream of streams) {
    const failed = signIns.find((report) => report.error && report.streams.includes(stream.name))
    // What failed once would fail again, and say the same.
    const probe = failed?.error ? failProbe(stream, failed.error) : await probeStream(stream, opened)
    probes.push(probe)
    if (!failed) view.show(describeProbe(probe, view.terminal))
    if (run.stop.soft.aborted) break
  }
  const blamed = blameSignIns(signIns, probes)
  for (const report of blamed.filter((one) => !signIns.includes(one))) view.show(describeBlame(report, view.terminal))
  return { signIns: blamed, probes }
}

function toDocument(probe: StreamProbe): object {
  // The rows themselves are what `preview` is for.
  const { stream, url, status, rowCount, columns, rowsPath, paginator, proposals, warnings } = probe
  const error = probe.error ?? probe.fault
  const found = {
    stream,
    url,
    status,
    row_count: rowCount,
    rows_path: rowsPath,
    paginator,
    columns,
    proposals,
    warnings,
  }
  return { ...found, ...(error && { error: { code: error.code, message: error.message } }) }
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
