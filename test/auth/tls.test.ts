import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Agent } from 'undici'
import { createTokenFetch } from '../../src/auth/token/token-fetch.ts'
import { createDispatcher } from '../../src/http/dispatcher.ts'
import { createSelfSigned } from '../support/self-signed.ts'
import { authOf, createWorld, request, tokenOf } from './helpers.ts'

test('a token endpoint whose certificate does not verify gets no credentials', async (context) => {
  const identity = createSelfSigned()
  let requests = 0
  const server = createServer(identity, (_request, response) => {
    requests += 1
    response.end('{"access_token":"the-token"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const world = createWorld(context, { SECRET: 'a-long-secret' })
  const token_url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  const config = { type: 'oauth2_client_credentials', token_url, client_id: 'me', client_secret: 'env:SECRET' }
  const strict = createDispatcher()
  const trusting = new Agent({ connect: { ca: identity.cert } })
  context.after(() => Promise.all([strict.destroy(), trusting.destroy()]))

  const refused = authOf(config, { ...world.deps, fetch: createTokenFetch(strict, 5_000) }).sign(request)
  await assert.rejects(refused, {
    code: 'AUTH_FAILED',
    message: /certificate that does not verify \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
  })
  assert.deepEqual([requests, world.waits], [0, []])

  const known = authOf(config, { ...world.deps, fetch: createTokenFetch(trusting, 5_000) })
  assert.equal(await tokenOf(known), 'the-token')
})
