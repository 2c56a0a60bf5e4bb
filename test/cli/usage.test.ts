import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { connectorText, makeTempDir, runCli } from './support.ts'

/** One sentence for people, no stack, nothing on standard output. */
function assertRefused(ended: Awaited<ReturnType<typeof runCli>>, words: RegExp): void {
  assert.equal(ended.code, 2, ended.stderr)
  assert.match(ended.stderr, words)
  assert.equal(ended.stdout, '')
  assert.doesNotMatch(ended.stderr, /\n {4}at |node:internal/)
  assert.equal(ended.stderr.trimEnd().split('\n').length, 1)
}

suite('the command line', { concurrency: 2 }, () => {
  test('help names every command, teaches by example and goes to standard output', async () => {
    const { code, stdout, stderr } = await runCli(['--help'])
    assert.equal(code, 0)
    assert.equal(stderr, '')
    for (const command of ['run', 'check', 'preview', 'connect', 'status', 'state', 'schema', 'init', 'serve'])
      assert.match(stdout, new RegExp(`\\n {2}${command} `))
    assert.match(stdout, /Examples:\n {2}\$ headrace /)
  })

  test('the help of each command has an example', async () => {
    for (const command of ['run', 'check', 'preview', 'connect', 'status', 'state', 'schema', 'init', 'serve']) {
      const { code, stdout } = await runCli([command, '--help'])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`\\$ headrace ${command}`))
    }
  })

  test('without a command the help goes to standard error and the exit code is 2', async () => {
    const { code, stdout, stderr } = await runCli([])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^Usage: headrace/)
    assert.doesNotMatch(stderr, /outputHelp|headrace: /)
  })

  test('the version is the one of the package', async () => {
    assert.match((await runCli(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
  })

  test('an unknown command is refused with the nearest one', async () => {
    assertRefused(await runCli(['rnu']), /unknown command 'rnu' \(did you mean run\?\)/)
  })

  test('an unknown option is refused with the nearest one', async () => {
    assertRefused(await runCli(['run', 'acme', '--full-refesh']), /'--full-refesh' \(did you mean --full-refresh\?\)/)
  })

  test('a missing argument is named', async () => {
    assertRefused(await runCli(['run']), /missing required argument 'connector'/)
  })

  test('values that make no sense are refused before anything is read', async () => {
    assertRefused(await runCli(['run', 'x', '--limit', 'many']), /--limit.*whole number of at least 1/)
    assertRefused(await runCli(['run', 'x', '--limit', '0']), /whole number of at least 1/)
    assertRefused(await runCli(['run', 'x', '--budget', '-1']), /number of seconds above 0/)
    assertRefused(await runCli(['run', 'x', '--log-level', 'loud']), /expected one of error, warn/)
    assertRefused(await runCli(['run', 'x', '--from', '1']), /--from is given without --until/)
    assertRefused(await runCli(['run', 'x', '--from', '2024-02-01', '--until', '2024-01-01']), /lies after --until/)
    assertRefused(
      await runCli(['run', 'x', '--from', '1', '--until', '2', '--full-refresh']),
      /--full-refresh goes without --from and --until/,
    )
    assertRefused(await runCli(['serve', '--port', 'eighty']), /port/)
  })

  test('a variable that makes no sense is named', async () => {
    assertRefused(
      await runCli(['status'], { env: { HEADRACE_LOG_LEVEL: 'debgu' } }),
      /HEADRACE_LOG_LEVEL.*did you mean debug/,
    )
  })

  test('an unknown connector is refused with the nearest name', async () => {
    using dir = makeTempDir()
    dir.write('acme.yaml', connectorText('http://127.0.0.1:9'))
    assertRefused(await runCli(['run', 'acne', '--connectors', dir.path]), /no connector acne.*did you mean acme\?/)
    assertRefused(await runCli(['check', 'acne', '--connectors', dir.path]), /did you mean acme\?/)
    assertRefused(await runCli(['status', 'acne'], { env: { HEADRACE_CONNECTORS: dir.path } }), /did you mean acme\?/)
  })

  test('an unknown stream is refused with the nearest name', async () => {
    using dir = makeTempDir()
    dir.write('acme.yaml', connectorText('http://127.0.0.1:9'))
    const connectors = ['--connectors', dir.path, '--to', `duckdb:${dir.path}/x.duckdb`]
    assertRefused(await runCli(['run', 'acme', 'order', ...connectors]), /no stream order.*did you mean orders\?/)
    assertRefused(await runCli(['run', 'acme', 'order', '--dry-run', ...connectors]), /did you mean orders\?/)
    assertRefused(await runCli(['preview', 'acme', 'order', '--connectors', dir.path]), /did you mean orders\?/)
  })

  test('an unknown destination is refused', async () => {
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connectorText('http://127.0.0.1:9'))
    assertRefused(await runCli(['run', file, '--to', 'duckdbb:x']), /did you mean duckdb/)
  })

  test('a machine without Google credentials is told so in one sentence, whatever answers in place of the metadata server', async () => {
    using dir = makeTempDir()
    const proxy = createServer((_, response) => response.writeHead(403).end()).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as AddressInfo
    try {
      const args = [
        'run',
        dir.write('acme.yaml', connectorText('https://api.acme.example')),
        '--to',
        'bigquery:acme-data',
      ]
      const env = { GCE_METADATA_HOST: `127.0.0.1:${port}` }
      const { code, stderr } = await runCli([...args, '--quiet'], { cwd: dir.path, env })
      assert.equal(code, 1)
      assert.match(
        stderr,
        /^headrace: BigQuery cannot be asked: there are no Google credentials; run gcloud auth [^\n]+\n$/,
      )
    } finally {
      proxy.close()
    }
  })

  test('every problem of a file is told, each in its line', async () => {
    using dir = makeTempDir()
    const file = dir.write('acme.yaml', connectorText('http://127.0.0.1:9', 'retyr: 1\ntimeout: soon\n'))
    const { code, stderr, stdout } = await runCli(['run', file])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /acme\.yaml:4:\d+ /)
    assert.match(stderr, /acme\.yaml:5:\d+ /)
  })

  test('with --json an error is one JSON document and nothing else', async () => {
    for (const args of [['rnu'], ['run', 'no-such-connector'], ['run', 'x', '--limit', '0']]) {
      const { code, stdout, stderr } = await runCli([...args, '--json'])
      assert.equal(code, 2)
      assert.equal(stderr, '')
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string } }
      assert.ok(error.code.length > 0 && error.message.length > 0)
    }
  })

  test('a stack is shown at --log-level trace only', async () => {
    assert.doesNotMatch((await runCli(['run', 'nowhere', '--log-level', 'debug'])).stderr, /\n {4}at /)
    assert.match((await runCli(['run', 'nowhere', '--log-level', 'trace'])).stderr, /\n {4}at /)
  })

  test('an older Node.js is refused in one sentence', async () => {
    const older = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"22.4.0"})'
    assertRefused(await runCli(['--help'], { nodeArgs: ['--import', older] }), /needs Node\.js 24 or later.*22\.4\.0/)
  })

  test('a reader that goes away is no error', async () => {
    const { spawnSync } = await import('node:child_process')
    const { cliPath, plainEnv } = await import('./support.ts')
    const command = `"${process.execPath}" "${cliPath}" schema | head -c 10 >/dev/null; exit \${PIPESTATUS[0]}`
    const { status, stderr } = spawnSync('bash', ['-c', command], { env: plainEnv, encoding: 'utf8' })
    assert.equal(stderr, '')
    assert.equal(status, 0)
  })
})
