import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { makeTempDir, runCli } from '../cli/support.ts'
import { type Reply, startEndpoint, text } from '../auth/token-endpoint.ts'
import { freePort } from '../support/free-port.ts'
import { findLeaks } from '../support/leaks.ts'
import { skipOAuth1, startOAuth1 } from '../support/oauth1/provider.ts'
import { land } from './helpers.ts'
import { startConnect } from './support.ts'

const secret = 'the-consumer-secret'
const env = { CONSUMER_SECRET: secret }

const connector = (url: string, more: readonly string[] = []): string => `name: acme
base_url: ${url}
retry: { attempts: 1 }
auth:
  type: oauth1
  consumer_key: consumer
  consumer_secret: env:CONSUMER_SECRET
  request_token_url: ${url}/initiate
  authorize_url: ${url}/authorize
  access_token_url: ${url}/token
  tokens: file:tokens.json
${more.map((line) => `  ${line}\n`).join('')}streams:
  - name: rows
    path: /rows
    paginator: { type: none }
`

suite('headrace connect with OAuth 1.0a', () => {
  test('three legs bring a token that signs what follows', { skip: skipOAuth1 }, async () => {
    using dir = makeTempDir()
    await using provider = await startOAuth1({ clients: { consumer: { secret } } })
    const file = dir.write('acme.yaml', connector(provider.url))
    const options = { cwd: dir.path, env }
    const connect = startConnect([file, '--no-browser', '--port', String(await freePort())], options)
    assert.match((await land(await connect.url)).body, /Connected to 127\.0\.0\.1/)
    const ended = await connect.ended
    assert.equal(ended.code, 0, ended.stderr)
    const saved = JSON.parse(readFileSync(join(dir.path, 'tokens.json'), 'utf8')) as {
      token: string
      token_secret: string
    }
    const run = await runCli(['run', file, '--json'], options)
    assert.equal(run.code, 0, run.stderr + run.stdout)
    for (const one of [secret, saved.token, saved.token_secret])
      assert.deepEqual(findLeaks(one, ended.stdout + ended.stderr + run.stdout + run.stderr), [])
  })

  test(
    'a wrong consumer secret is told in the words of the provider, before anybody is asked',
    { skip: skipOAuth1 },
    async () => {
      using dir = makeTempDir()
      await using provider = await startOAuth1({ clients: { consumer: { secret: 'another' } } })
      const file = dir.write('acme.yaml', connector(provider.url))
      const { code, stderr } = await runCli(['connect', file, '--no-browser'], { cwd: dir.path, env })
      assert.equal(code, 1)
      assert.match(stderr, /\/initiate refused with 401.*check consumer_key, consumer_secret/)
    },
  )

  const form = (fields: Record<string, string>): Reply => text(new URLSearchParams(fields).toString())
  const requested = form({
    oauth_token: 'request-token',
    oauth_token_secret: 'request-secret',
    oauth_callback_confirmed: 'true',
  })

  test('a person who says no, an answer for another token and a provider that is not 1.0a bring nothing', async (context) => {
    using dir = makeTempDir()
    const endpoint = await startEndpoint(context, requested)
    const { origin } = new URL(endpoint.url)
    const file = dir.write('acme.yaml', connector(origin))
    const options = { cwd: dir.path, env }
    const port = await freePort()
    const connect = startConnect([file, '--no-browser', '--port', String(port)], options)
    assert.equal(new URL(await connect.url).searchParams.get('oauth_token'), 'request-token')
    const back = `http://localhost:${port}/callback`
    assert.equal((await land(`${back}?oauth_token=other&oauth_verifier=v`)).status, 400)
    assert.match((await land(`${back}?denied=request-token`)).body, /You did not give headrace access/)
    const { code, stderr } = await connect.ended
    assert.equal(code, 1)
    assert.match(stderr, /access was not given, so nothing was saved/)
    assert.equal(endpoint.requests.length, 1)

    endpoint.replies = [form({ oauth_token: 'a', oauth_token_secret: 'b' })]
    const old = await runCli(['connect', file, '--no-browser'], options)
    assert.match(old.stderr, /OAuth 1\.0 without a, which is not safe/)
  })

  test('a token endpoint that fails after the consent is one sentence, and nothing is saved', async (context) => {
    using dir = makeTempDir()
    const endpoint = await startEndpoint(context, requested, text('oauth_problem=token_rejected', 401))
    const file = dir.write('acme.yaml', connector(new URL(endpoint.url).origin))
    const port = await freePort()
    const connect = startConnect([file, '--no-browser', '--port', String(port)], { cwd: dir.path, env })
    await connect.url
    await land(`http://localhost:${port}/callback?oauth_token=request-token&oauth_verifier=v`)
    const { code, stderr } = await connect.ended
    assert.equal(code, 1)
    assert.match(stderr, /\/token refused with 401: token_rejected;/)
  })

  test('--device is refused', async () => {
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connector('http://127.0.0.1:9'))
    const { code, stderr } = await runCli(['connect', file, '--device'], { cwd: dir.path, env })
    assert.equal(code, 2)
    assert.match(stderr, /OAuth 1\.0a knows no device code/)
  })
})
