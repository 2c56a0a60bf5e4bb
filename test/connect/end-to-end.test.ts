import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type Ended, makeTempDir, runCli } from '../cli/support.ts'
import { skipChromium, startChromium } from '../support/chromium.ts'
import { consentClient, startConsentServer } from '../support/consent-server.ts'
import { findLeaks, readTree } from '../support/leaks.ts'
import { startGithub } from '../support/github.ts'
import { createPerson } from '../support/person.ts'
import { signInClient } from '../support/people-provider.ts'
import { startSecretManager } from '../support/secret-manager.ts'
import { connectEnv, consentConnector, startConnect } from './support.ts'
import { land } from './helpers.ts'

interface SavedFile {
  readonly refresh_token: string
  readonly access_token: string
}

const readTokens = (dir: string): SavedFile => JSON.parse(readFileSync(join(dir, 'tokens.json'), 'utf8')) as SavedFile

function assertNoLeaks(secrets: readonly string[], ...runs: readonly Ended[]): void {
  for (const { stdout, stderr } of runs)
    for (const secret of secrets) assert.deepEqual(findLeaks(secret, stdout + stderr), [])
}

suite('from consent to rows', () => {
  test('a person consents in a real browser, runs use the tokens and renew them', { skip: skipChromium }, async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer({ lifetime: 5 })
    await using browser = await startChromium()
    const file = dir.write('acme.yaml', consentConnector(server))
    const options = { cwd: dir.path, env: connectEnv }
    const connect = startConnect([file, '--no-browser'], options)
    const page = await browser.context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (!message.location().url.startsWith(server.issuer)) complaints.push(message.text())
    })
    await page.goto(await connect.url)
    await page.getByLabel('User').fill('jane')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.waitForURL('**/interaction/**')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Connected to 127.0.0.1' }).waitFor()
    assert.match(page.url(), /^http:\/\/127\.0\.0\.1:\d+\/callback\/done$/)
    assert.equal(await page.evaluate('document.referrer'), '')
    const ended = await connect.ended
    assert.equal(ended.code, 0, ended.stderr)
    assert.match(ended.stdout, /acme is connected to 127\.0\.0\.1:\d+ as jane/)
    assert.match(ended.stdout, /saved in {2}file:tokens\.json \(mode 0600, not encrypted/)
    assert.match(ended.stdout, /Next: headrace check /)
    assert.equal(statSync(join(dir.path, 'tokens.json')).mode & 0o777, 0o600)
    assert.deepEqual(complaints, [])

    const first = readTokens(dir.path)
    const run = await runCli(['run', file, '--to', 'duckdb:out.duckdb', '--json'], options)
    assert.equal(run.code, 0, run.stderr)
    await waitUntil(() => expired(server, first.access_token))
    const later = await runCli(['run', file, '--to', 'duckdb:out.duckdb', '--json', '--log-level', 'trace'], options)
    assert.equal(later.code, 0, later.stderr)
    const second = readTokens(dir.path)
    assert.notEqual(second.refresh_token, first.refresh_token)
    assert.ok(server.tokensSeen.includes(second.access_token))
    const secrets = [
      consentClient.client_secret,
      ...Object.values({ ...first }),
      ...Object.values({ ...second }),
    ].filter((value) => value.length > 30 && !value.includes(' '))
    assertNoLeaks(secrets, ended, run, later)
    for (const { path, bytes } of readTree(dir.path, ['tokens.json']))
      for (const secret of secrets) assert.deepEqual(findLeaks(secret, bytes), [], path)
  })

  test('without a consent a run says which command to run, and that command mends it', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer()
    const file = dir.write('a cme.yaml', consentConnector(server))
    const options = { cwd: dir.path, env: connectEnv }
    const before = await runCli(['run', file, '--json'], options)
    assert.equal(before.code, 1)
    const { streams } = JSON.parse(before.stdout) as { streams: { error: { code: string; message: string } }[] }
    assert.equal(streams[0]?.error.code, 'RECONNECT_NEEDED')
    assert.ok(streams[0]?.error.message.includes(`headrace connect '${file}'`), streams[0]?.error.message)
    const connect = startConnect([file, '--no-browser'], options)
    await land(await createPerson().consent(await connect.url))
    assert.equal((await connect.ended).code, 0)
    assert.equal((await runCli(['run', file], options)).code, 0)
  })

  test('tokens go to Secret Manager, and a second consent takes the place of the first', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer()
    await using secrets = await startSecretManager()
    const file = dir.write(
      'acme.yaml',
      consentConnector({ ...server, issuer: server.issuer, tokens: 'secret:acme-tokens' }),
    )
    const google = { GOOGLE_CLOUD_PROJECT: 'acme', HEADRACE_SECRET_MANAGER_ENDPOINT: secrets.endpoint }
    const options = { cwd: dir.path, env: { ...connectEnv, ...google } }
    for (const name of ['ann', 'bob']) {
      const connect = startConnect([file, '--no-browser', '--json'], options)
      await land(await createPerson(name).consent(await connect.url))
      const ended = await connect.ended
      assert.equal(ended.code, 0, ended.stderr)
      const document = JSON.parse(ended.stdout) as {
        connected: { account: string; tokens: string; renewable: boolean }[]
      }
      assert.deepEqual(
        document.connected.map(({ account, tokens, renewable }) => [account, tokens, renewable]),
        [[name, 'secret:acme-tokens', true]],
      )
      const run = await runCli(['run', file, '--to', `files:${name}`], options)
      assert.equal(run.code, 0, run.stderr)
    }
  })

  test('with tokens_key the file holds no token that can be read, and runs can', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer({ lifetime: 1 })
    const key = 'env:TOKENS_KEY'
    const file = dir.write(
      'acme.yaml',
      consentConnector({ issuer: server.issuer, auth: [`issuer: ${server.issuer}`, `tokens_key: ${key}`] }),
    )
    const options = { cwd: dir.path, env: { ...connectEnv, TOKENS_KEY: 'kH3v0cYt2mZq8pR5sW7xB9dF1gJ4lN6uA0eI3oT8yQ=' } }
    const connect = startConnect([file, '--no-browser'], options)
    await land(await createPerson().consent(await connect.url))
    assert.match((await connect.ended).stdout, /file:tokens\.json, encrypted with the secret of tokens_key/)
    await waitUntil(async () => Date.now() > statSync(join(dir.path, 'tokens.json')).mtimeMs + 1_100)
    for (const round of [1, 2]) {
      const run = await runCli(['run', file, '--to', `files:out${round}`], options)
      assert.equal(run.code, 0, run.stderr)
    }
    const text = readFileSync(join(dir.path, 'tokens.json'), 'utf8')
    for (const token of server.tokensSeen) assert.deepEqual(findLeaks(token, text), [])
    assert.match(text, /"refresh_token": ?"eyJ/)
    const other = await runCli(['run', file], { ...options, env: { ...options.env, TOKENS_KEY: 'x'.repeat(40) } })
    assert.match(other.stdout + other.stderr, /cannot be decrypted with the secret of auth\.tokens_key/)
  })

  test('provider: github works against a server like it, from consent to rows, with scopes alone', async () => {
    using dir = makeTempDir()
    await using server = await startGithub()
    const emails = [{ email: 'octocat@acme.example', verified: true }]
    server.signInAs({ login: 'octocat', emails })
    const urls = `authorize_url: ${server.url}/login/oauth/authorize, token_url: ${server.url}/login/oauth/access_token`
    const file = dir.write(
      'acme.yaml',
      `name: acme
base_url: ${server.url}
auth: { type: oauth2_authorization_code, provider: github, scopes: [user:email], tokens: "file:tokens.json",
        client_id: ${signInClient.client_id}, client_secret: env:ACME_SECRET, ${urls} }
streams: [{ name: emails, path: /user/emails, paginator: { type: none } }]
`,
    )
    const options = { cwd: dir.path, env: { ACME_SECRET: signInClient.client_secret } }
    const connect = startConnect([file, '--no-browser'], options)
    await land(await connect.url)
    const ended = await connect.ended
    assert.equal(ended.code, 0, ended.stderr)
    assert.match(ended.stdout, /acme is connected to GitHub\n/)
    assert.match(ended.stdout, /expires {3}not as far as the provider says/)
    assert.equal(server.scope, 'user:email')
    const run = await runCli(['run', file, '--json'], options)
    assert.equal(run.code, 0, run.stderr)
    const { streams } = JSON.parse(run.stdout) as { streams: { rows: number }[] }
    assert.equal(streams[0]?.rows, 1)
  })
})

async function expired(server: { readonly issuer: string }, token: string): Promise<boolean> {
  const response = await fetch(`${server.issuer}/rows`, { headers: { authorization: `Bearer ${token}` } })
  await response.text()
  return response.status === 401
}

async function waitUntil(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it never came true')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
