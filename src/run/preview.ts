import { randomUUID } from 'node:crypto'
import { redactDeep } from '../secrets/redact-error.ts'
import type { App } from './app.ts'
import { type StreamProbe, openProber, probeStream } from './probe.ts'
import type { PreviewReport } from './reports.ts'
import { selectStream } from './select-stream.ts'

export interface PreviewOptions {
  /** Rows to show; one page is read, and 100 of its rows at most are kept. */
  readonly limit: number
  readonly signal: AbortSignal
}

export interface Preview {
  readonly probe: StreamProbe
  /** Free of known secrets. */
  readonly report: PreviewReport
}

/**
 * Reads the first page of a stream and writes nothing.
 *
 * @param name A connector file, or the name of one.
 * @throws {SyncError} What kept it from the rows; `REQUEST_INVALID` for a stream that is not there.
 */
export async function previewStream(
  { name, stream: wanted }: { readonly name: string; readonly stream: string },
  app: App,
  { limit, signal }: PreviewOptions,
): Promise<Preview> {
  const connector = await app.loadConnector(name)
  const stream = selectStream(connector, wanted)
  await using prober = await openProber(connector, app, {
    runId: randomUUID(),
    stop: { soft: signal, hard: signal },
  })
  const probe = await probeStream(stream, prober)
  if (probe.error) throw probe.error
  const { columns, warnings, rows, fault } = probe
  const report = {
    connector: connector.name,
    stream: stream.name,
    columns,
    rows: rows.slice(0, limit),
    warnings,
    ...(fault && { error: { code: fault.code, message: fault.message } }),
  }
  return { probe, report: redactDeep(report, (text) => app.redactor.redact(text)) }
}
