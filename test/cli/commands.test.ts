import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { loadConnector } from '../../src/connector/load.ts'
import type { StatusReport } from '../../src/status/status-report.ts'
import { connectorText, makeTempDir, runCli, sendJson, servePages, startApi } from './support.ts'

suite('headrace check', () => {
  test('reads one page of each stream, proposes what is missing and writes nothing', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(3))
    const file = dir.write(
      'acme.yaml',
      `name: acme\nbase_url: ${api.url}\nstreams: [{ name: orders, path: /orders }]\n`,
    )
    const { code, stdout } = await runCli(['check', file], { cwd: dir.path })
    assert.equal(code, 0)
    assert.match(stdout, /^✓ orders {2}10 rows, 3 columns at \$\.data\[\*\]/)
    assert.match(stdout, /propose +primary_key: \[id\]/)
    assert.equal(api.requests.length, 1)
    assert.deepEqual(readdirSync(dir.path), ['acme.yaml'])
  })

  test('a stream that fails exits 1, and --json tells of all of them in one document', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(3))
    const file = dir.write('acme.yaml', `${connectorText(api.url)}  - { name: broken, path: /broken }\n`)
    const { code, stdout, stderr } = await runCli(['check', file, '--json'], { cwd: dir.path })
    assert.equal(code, 1)
    assert.equal(stderr, '')
    const { streams } = JSON.parse(stdout) as { streams: { stream: string; error?: { code: string } }[] }
    assert.deepEqual(
      streams.map(({ stream, error }) => [stream, error?.code]),
      [
        ['orders', undefined],
        ['broken', 'API_UNAVAILABLE'],
      ],
    )
  })
})

suite('headrace preview', () => {
  test('shows the first rows as a table, and the columns they would get', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(3))
    const file = dir.write('acme.yaml', connectorText(api.url))
    const { code, stdout } = await runCli(['preview', file, 'orders', '--limit', '2'], { cwd: dir.path })
    assert.equal(code, 0)
    assert.match(stdout, /^id {2}name +total\n 1 {2}order 0 +0\n 2 {2}order 1 +0\.25\n\n/)
    assert.match(stdout, /\ncolumn +type\nid +integer\nname +string\ntotal +number\n$/)
    assert.deepEqual(readdirSync(dir.path), ['acme.yaml'])
  })

  test('no row shows a secret that the API sends back', async () => {
    using dir = makeTempDir()
    await using api = await startApi((request, response) =>
      sendJson(response, 200, { data: [{ id: 1, echo: request.headers.authorization }] }),
    )
    const file = dir.write('acme.yaml', connectorText(api.url, 'auth: { type: bearer, token: env:T }\n'))
    for (const extra of [[], ['--json']]) {
      const env = { T: 'sEcr3t-0f-acme' }
      const { code, stdout } = await runCli(['preview', file, 'orders', ...extra], { cwd: dir.path, env })
      assert.equal(code, 0)
      assert.match(stdout, /\[secret\]/)
      assert.ok(!stdout.includes(env.T))
    }
  })
})

suite('headrace status', () => {
  test('tells where each stream stands, and makes no file where nothing ran', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(2))
    dir.write('acme.yaml', connectorText(api.url))
    const options = { cwd: dir.path, env: { HEADRACE_CONNECTORS: '.', HEADRACE_DESTINATION: 'duckdb:w.duckdb' } }
    assert.match((await runCli(['status'], options)).stdout, /^acme {2}duckdb:w\.duckdb\n {2}It has not run yet\.\n$/)
    assert.ok(!existsSync(join(dir.path, 'w.duckdb')))
    assert.equal((await runCli(['run', 'acme'], options)).code, 0)
    assert.match(
      (await runCli(['status', 'acme'], options)).stdout,
      /stream .*\norders .*\n\nrun .*\n.* complete +cli +20\n$/,
    )
    const report = JSON.parse((await runCli(['status', '--json'], options)).stdout) as StatusReport
    assert.equal(report.connectors[0]?.runs[0]?.streams[0]?.rows, 20)
    assert.equal(report.connectors[0]?.streams[0]?.stream, 'orders')
  })
})

suite('headrace schema', () => {
  test('prints one JSON Schema, and an editor finds the keys of a stream in it', async () => {
    const { code, stdout } = await runCli(['schema'])
    assert.equal(code, 0)
    assert.ok('streams' in (JSON.parse(stdout) as { properties: object }).properties)
  })
})

suite('headrace init', () => {
  test('writes a file that loads, where a run looks for it, and never over one that is there', async () => {
    using dir = makeTempDir()
    const args = [
      'init',
      'acme',
      '--base-url',
      'https://api.example.com/v1',
      '--auth',
      'bearer',
      '--primary-key',
      'id, no',
    ]
    assert.equal((await runCli(args, { cwd: dir.path })).code, 0)
    const path = join(dir.path, 'connectors', 'acme.yaml')
    const connector = await loadConnector(path)
    assert.deepEqual(connector.streams[0]?.primary_key, ['id', 'no'])
    const before = readFileSync(path, 'utf8')
    const again = await runCli(args, { cwd: dir.path })
    assert.equal(again.code, 2)
    assert.match(again.stderr, /is there already/)
    assert.equal(readFileSync(path, 'utf8'), before)
  })

  test('asks nothing where nobody can answer, and says which flag is missing', async () => {
    using dir = makeTempDir()
    const { code, stderr } = await runCli(['init', 'acme'], { cwd: dir.path })
    assert.equal(code, 2)
    assert.match(stderr, /--base-url/)
    const url = ['--base-url', 'https://x.example']
    assert.match(
      (await runCli(['init', 'acme', ...url, '--auth', 'oauth2'])).stderr,
      /did you mean oauth2_client_credentials/,
    )
    assert.match((await runCli(['init', '../acme', ...url], { cwd: dir.path })).stderr, /is no name for a connector/)
    const nowhere = await runCli(['init', 'acme', ...url, '--connectors', '/proc/nowhere/x'], { cwd: dir.path })
    assert.match(nowhere.stderr, /acme\.yaml cannot be written \(\w+\): check its directory/)
    assert.deepEqual(readdirSync(dir.path), [])
  })
})
