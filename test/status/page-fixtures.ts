import type { StatusReport } from '../../src/status/status-report.ts'
import type { ConnectorStatus } from '../../src/status/status-report.ts'
import { runRecordOf, streamRecordOf } from './support.ts'

export const connectorOf = (rest: Partial<ConnectorStatus> = {}): ConnectorStatus => ({
  name: 'acme',
  connector: 'acme',
  destination: 'duckdb:acme.duckdb',
  state: 'ok',
  schedule: { cron: '0 6 * * *', time_zone: 'Europe/Berlin', next: '2026-11-21T05:00:00.000Z' },
  streams: [
    {
      stream: 'orders',
      state: 'ok',
      commits: 3,
      committed_at: '2026-11-20T06:00:00Z',
      cursor: '2026-11-20',
      open: false,
      warnings: [],
    },
  ],
  runs: [runRecordOf()],
  ...rest,
})

/** As many streams as somebody may have, some of them in trouble, with all that a record may hold. */
export function largeReport(connectors: number, streams: number): StatusReport {
  return {
    connectors: Array.from({ length: connectors }, (_, at) => {
      const names = Array.from({ length: streams }, (_unused, index) => `stream_number_${index}`)
      const error = {
        code: 'API_REFUSED',
        message: `GET https://api.example.com/ was answered 403, "${'x'.repeat(900)}"`,
      }
      const warnings = Array.from({ length: 5 }, (_unused, page) => ({
        code: 'LISTING_IN_DOUBT',
        message: `Page ${page} looks full, and nothing in the answer leads on: ${'y'.repeat(400)}`,
      }))
      const records = names.map((stream, index) =>
        streamRecordOf({
          stream,
          schema_changes: ['added column a', 'widened b to number'],
          ...(index % 3 === 0 && { status: 'failed', error }),
          ...(index % 4 === 1 && { warnings }),
        }),
      )
      return connectorOf({
        name: `connector-${at}`,
        connector: `connector-${at}`,
        state: 'failed',
        runs: Array.from({ length: 20 }, () => runRecordOf({ status: 'failed', streams: records })),
        streams: names.map((stream, index) => ({
          stream,
          state: index % 3 === 0 ? 'failed' : 'ok',
          commits: 9,
          committed_at: '2026-11-20T06:00:00Z',
          cursor: '2026-11-20T06:00:00.000000Z',
          open: index % 5 === 0,
          warnings: index % 4 === 1 ? warnings : [],
          last_success: '2026-11-20T06:00:00Z',
          ...(index % 3 === 0 && { error, failing_since: '2026-11-20T06:00:00Z', late_seconds: 7_200 }),
        })),
      })
    }),
  }
}
