import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSelfSigned } from './self-signed.ts'
import { failsWith, testClient } from './support.ts'

test('a certificate that nobody vouches for is refused, whatever the environment says', async (t) => {
  let calls = 0
  const server = createServer(createSelfSigned(), (_, response) => {
    calls++
    response.end('[]')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'])
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`
  const error = await failsWith(testClient(t, origin).get('/'), 'API_UNAVAILABLE')
  assert.match(error.message, /certificate does not verify \(DEPTH_ZERO_SELF_SIGNED_CERT/)
  assert.equal(calls, 0)
})
