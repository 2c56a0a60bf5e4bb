import type { RunRecord } from '../destinations/run-record.ts'
import type { Notice } from '../base/words/chats.ts'
import { oneLine } from '../base/words/line.ts'
import type { Change } from './changes.ts'

/** What is sent: the body of a webhook, as it stays from version to version. */
export interface Alert {
  readonly version: 1
  /** `recovered` where everything that changed is well again, `warning` where nothing failed but rows are in doubt. */
  readonly status: 'failing' | 'warning' | 'recovered'
  readonly connector: string
  readonly run_id: string
  /** When the run ended (RFC 3339). */
  readonly at: string
  /** All of it for a person, some lines. */
  readonly text: string
  readonly changes: readonly Change[]
  /** The page of the run, where the service knows its own address. */
  readonly url?: string
}

const mostShown = 20

/** `url` is the page of the run. */
export function createAlert(run: RunRecord, changes: readonly Change[], url?: string): Alert {
  const status = statusOf(changes.map(({ kind }) => kind))
  const lines = linesOf(run.connector, changes)
  return {
    version: 1,
    status,
    connector: run.connector,
    run_id: run.run_id,
    at: run.finished_at,
    text: [...lines, ...(url ? [url] : [])].join('\n'),
    changes,
    ...(url && { url }),
  }
}

/** What a person reads of an alert, for a medium to put into its own words. */
export const noticeOf = (alert: Alert): Notice => ({
  title: titleOf(alert),
  lines: linesOf(alert.connector, alert.changes),
  ...(alert.url !== undefined && { url: alert.url }),
})

function linesOf(connector: string, changes: readonly Change[]): readonly string[] {
  const shown = changes.slice(0, mostShown).flatMap((change) => describeChange(connector, change))
  const rest = changes.length - mostShown
  return [...shown, ...(rest > 0 ? [`And ${rest} more.`] : [])].map((line) => oneLine(line, 1_000))
}

function statusOf(kinds: readonly Change['kind'][]): Alert['status'] {
  if (kinds.every((kind) => kind === 'recovered')) return 'recovered'
  return kinds.every((kind) => kind === 'recovered' || kind === 'warned') ? 'warning' : 'failing'
}

const verdicts = { recovered: 'has recovered', warning: 'has warnings', failing: 'needs attention' } as const

/** For a subject or a title: one line. */
function titleOf({ status, connector, changes }: Alert): string {
  const streams = changes.flatMap(({ stream }) => stream ?? [])
  const what = streams.length === 1 ? ` / ${streams[0]}` : streams.length > 1 ? ` (${streams.length} streams)` : ''
  return `headrace: ${connector}${what} ${verdicts[status]}`
}

function describeChange(connector: string, { kind, stream, code, message, advice }: Change): readonly string[] {
  const name = stream === undefined ? connector : `${connector} / ${stream}`
  switch (kind) {
    case 'recovered':
      return [`${name} has recovered.`]
    case 'empty':
      return [`${name} has brought fewer rows than its connector expects.`]
    case 'warned':
      return [`${name} is complete, but in doubt: ${code ?? 'unknown'}: ${message ?? ''}`]
    case 'failed':
      return [
        `${name} failed: ${code ?? 'unknown'}: ${message ?? ''}`,
        ...(advice === undefined ? [] : [`What to do: ${advice}`]),
      ]
  }
}
