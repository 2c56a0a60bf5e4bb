import type { RunRecord, StreamRecord } from '../destinations/run-record.ts'
import { count } from './progress.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'
import { describeWarnings, warningSign } from './warnings.ts'

export interface SummaryOptions {
  readonly terminal: Terminal
  /** As a person writes it; empty where none was opened. */
  readonly destination: string
}

/** What a run did, in a few lines: one a stream, its warnings, and one for all. */
export function summarize(record: RunRecord, { terminal, destination }: SummaryOptions): string {
  const table = formatTable(record.streams.map(describeStream), { width: terminal.width, cell: 60 })
  const ends = { complete: 'green', handed_over: 'yellow', failed: 'red' } as const
  const seconds = (Date.parse(record.finished_at) - Date.parse(record.started_at)) / 1000
  const where = destination === '' ? '' : `, into ${destination}`
  const verdict = terminal.style(ends[record.status], record.status.replace('_', ' '))
  const warnings = describeWarnings(record.streams, terminal)
  const end = `${record.connector} ${verdict} in ${formatSeconds(seconds)}${where}${describeRest(record)}`
  return `${table}${warnings}${end}${describeDoubt(record, terminal)}\n`
}

function describeStream(stream: StreamRecord): string[] {
  const { rows, rejected, pages, retries, error, status } = stream
  const changes = [
    ...(rejected > 0 ? [`${count(rejected, 'row')} refused`] : []),
    ...(retries > 0 ? [count(retries, 'retry', 'retries')] : []),
    ...(stream.schema_changes.length > 0 ? [count(stream.schema_changes.length, 'schema change')] : []),
    ...(stream.warnings.length > 0 ? [`${warningSign} ${count(stream.warnings.length, 'warning')}`] : []),
    ...(status === 'handed_over' ? ['more to come'] : []),
    ...(error ? [error.code] : []),
  ]
  return [stream.stream, status.replace('_', ' '), count(rows, 'row'), count(pages, 'page'), changes.join(', ')]
}

function describeRest({ status }: RunRecord): string {
  return status === 'handed_over' ? '; what was read is committed, and the next run goes on from there' : ''
}

function describeDoubt({ streams }: RunRecord, terminal: Terminal): string {
  const warnings = streams.reduce((sum, stream) => sum + stream.warnings.length, 0)
  return warnings === 0 ? '' : `; ${terminal.style('yellow', `${warningSign} ${count(warnings, 'warning')}`)}`
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
