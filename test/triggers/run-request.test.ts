import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { answerQueue, answerRecord } from '../../src/triggers/outcome.ts'
import { limitBudget, parseRunRequest } from '../../src/triggers/run-request.ts'
import { budgetOf } from '../../src/run/app.ts'
import { SyncError } from '../../src/base/errors.ts'
import type { RunRecord } from '../../src/destinations/run-record.ts'

const record = (status: RunRecord['status'], codes: readonly string[]): RunRecord => ({
  run_id: 'r',
  connector: 'acme',
  trigger: 'http',
  status,
  started_at: '2026-01-01T00:00:00Z',
  finished_at: '2026-01-01T00:00:01Z',
  budget_seconds: null,
  streams: codes.map((code, at) => ({
    stream: `s${at}`,
    status: code === '' ? 'complete' : 'failed',
    rows: 0,
    rejected: 0,
    pages: 0,
    requests: 0,
    retries: 0,
    bytes: 0,
    cursor: { from: null, to: null },
    schema_changes: [],
    warnings: [],
    ...(code !== '' && { error: { code, message: '' } }),
  })),
})

suite('a run request', () => {
  test('is refused with REQUEST_INVALID, whatever is wrong with it', () => {
    const reversed = '{"connector": "a", "from": "2024-02-01", "until": "2024-01-01"}'
    const bodies = [
      '',
      'null',
      '"x"',
      '{"connector": 1}',
      '{"connector": "a/b"}',
      '{"connector": "a", "from": 1}',
      reversed,
    ]
    for (const body of bodies)
      assert.throws(
        () => parseRunRequest(body),
        (error) => error instanceof SyncError && error.code === 'REQUEST_INVALID',
      )
  })

  test('takes its connector from the path where the body is silent', () => {
    assert.deepEqual(parseRunRequest(' ', 'acme'), { connector: 'acme', full_refresh: false })
    assert.equal(parseRunRequest('{"connector": "acme"}', 'acme').connector, 'acme')
  })

  test('gets the least of the two budgets', () => {
    const request = parseRunRequest('{"connector": "a", "budget_seconds": 30}')
    assert.deepEqual(
      [limitBudget(request, 20), limitBudget(request, 40), limitBudget(request, undefined)].map(
        (one) => one.budget_seconds,
      ),
      [20, 30, 30],
    )
    assert.equal(limitBudget(parseRunRequest('{"connector": "a"}'), undefined).budget_seconds, undefined)
  })
})

suite('the budget of the function', () => {
  test('is its own variable, else a minute less than the timeout of the platform, else none', () => {
    assert.equal(budgetOf({ HEADRACE_BUDGET_SECONDS: '90', CLOUD_RUN_TIMEOUT_SECONDS: '3600' }), 90)
    assert.equal(budgetOf({ CLOUD_RUN_TIMEOUT_SECONDS: '3600' }), 3540)
    assert.equal(budgetOf({ CLOUD_RUN_TIMEOUT_SECONDS: '60' }), 30)
    assert.equal(budgetOf({}), undefined)
  })
})

suite('the answer to a trigger', () => {
  test('tells by its status how the run ended', () => {
    assert.equal(answerRecord(record('complete', [''])).status, 200)
    assert.equal(answerRecord(record('handed_over', [''])).status, 202)
    assert.equal(answerRecord(record('failed', ['STATE_CONFLICT'])).status, 409)
    assert.equal(answerRecord(record('failed', ['', 'SECRET_MISSING'])).status, 424)
    assert.equal(answerRecord({ ...record('failed', []), error: { code: 'AUTH_FAILED', message: '' } }).status, 424)
  })

  test('asks to be called again where that mends one of the streams', () => {
    assert.equal(answerRecord(record('failed', ['API_REFUSED', 'API_UNAVAILABLE'])).status, 503)
  })

  test('is 202 where nothing but a signal cut the run short', () => {
    assert.equal(answerRecord(record('failed', ['', 'INTERRUPTED'])).status, 202)
    assert.equal(answerRecord(record('failed', ['API_REFUSED', 'INTERRUPTED'])).status, 503)
  })

  test('lets a queue deliver again what a signal cut short, as nobody else goes on with it', () => {
    assert.equal(answerQueue(record('failed', ['', 'INTERRUPTED'])).status, 503)
    assert.equal(answerQueue(record('handed_over', [''])).status, 202)
    assert.equal(answerQueue(record('failed', ['STATE_CONFLICT'])).status, 409)
    assert.equal(answerQueue(record('failed', ['SECRET_MISSING'])).status, 200)
  })
})
