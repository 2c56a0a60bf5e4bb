import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, suite, test } from 'node:test'
import { inspect } from 'node:util'
import { quoteForShell } from '../../src/auth/methods/authorization-code.ts'
import type { SavedTokens } from '../../src/secrets/token-store/contract.ts'
import { SyncError } from '../../src/base/errors.ts'
import { makeTempDir } from '../cli/support.ts'
import { type World, authOf, createWorld, request } from './helpers.ts'
import { json, startEndpoint } from './token-endpoint.ts'

const type = 'oauth2_authorization_code'
const client = { client_id: 'c', client_secret: 'env:SECRET', tokens: 'file:tokens.json' }

/** A world in which `saved` is what `headrace connect` left. */
function createSavedWorld(context: TestContext, saved?: SavedTokens): World {
  const dir = makeTempDir()
  context.after(() => dir[Symbol.dispose]())
  const world = createWorld(context, { SECRET: 'a-client-secret' }, { dir: dir.path })
  if (saved) writeFileSync(join(dir.path, 'tokens.json'), JSON.stringify(saved))
  world.now = Date.parse('2026-01-01T12:00:00Z')
  return world
}

async function errorOf(promise: Promise<unknown>): Promise<SyncError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof SyncError, inspect(thrown))
  return thrown
}

suite('oauth2_authorization_code', () => {
  test('a saved token goes where the API wants it, and is known to the redactor', async (context) => {
    const cases = [
      [{ provider: 'shopify', shop: 'acme' }, 'x-shopify-access-token', 'the-access-token'],
      [{ provider: 'github' }, 'authorization', 'Bearer the-access-token'],
      [{ provider: 'github', place: { name: 'X-Token', prefix: 'Token ' } }, 'x-token', 'Token the-access-token'],
    ] as const
    for (const [keys, name, value] of cases) {
      const { deps } = createSavedWorld(context, { access_token: 'the-access-token' })
      const { headers } = await authOf({ type, ...client, ...keys }, deps).sign(request)
      assert.equal(headers[name], value)
      assert.equal(deps.redactor.redact('?t=the-access-token'), '?t=[secret]')
    }
  })

  test('nothing saved, a token that ended without a refresh token, and one that was refused name the command', async (context) => {
    const refused = await startEndpoint(context, json({ error: 'invalid_grant' }, 400))
    const ended = '2026-01-01T11:00:00Z'
    const cases = [
      undefined,
      { access_token: 'the-access-token', expires_at: ended },
      { access_token: 'the-access-token', expires_at: ended, refresh_token: 'the-refresh-token' },
    ]
    for (const saved of cases) {
      const { deps } = createSavedWorld(context, saved)
      const auth = authOf({ type, ...client, provider: 'hubspot', token_url: refused.url }, deps)
      const error = await errorOf(auth.sign(request))
      assert.equal(error.code, 'RECONNECT_NEEDED')
      assert.ok(error.message.endsWith(`headrace connect ${quoteForShell(deps.file)}`), error.message)
      assert.doesNotMatch(inspect(error, { depth: 9 }), /the-(access|refresh)-token/)
    }
  })

  test('a token that the API refuses is renewed, with the client as its provider wants it', async (context) => {
    const endpoint = await startEndpoint(
      context,
      json({ access_token: 'the-next-token', refresh_token: 'the-next-one' }),
    )
    const { deps } = createSavedWorld(context, { access_token: 'the-access-token', refresh_token: 'the-refresh-token' })
    const auth = authOf({ type, ...client, provider: 'hubspot', token_url: endpoint.url }, deps)
    await auth.renew?.(await auth.sign(request))
    assert.equal((await auth.sign(request)).headers['authorization'], 'Bearer the-next-token')
    const form = new URLSearchParams(endpoint.requests[0]?.body)
    assert.deepEqual(
      ['grant_type', 'refresh_token', 'client_id', 'client_secret'].map((name) => form.get(name)),
      ['refresh_token', 'the-refresh-token', 'c', 'a-client-secret'],
    )
    const read = await deps.tokens({ store: 'file', name: 'tokens.json', text: 'file:tokens.json' }).read(deps.signal)
    assert.equal(read?.tokens.refresh_token, 'the-next-one')
  })

  test('an issuer that cannot be asked is no renewal that was lost', async (context) => {
    const endpoint = await startEndpoint(context, json({}, 500))
    const { origin: issuer } = new URL(endpoint.url)
    const { deps } = createSavedWorld(context, { refresh_token: 'the-refresh-token' })
    const auth = authOf({ type, ...client, issuer }, deps)
    await errorOf(auth.sign(request))
    endpoint.replies = [json({ issuer, token_endpoint: `${issuer}/t` }), json({ error: 'invalid_grant' }, 400)]
    const error = await errorOf(authOf({ type, ...client, issuer }, deps).sign(request))
    assert.equal(error.code, 'RECONNECT_NEEDED')
    assert.doesNotMatch(error.message, /never came to its end/)
  })

  test('an issuer is asked for its token endpoint once, and only to renew', async (context) => {
    const endpoint = await startEndpoint(context, json({}))
    const { origin: issuer } = new URL(endpoint.url)
    const token = (name: string) => json({ access_token: name, refresh_token: 'the-refresh-token', expires_in: 60 })
    endpoint.replies = [json({ issuer, token_endpoint: `${issuer}/t` }), token('token-1'), token('token-2')]
    const world = createSavedWorld(context, { access_token: 'token-0', refresh_token: 'the-refresh-token' })
    const auth = authOf({ type, ...client, issuer }, world.deps)
    await auth.renew?.(await auth.sign(request))
    assert.equal(endpoint.requests.length, 0)
    await auth.sign(request)
    world.now += 120_000
    assert.equal((await auth.sign(request)).headers['authorization'], 'Bearer token-2')
    assert.deepEqual(
      endpoint.requests.map(({ url }) => url),
      ['/.well-known/openid-configuration', '/t', '/t'],
    )
  })
})

test('a command is quoted for a shell where it must be', () => {
  assert.equal(quoteForShell('connectors/acme.yaml'), 'connectors/acme.yaml')
  assert.equal(quoteForShell("it's mine.yaml"), String.raw`'it'\''s mine.yaml'`)
})
