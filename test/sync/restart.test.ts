import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ErrorCode, SyncError } from '../../src/base/errors.ts'
import { type Attempt, mayRestart, mostRestarts } from '../../src/sync/restart.ts'

const fresh: Attempt = { resumed: false, restarts: 0, committed: false }
const resumed: Attempt = { ...fresh, resumed: true }
const fail = (code: ErrorCode, details = {}): SyncError => new SyncError(code, 'It failed.', { details })

suite('a listing that failed is read again from its start', () => {
  test('where the source has moved under it, so often as may help', () => {
    const moved = fail('LISTING_EXPIRED', { moved: true })
    for (let restarts = 0; restarts < mostRestarts; restarts++) assert.ok(mayRestart(moved, { ...fresh, restarts }))
    assert.ok(!mayRestart(moved, { ...fresh, restarts: mostRestarts }))
  })

  test('once where it has expired, whether this run has committed of it or not', () => {
    const expired = fail('LISTING_EXPIRED')
    assert.ok(mayRestart(expired, fresh))
    assert.ok(mayRestart(expired, { ...resumed, committed: true }))
    assert.ok(!mayRestart(expired, { ...fresh, restarts: 1 }))
  })

  test('where it was read in two parts and lacks rows that it may have lost in between', () => {
    assert.ok(mayRestart(fail('TABLE_SHRINKS'), { ...resumed, committed: true }))
    assert.ok(!mayRestart(fail('TABLE_SHRINKS'), fresh))
  })

  test('where the page that was saved leads nowhere, unless pages behind it were committed', () => {
    const leadsNowhere = [
      ...[400, 404, 410, 422].map((status) => fail('API_REFUSED', { status })),
      ...(['ORIGIN_REFUSED', 'PAGE_REPEATED', 'LISTING_INCOMPLETE'] as const).map((code) => fail(code)),
    ]
    for (const error of leadsNowhere) {
      assert.ok(mayRestart(error, resumed), error.code)
      assert.ok(!mayRestart(error, fresh), error.code)
      assert.ok(!mayRestart(error, { ...resumed, committed: true }), error.code)
      assert.ok(!mayRestart(error, { ...resumed, restarts: 1 }), error.code)
    }
  })

  test('for no other reason', () => {
    for (const error of [
      fail('API_REFUSED', { status: 403 }),
      fail('STATE_CONFLICT'),
      new Error('a defect'),
      undefined,
    ])
      assert.ok(!mayRestart(error, resumed))
  })
})
