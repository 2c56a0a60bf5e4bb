import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errors } from 'undici'
import { TransportError } from '../../src/http/transport-error.ts'
import { toFailure } from '../../src/http/network-error.ts'

test("undici's own errors are about HTTP, not about certificates", () => {
  for (const error of [
    new errors.ResponseContentLengthMismatchError(),
    new errors.RequestContentLengthMismatchError(),
  ]) {
    const failure = toFailure(error)
    assert.ok(failure instanceof TransportError)
    assert.deepEqual([failure.code, failure.retry], ['API_UNAVAILABLE', true])
  }
})

test('an answer that is no HTTP is one that may come right, though the parser has no code for it', () => {
  const failure = toFailure(new errors.HTTPParserError('Response does not match the HTTP/1.1 protocol'))
  assert.ok(failure instanceof TransportError)
  assert.deepEqual([failure.code, failure.retry], ['API_UNAVAILABLE', true])
})
