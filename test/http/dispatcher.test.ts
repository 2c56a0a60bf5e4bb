import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSelfSigned } from '../support/self-signed.ts'
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
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const error = await failsWith(testClient(t, origin).get('/'), 'TLS_FAILED')
  assert.match(
    error.message,
    /has a TLS certificate that does not verify \(DEPTH_ZERO_SELF_SIGNED_CERT\): it is signed by an authority that is not known here/,
  )
  assert.equal(calls, 0)
  assert.equal(error.details['attempts'], 1, 'another attempt would meet the same certificate')
})
