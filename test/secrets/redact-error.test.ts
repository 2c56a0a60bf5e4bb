import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { SyncError } from '../../src/base/errors.ts'
import { redactDeep, redactError } from '../../src/secrets/redact-error.ts'

const redact = (text: string): string => text.replaceAll('hunter2', '[secret]')

test('an error holds no secret in its message, its stack, its details and its causes', () => {
  const deepest = Object.assign(new TypeError('hunter2 in fetch'), { code: 'E_HUNTER', request: { url: 'x?hunter2' } })
  const cause = new AggregateError([new Error('hunter2 one')], 'all hunter2', { cause: deepest })
  const error = new SyncError('API_REFUSED', 'said hunter2', { cause, details: { error: ['hunter2'], status: 403 } })
  const clean = redactError(error, redact)
  assert.ok(clean instanceof SyncError)
  assert.deepEqual([clean.code, clean.message, clean.retry, clean.status], ['API_REFUSED', 'said [secret]', false, 502])
  assert.deepEqual(clean.details, { error: ['[secret]'], status: 403 })
  assert.ok(clean.cause instanceof AggregateError && clean.cause.cause instanceof TypeError)
  assert.match(clean.stack ?? '', /^SyncError: said \[secret\]\n +at /)
  assert.ok(!inspect(clean, { depth: 20 }).includes('hunter2'))
  assert.equal(error.message, 'said hunter2')
})

test('what is no error of ours becomes one, without the secret', () => {
  assert.equal(redactError('hunter2', redact).message, 'Unexpected error: [secret]')
  assert.equal(redactError(new Error('no hunter2'), redact).code, 'INTERNAL')
})

test('causes that form a circle end somewhere', () => {
  const error = new Error('hunter2')
  error.cause = error
  assert.ok(!inspect(redactError(error, redact), { depth: 40 }).includes('hunter2'))
})

test('of a value every text is redacted, names of members too', () => {
  assert.deepEqual(redactDeep({ a: ['hunter2', 1, null], hunter2: { b: 'x hunter2' } }, redact), {
    a: ['[secret]', 1, null],
    '[secret]': { b: 'x [secret]' },
  })
})
