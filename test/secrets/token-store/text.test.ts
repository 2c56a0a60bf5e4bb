import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replacingFormat } from '../../../src/secrets/token-store/text.ts'

test('a reference into a list that has no such place is refused in a sentence', () => {
  const tokens = { refresh_token: 'next' }
  assert.deepEqual(JSON.parse(replacingFormat('{"a":[{"t":"r"}]}', '/a/0/t', 'acme').format(tokens)), {
    a: [{ t: 'next' }],
  })
  for (const pointer of ['/a/7/t', '/a/x/t', '/a/7', '/a/length'])
    assert.throws(
      () => replacingFormat('{"a":[{"t":"r"}]}', pointer, 'acme').format(tokens),
      { code: 'SECRET_MISSING' },
      pointer,
    )
})
