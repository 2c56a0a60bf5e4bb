import type { RunRecord } from '../../../src/destinations/run-record.ts'

/** A run of the connector acme that failed. */
export const exampleRun: RunRecord = {
  run_id: 'r1',
  connector: 'acme',
  trigger: 'cli',
  status: 'failed',
  started_at: '2026-11-01T06:00:00Z',
  finished_at: '2026-11-01T06:01:00Z',
  budget_seconds: null,
  streams: [],
}
