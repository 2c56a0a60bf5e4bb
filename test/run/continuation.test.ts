import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { continuationOf } from '../../src/run/continuation.ts'
import type { RunRecord, StreamRecord } from '../../src/destinations/run-record.ts'
import { type RunRequest, runRequest } from '../../src/destinations/run-request.ts'

const run = '7f8b6d0e-30f5-4d7c-9d43-6f3d2b7f3a01'

const request = (more: Partial<RunRequest> = {}): RunRequest => runRequest.parse({ connector: 'acme', ...more })

function stream(name: string, status: StreamRecord['status'], more: Partial<StreamRecord> = {}): StreamRecord {
  const counts = { rows: 0, rejected: 0, pages: 0, requests: 0, retries: 0, bytes: 0 }
  return {
    stream: name,
    status,
    ...counts,
    cursor: { from: null, to: null },
    schema_changes: [],
    warnings: [],
    ...more,
  }
}

const record = (streams: StreamRecord[]): RunRecord => ({
  run_id: run,
  connector: 'acme',
  trigger: 'http',
  status: 'handed_over',
  started_at: '2024-01-01T00:00:00.000Z',
  finished_at: '2024-01-01T00:10:00.000Z',
  budget_seconds: 600,
  streams,
})

suite('what a run leaves to do', () => {
  test('is the streams that are not complete, with everything else of the request', () => {
    const asked = request({ full_refresh: true, streams: ['a', 'b', 'c'] })
    const left = continuationOf(
      asked,
      record([stream('a', 'complete'), stream('b', 'handed_over'), stream('c', 'failed')]),
    )
    assert.deepEqual(left, { request: { ...asked, streams: ['b'], continues: { run, seq: 1 } } })
  })

  test('counts on from the run that began', () => {
    const asked = request({ continues: { run: '11111111-2222-4333-8444-555555555555', seq: 4 } })
    const left = continuationOf(asked, record([stream('a', 'handed_over')]))
    assert.deepEqual(left?.request.continues, { run: '11111111-2222-4333-8444-555555555555', seq: 5 })
  })

  test('is nothing where all is complete or failed, or the run had its fill of rows', () => {
    assert.equal(continuationOf(request(), record([stream('a', 'complete'), stream('b', 'failed')])), undefined)
    assert.equal(continuationOf(request({ limit: 5 }), record([stream('a', 'handed_over')])), undefined)
  })

  test('waits as long as the provider wants, but not for one stream while another could go on', () => {
    const waiting = stream('a', 'handed_over', { resume_at: '2024-01-01T02:00:00.000Z' })
    const earlier = stream('b', 'handed_over', { resume_at: '2024-01-01T01:00:00.000Z' })
    const ready = stream('c', 'handed_over')
    assert.equal(continuationOf(request(), record([waiting, earlier]))?.notBefore, Date.parse('2024-01-01T01:00:00Z'))
    assert.equal(continuationOf(request(), record([waiting, ready]))?.notBefore, undefined)
  })
})
