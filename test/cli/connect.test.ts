import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { land } from '../connect/helpers.ts'
import { connectEnv, consentConnector, startConnect } from '../connect/support.ts'
import { startConsentServer } from '../support/consent-server.ts'
import { createPerson } from '../support/person.ts'
import { cliPath, connectorText, makeTempDir, plainEnv, runCli, untilEnd } from './support.ts'

suite('headrace connect', { concurrency: 2 }, () => {
  test('--json prints one document without a token; the address is shown beside it', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer({ grants: ['openid'] })
    const file = dir.write('acme.yaml', consentConnector(server))
    const connect = startConnect([file, '--no-browser', '--json'], { cwd: dir.path, env: connectEnv })
    await land(await createPerson('jane').consent(await connect.url))
    const { code, stdout } = await connect.ended
    assert.equal(code, 0)
    const { connected, ...rest } = JSON.parse(stdout) as { connected: Record<string, unknown>[] }
    assert.deepEqual(rest, { connector: 'acme', next: `headrace check ${file}` })
    const { expires_at: end, ...account } = connected[0] ?? {}
    assert.ok(Date.parse(String(end)) > Date.now())
    assert.deepEqual(account, {
      method: 'oauth2_authorization_code',
      provider: new URL(server.issuer).host,
      account: 'jane',
      scopes: { asked: ['openid', 'read'], granted: ['openid'], missing: ['read'] },
      renewable: true,
      rotates: false,
      tokens: 'file:tokens.json',
      encrypted: false,
      facts: {},
    })
  })

  test('a scope that was not granted is pointed out', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer({ grants: ['openid'] })
    const connect = startConnect([dir.write('acme.yaml', consentConnector(server)), '--no-browser'], {
      cwd: dir.path,
      env: connectEnv,
    })
    await land(await createPerson('jane').consent(await connect.url))
    assert.match((await connect.ended).stdout, /missing {3}read/)
  })

  test('Ctrl-C leaves with 130, a free port and nothing saved; so does a terminal that is closed', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer()
    const file = dir.write('acme.yaml', consentConnector(server))
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const connect = startConnect([file, '--no-browser'], { cwd: dir.path, env: connectEnv })
      const redirect = new URL(await connect.url).searchParams.get('redirect_uri') ?? ''
      connect.child.kill(signal)
      const ended = await connect.ended
      if (signal === 'SIGHUP') assert.equal(ended.signal, 'SIGHUP')
      else {
        assert.equal(ended.code, 130, ended.stderr)
        assert.match(ended.stderr, /The sign-in was left before it was done; nothing was saved\./)
      }
      await assert.rejects(fetch(redirect))
      assert.ok(!existsSync(join(dir.path, 'tokens.json')))
    }
  })

  test('a refusal exits with 1 and one sentence', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer()
    const connect = startConnect([dir.write('acme.yaml', consentConnector(server)), '--no-browser'], {
      cwd: dir.path,
      env: connectEnv,
    })
    await land(await createPerson().consent(await connect.url, 'no'))
    const { code, stdout, stderr } = await connect.ended
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /headrace: .* answered access_denied: the person said no - access was not given, so nothing was saved/,
    )
    assert.doesNotMatch(stderr, /\n {4}at /)
  })

  test('--paste takes the address from standard input, --device shows a code', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer()
    const file = dir.write('acme.yaml', consentConnector(server))
    const child = spawn(process.execPath, [cliPath, 'connect', file, '--paste'], {
      cwd: dir.path,
      env: { ...plainEnv, ...connectEnv },
    })
    const ended = untilEnd(child)
    let said = ''
    const url = new Promise<string>((resolve) => {
      child.stderr.on('data', (text: string) => {
        said += text
        const found = /^ {2}(http:\S+)\n/m.exec(said)?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    const end = await createPerson('jane').consent(await url)
    child.stdin.end(`not an address\n${end}\n`)
    const { code, stderr } = await ended
    assert.equal(code, 0, stderr)
    assert.match(stderr, /That is no address/)
    assert.ok(!stderr.includes(new URL(end).searchParams.get('code') ?? 'no code'))

    const device = startConnect([file, '--device'], { cwd: dir.path, env: connectEnv })
    let shown = ''
    const place = new Promise<string>((resolve) => {
      device.child.stderr?.on('data', (text: string) => {
        shown += text
        const found = /holds the code: (\S+)\n/.exec(shown)?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    await createPerson('bob').enterCode(await place)
    assert.match((await device.ended).stdout, /is connected to 127\.0\.0\.1:\d+ as bob/)
  })

  test('a port that is taken, an input that ends, two ways at once and a connector without consent exit with 2', async (context) => {
    using dir = makeTempDir()
    const blocker = createServer().listen(0, '127.0.0.1')
    context.after(() => blocker.close())
    await once(blocker, 'listening')
    const { port } = blocker.address() as AddressInfo
    await using server = await startConsentServer()
    const file = dir.write('acme.yaml', consentConnector(server))
    const other = dir.write('other.yaml', connectorText(server.issuer))
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [[file, '--port', String(port)], /Port \d+ on this computer is in use/],
      [[file, '--paste'], /The input ended without the address/],
      [[file, '--paste', '--device'], /two ways to consent: choose one/],
      [[file, '--device', '--port', '8976'], /--port is for a browser/],
      [[file, '--port', '99999'], /expected a port from 1 to 65535/],
      [[other], /needs a person's consent: that is for auth of type oauth2_authorization_code/],
      [['nowhere'], /There is no connector nowhere/],
    ]
    for (const [args, words] of cases) {
      const { code, stderr } = await runCli(['connect', ...args], { cwd: dir.path, env: connectEnv })
      assert.equal(code, 2, stderr)
      assert.match(stderr, words)
      assert.doesNotMatch(stderr, /\n {4}at /)
    }
  })

  const opens = spawnSync('xdg-mime', ['--version']).status === 0
  const skip = opens ? false : 'SKIPPED: there is no xdg-mime to choose a browser by'
  test(
    'it opens the browser of the desktop, but not with --no-browser and not on a remote computer',
    { skip },
    async () => {
      using dir = makeTempDir()
      await using server = await startConsentServer()
      const file = dir.write('acme.yaml', consentConnector(server))
      mkdirSync(join(dir.path, '.local/share/applications'), { recursive: true })
      mkdirSync(join(dir.path, '.config'))
      const browser = dir.write('browser', '#!/bin/sh\necho "$1" >> "$HOME/opened"\n')
      chmodSync(browser, 0o755)
      const entry = `[Desktop Entry]\nType=Application\nName=Test\nExec=${browser} %u\nMimeType=x-scheme-handler/http;\n`
      dir.write('.local/share/applications/test.desktop', entry)
      dir.write('.config/mimeapps.list', '[Default Applications]\nx-scheme-handler/http=test.desktop\n')
      const env = { ...connectEnv, HOME: dir.path, DISPLAY: ':0' }
      const opened = join(dir.path, 'opened')
      for (const [args, more] of [
        [['--no-browser'], {}],
        [[], { SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }],
      ] as const) {
        const connect = startConnect([file, ...args], { cwd: dir.path, env: { ...env, ...more } })
        await land(await createPerson().consent(await connect.url))
        assert.match((await connect.ended).stderr, /^Open this address in a browser:/)
      }
      assert.ok(!existsSync(opened))
      const connect = startConnect([file], { cwd: dir.path, env })
      const url = await connect.url
      const until = Date.now() + 20_000
      while (!existsSync(opened) && Date.now() < until) await setTimeout(50)
      assert.equal(readFileSync(opened, 'utf8'), `${url}\n`)
      await land(await createPerson().consent(url))
      assert.equal((await connect.ended).code, 0)
    },
  )

  test('a client secret that is missing is told before the person is asked', async () => {
    using dir = makeTempDir()
    await using server = await startConsentServer()
    const file = dir.write('acme.yaml', consentConnector(server))
    const { code, stderr } = await runCli(['connect', file, '--no-browser'], { cwd: dir.path })
    assert.equal(code, 2)
    assert.match(stderr, /ACME_SECRET is not set/)
    assert.deepEqual(server.requests, [])
  })
})
