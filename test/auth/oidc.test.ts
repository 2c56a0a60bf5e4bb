import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { SyncError } from '../../src/base/errors.ts'
import { type OidcOptions, type OidcServer, startOidc } from '../support/oidc.ts'
import { authOf, createWorld, request, tokenOf } from './helpers.ts'

const type = 'oauth2_client_credentials'
const secret = 'a-long-enough-secret'

async function start(context: TestContext, options: OidcOptions): Promise<OidcServer> {
  const server = await startOidc(options)
  context.after(() => server[Symbol.asyncDispose]())
  return server
}

async function errorOf(promise: Promise<unknown>): Promise<SyncError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof SyncError, inspect(error))
  return error
}

test('the authorization server takes HTTP basic, also of a client whose id and secret need encoding', async (context) => {
  const hard = { client_id: 'id:with%and é+ /', client_secret: 'p+s%w:r d/=&~*!\'()-._"§' }
  const visible = { client_id: 'id:with%and+ /', client_secret: 'p+s%w:r d/=&~*!\'()-._"' }
  const server = await start(context, { clients: [{ client_id: 'plain', client_secret: secret }, visible] })
  for (const client of [{ client_id: 'plain', client_secret: secret }, visible]) {
    const { deps } = createWorld(context, { ID: client.client_id, SECRET: client.client_secret })
    const auth = authOf({ type, token_url: server.tokenUrl, client_id: 'env:ID', client_secret: 'env:SECRET' }, deps)
    assert.equal((await server.find(await tokenOf(auth)))?.clientId, client.client_id)
  }
  const { deps } = createWorld(context, { ID: hard.client_id, SECRET: hard.client_secret })
  const auth = authOf({ type, token_url: server.tokenUrl, client_id: 'env:ID', client_secret: 'env:SECRET' }, deps)
  assert.equal((await errorOf(auth.sign(request))).code, 'AUTH_FAILED')
})

test('the authorization server takes the secret in the body where client_auth is post', async (context) => {
  const client = {
    client_id: 'poster',
    client_secret: 'p+s%w:r d/=&',
    token_endpoint_auth_method: 'client_secret_post',
  } as const
  const server = await start(context, { clients: [client] })
  const { deps } = createWorld(context, { SECRET: client.client_secret })
  const config = { type, token_url: server.tokenUrl, client_id: 'poster', client_secret: 'env:SECRET' }
  assert.equal((await server.find(await tokenOf(authOf({ ...config, client_auth: 'post' }, deps))))?.clientId, 'poster')
})

test('scopes are asked for, as a list or as one string', async (context) => {
  const server = await start(context, {
    clients: [{ client_id: 'c', client_secret: secret, scope: 'read write' }],
    scopes: ['read', 'write'],
  })
  const { deps } = createWorld(context, { SECRET: secret })
  for (const scopes of [['read', 'write'], 'read write']) {
    const auth = authOf({ type, token_url: server.tokenUrl, client_id: 'c', client_secret: 'env:SECRET', scopes }, deps)
    assert.equal((await server.find(await tokenOf(auth)))?.scope, 'read write')
  }
})

test('a resource makes the token one for that API', async (context) => {
  const resource = 'https://api.example/v1'
  const server = await start(context, {
    clients: [{ client_id: 'c', client_secret: secret, scope: 'read' }],
    scopes: ['read'],
    resources: [resource],
  })
  const { deps } = createWorld(context, { SECRET: secret })
  const config = { type, token_url: server.tokenUrl, client_id: 'c', client_secret: 'env:SECRET', scopes: 'read' }
  assert.equal((await server.find(await tokenOf(authOf({ ...config, resource }, deps))))?.aud, resource)
  const error = await errorOf(authOf({ ...config, resource: ['https://other.example'] }, deps).sign(request))
  assert.equal(error.code, 'AUTH_FAILED')
  assert.match(error.message, /invalid_target/)
})

test('a wrong secret fails at once, in the words of the server, without the secret', async (context) => {
  const server = await start(context, { clients: [{ client_id: 'c', client_secret: secret }] })
  const { deps, waits } = createWorld(context, { SECRET: 'hunter2iswrong' })
  const auth = authOf(
    { type, token_url: `${server.tokenUrl}?tenant=a`, client_id: 'c', client_secret: 'env:SECRET' },
    deps,
  )
  const error = await errorOf(auth.sign(request))
  assert.equal(error.code, 'AUTH_FAILED')
  assert.equal(
    error.message,
    `The token endpoint ${server.tokenUrl} refused with 401: invalid_client: client authentication failed; check client_id, client_secret and client_auth.`,
  )
  assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes('hunter2'))
  assert.deepEqual([server.requests, waits], [1, []])
})

test('a scope that is not allowed fails in the words of the server', async (context) => {
  const server = await start(context, {
    clients: [{ client_id: 'c', client_secret: secret, scope: 'read' }],
    scopes: ['read', 'admin'],
  })
  const { deps } = createWorld(context, { SECRET: secret })
  const config = { type, token_url: server.tokenUrl, client_id: 'c', client_secret: 'env:SECRET', scopes: ['admin'] }
  assert.match((await errorOf(authOf(config, deps).sign(request))).message, /400: invalid_scope: /)
})

test('100 requests at the moment of expiry make one token request', async (context) => {
  const server = await start(context, { clients: [{ client_id: 'c', client_secret: secret }], lifetime: 600 })
  const world = createWorld(context, { SECRET: secret })
  const auth = authOf({ type, token_url: server.tokenUrl, client_id: 'c', client_secret: 'env:SECRET' }, world.deps)
  const first = await tokenOf(auth)
  world.now += 569_999
  assert.equal(await tokenOf(auth), first)
  assert.equal(server.requests, 1)
  world.now += 1
  const tokens = new Set(await Promise.all(Array.from({ length: 100 }, () => tokenOf(auth))))
  assert.equal(tokens.size, 1)
  assert.ok(!tokens.has(first))
  assert.equal(server.requests, 2)
})

test('100 rejections at once make one renewal', async (context) => {
  const server = await start(context, { clients: [{ client_id: 'c', client_secret: secret }] })
  const { deps } = createWorld(context, { SECRET: secret })
  const auth = authOf(
    [{ type: 'none' }, { type, token_url: server.tokenUrl, client_id: 'c', client_secret: 'env:SECRET' }],
    deps,
  )
  const rejected = await Promise.all(Array.from({ length: 100 }, () => auth.sign(request)))
  const again = await Promise.all(
    rejected.map(async (signed) => {
      await auth.renew?.(signed)
      return tokenOf(auth)
    }),
  )
  assert.equal(new Set(again).size, 1)
  assert.equal(server.requests, 2)
  for (const signed of rejected) await auth.renew?.(signed)
  assert.equal(await tokenOf(auth), again[0], 'a late 401 for the old token leaves the new one alone')
  assert.equal(server.requests, 2)
})

test('a token is known to the redactor from the moment it is there', async (context) => {
  const server = await start(context, { clients: [{ client_id: 'c', client_secret: secret }] })
  const { deps } = createWorld(context, { SECRET: secret })
  const token = await tokenOf(
    authOf({ type, token_url: server.tokenUrl, client_id: 'c', client_secret: 'env:SECRET' }, deps),
  )
  assert.equal(deps.redactor.redact(`GET /?access_token=${token}`), 'GET /?access_token=[secret]')
})
