import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import { connectorText, makeTempDir, runCli, sendJson, startApi } from './support.ts'

const token = 'the-token-that-nobody-may-see'
const claims = Buffer.from(JSON.stringify({ email: 'reporting@acme.example' })).toString('base64url')
const rows = (response: ServerResponse): void => sendJson(response, 200, { data: [{ id: 1 }] })

interface Situation {
  readonly env?: Readonly<Record<string, string>>
  readonly token?: (response: ServerResponse) => void
  readonly api?: (response: ServerResponse) => void
  /** In place of the token endpoint that answers. */
  readonly tokenUrl?: string
}

interface Checked {
  readonly code: number | null
  readonly text: string
  readonly document: {
    readonly sign_in: readonly {
      readonly ok: boolean
      readonly failed_at?: string
      readonly streams: readonly string[]
      readonly facts: readonly Readonly<Record<string, unknown>>[]
      readonly error?: { readonly code: string; readonly message: string }
    }[]
    readonly streams: readonly { readonly error?: { readonly code: string } }[]
  }
  readonly tokenRequests: number
}

const goodToken = (response: ServerResponse): void =>
  sendJson(response, 200, {
    access_token: token,
    expires_in: 3600,
    scope: 'orders.read',
    id_token: `e30.${claims}.c2ln`,
  })

/** `headrace check` in a situation, in words and as JSON. */
async function check({
  env = { SECRET: 'zo0-KxV9-b3Qm-value' },
  token: give = goodToken,
  api = rows,
  tokenUrl,
}: Situation): Promise<Checked> {
  using dir = makeTempDir()
  await using authority = await startApi((_, response) => give(response))
  await using provider = await startApi((_, response) => api(response))
  const auth = `{ type: oauth2_client_credentials, token_url: "${tokenUrl ?? `${authority.url}/token`}", client_id: me, client_secret: "env:SECRET", scopes: [orders.read, orders.write] }`
  const file = dir.write('acme.yaml', connectorText(provider.url, `auth: ${auth}\n`))
  const [plain, json] = await Promise.all([
    runCli(['check', file], { env }),
    runCli(['check', file, '--json'], { env }),
  ])
  const text = plain.stdout
  for (const output of [plain, json].flatMap(({ stdout, stderr }) => [stdout, stderr])) {
    assert.ok(!output.includes(token) && !output.includes('zo0-KxV9-b3Qm-value'), 'a secret was printed')
  }
  assert.equal(plain.code, json.code)
  const document = JSON.parse(json.stdout) as Checked['document']
  return { code: json.code, text, document, tokenRequests: authority.requests.length / 2 }
}

suite('the sign-in in headrace check', { concurrency: 2 }, () => {
  test('is shown with its account, its end, its scopes, and those that were not granted', async () => {
    const { code, text, document, tokenRequests } = await check({})
    assert.equal(code, 0)
    assert.match(text, /✓ sign-in {2}oauth2_client_credentials, as reporting@acme\.example\n/)
    assert.match(text, /token ends at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; scopes orders\.read\n/)
    assert.match(text, /not granted {2}orders\.write\n/)
    const [signIn] = document.sign_in
    const { expires_at: end, ...facts } = signIn?.facts[0] ?? {}
    assert.equal(signIn?.ok, true)
    assert.deepEqual(signIn?.streams, ['orders'])
    assert.match(String(end), /Z$/)
    assert.deepEqual(facts, {
      method: 'oauth2_client_credentials',
      account: 'reporting@acme.example',
      scopes_asked: ['orders.read', 'orders.write'],
      scopes_granted: ['orders.read'],
      scopes_missing: ['orders.write'],
    })
    assert.equal(tokenRequests, 1)
  })

  const failures: readonly [name: string, situation: Situation, step: string, code: string, message: RegExp][] = [
    [
      'a secret that is missing',
      { env: {} },
      'secrets',
      'SECRET_MISSING',
      /env:SECRET \(needed for auth\.client_secret/,
    ],
    [
      'a token endpoint that cannot be reached',
      { tokenUrl: 'http://127.0.0.1:1/token' },
      'token_endpoint',
      'AUTH_UNAVAILABLE',
      /could not be reached/,
    ],
    [
      'a client that is not known',
      { token: (response) => sendJson(response, 401, { error: 'invalid_client' }) },
      'client',
      'AUTH_FAILED',
      /invalid_client; check client_id, client_secret and client_auth/,
    ],
    [
      'a scope that is not allowed',
      { token: (response) => sendJson(response, 400, { error: 'invalid_scope', error_description: 'orders.write' }) },
      'scopes',
      'AUTH_FAILED',
      /invalid_scope: orders\.write; check scopes/,
    ],
    [
      'a grant that is refused',
      { token: (response) => sendJson(response, 400, { error: 'invalid_grant' }) },
      'grant',
      'AUTH_FAILED',
      /invalid_grant/,
    ],
    [
      'an API that refuses the token',
      {
        api: (response) => {
          response.setHeader('www-authenticate', 'Bearer error="invalid_token", error_description="signature is wrong"')
          response.writeHead(401).end()
        },
      },
      'api',
      'AUTH_REJECTED',
      /was answered 401, "signature is wrong"; the API does not accept the credential/,
    ],
    [
      'an API that wants another scope',
      {
        api: (response) => {
          response.setHeader('www-authenticate', 'Bearer error="insufficient_scope", scope="orders.write"')
          response.writeHead(403).end()
        },
      },
      'scopes',
      'API_REFUSED',
      /the token lacks the scope orders\.write: add it to `scopes` and sign in anew/,
    ],
  ]
  for (const [name, situation, step, code, message] of failures) {
    test(`stops at ${name}, and says so`, async () => {
      const { code: exit, text, document } = await check(situation)
      const [signIn] = document.sign_in
      assert.deepEqual([signIn?.ok, signIn?.failed_at, signIn?.error?.code], [false, step, code])
      assert.match(signIn?.error?.message ?? '', message)
      assert.equal(document.streams[0]?.error?.code, code)
      assert.match(text, /✗ sign-in: /)
      assert.equal(text.split(message).length, 2, 'the reason is told once')
      assert.notEqual(exit, 0)
    })
  }
})
