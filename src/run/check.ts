import { randomUUID } from 'node:crypto'
import type { SignInFacts } from '../auth/token/sign-in-facts.ts'
import type { Connector, StreamConfig } from '../connector/connector.ts'
import type { SyncError } from '../base/errors.ts'
import { redactDeep, redactError } from '../secrets/redact-error.ts'
import type { App } from './app.ts'
import { type Prober, type StreamProbe, failProbe, openProber, probeStream } from './probe.ts'
import type { CheckReport, ReportedSignIn, ReportedStream } from './reports.ts'
import { selectStream } from './select-stream.ts'
import { type SignInReport, blameSignIns, findStep, trySignIns } from './sign-in.ts'

export interface CheckOptions {
  /** Only these streams; all of the connector where it is empty. */
  readonly streams: readonly string[]
  /** Ends the check where it stands: there is nothing to commit. */
  readonly signal: AbortSignal
  /** Called with each finding as it is made. */
  readonly onSignIn?: (report: SignInReport) => void
  readonly onStream?: (probe: StreamProbe) => void
  /** Called with each sign-in that worked and whose credential a stream was then refused with. */
  readonly onBlame?: (report: SignInReport) => void
}

export interface Findings {
  readonly connector: Connector
  readonly signIns: readonly SignInReport[]
  readonly probes: readonly StreamProbe[]
}

/**
 * Signs in, reads one page of each stream and writes nothing. What fails is in the findings.
 *
 * @throws {SyncError} `CONNECTOR_NOT_FOUND`, `CONFIG_INVALID`; `REQUEST_INVALID` for a stream that is not there.
 */
export async function checkConnector(name: string, app: App, options: CheckOptions): Promise<Findings> {
  const { signal, onSignIn, onStream, onBlame } = options
  const connector = await app.loadConnector(name)
  const streams =
    options.streams.length > 0 ? options.streams.map((stream) => selectStream(connector, stream)) : connector.streams
  let prober: Prober
  try {
    prober = await openProber(connector, app, { runId: randomUUID(), stop: { soft: signal, hard: signal } })
  } catch (thrown) {
    const error = redactError(thrown, (text) => app.redactor.redact(text))
    const methods = connector.auth.map(({ type }) => type)
    const report = { streams: streams.map(nameOf), methods, facts: [], failedAt: findStep(error), error }
    onSignIn?.(report)
    return { connector, signIns: [report], probes: streams.map((stream) => failProbe(stream, error)) }
  }
  await using opened = prober
  const signIns = await trySignIns(connector, streams, opened.provider)
  for (const report of signIns) onSignIn?.(report)
  const probes: StreamProbe[] = []
  for (const stream of streams) {
    const failed = signIns.find((report) => report.error && report.streams.includes(stream.name))
    // What failed once would fail again, and say the same.
    const probe = failed?.error ? failProbe(stream, failed.error) : await probeStream(stream, opened)
    probes.push(probe)
    if (!failed) onStream?.(probe)
    if (signal.aborted) break
  }
  const blamed = blameSignIns(signIns, probes)
  for (const report of blamed.filter((one) => !signIns.includes(one))) onBlame?.(report)
  return { connector, signIns: blamed, probes }
}

const nameOf = ({ name }: StreamConfig): string => name

/** The findings as a document, free of known secrets. */
export function reportFindings({ connector, signIns, probes }: Findings, app: App): CheckReport {
  const report = {
    connector: connector.name,
    sign_in: signIns.map(reportSignIn),
    streams: probes.map(reportProbe),
  }
  return redactDeep(report, (text) => app.redactor.redact(text))
}

/** The rows themselves are what a preview is for. */
function reportProbe(probe: StreamProbe): ReportedStream {
  const { stream, url, status, rowCount, columns, rowsPath, paginator, proposals, warnings } = probe
  const error = probe.error ?? probe.fault
  const found = { stream, url, status, row_count: rowCount, rows_path: rowsPath }
  return {
    ...found,
    paginator: { ...paginator },
    columns,
    proposals,
    warnings,
    ...(error && { error: describeFailure(error) }),
  }
}

function reportSignIn({ streams, methods, facts, failedAt, error }: SignInReport): ReportedSignIn {
  return {
    streams,
    methods,
    ok: error === undefined,
    facts: facts.map((fact) => ({
      method: fact.method,
      ...(fact.account !== undefined && { account: fact.account }),
      ...(fact.expiresAt !== undefined && { expires_at: showTime(fact.expiresAt) }),
      scopes_asked: fact.scopesAsked,
      ...(fact.scopesGranted && { scopes_granted: fact.scopesGranted, scopes_missing: listMissing(fact) }),
    })),
    ...(failedAt && { failed_at: failedAt }),
    ...(error && { error: describeFailure(error) }),
  }
}

const describeFailure = ({ code, message }: SyncError): { code: string; message: string } => ({ code, message })

/** The scopes that were asked for and are not among those that the provider says it granted. */
export function listMissing({ scopesAsked, scopesGranted }: SignInFacts): readonly string[] {
  if (!scopesGranted) return []
  return scopesAsked.filter((scope) => !scopesGranted.includes(scope))
}

/** Milliseconds since 1970 as `2026-11-21T14:03:05Z`. */
export const showTime = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`
