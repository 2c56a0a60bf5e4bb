import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { connectorText, makeTempDir, runCli, sendJson, servePages, startApi } from './support.ts'

const brokenStream = '  - { name: broken, path: /broken, rows: "$.data[*]" }\n'
const secret = 'sEcr3t-0f-acme'

suite('headrace run', () => {
  test('a run that reads everything exits 0, its results on standard output', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(3))
    const file = dir.write('acme.yaml', connectorText(api.url))
    const { code, stdout, stderr } = await runCli(['run', file, '--to', 'duckdb:w.duckdb'], { cwd: dir.path })
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^orders +complete +30 rows +4 pages/)
    assert.match(stdout, /acme complete in .* s, into duckdb:w\.duckdb\n$/)
    assert.equal(stderr, '')
    assert.ok(existsSync(join(dir.path, 'w.duckdb')))
  })

  test('--json prints the run record and nothing else', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(3))
    const file = dir.write('acme.yaml', connectorText(api.url) + brokenStream)
    const { code, stdout, stderr } = await runCli(['run', file, '--json'], { cwd: dir.path })
    assert.equal(code, 1)
    assert.equal(stderr, '')
    const record = JSON.parse(stdout) as RunRecord
    assert.equal(record.trigger, 'cli')
    assert.equal(record.status, 'failed')
    assert.deepEqual(
      record.streams.map(({ stream, status, rows, error }) => [stream, status, rows, error?.code]),
      [
        ['orders', 'complete', 30, undefined],
        ['broken', 'failed', 0, 'API_UNAVAILABLE'],
      ],
    )
  })

  test('a stream that fails is told in one sentence on standard error, and the others run', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    const file = dir.write('acme.yaml', connectorText(api.url).replace('streams:\n', `streams:\n${brokenStream}`))
    const { code, stdout, stderr } = await runCli(['run', file, '--quiet'], { cwd: dir.path })
    assert.equal(code, 1)
    assert.match(stdout, /broken +failed .*API_UNAVAILABLE\norders +complete +10 rows/)
    assert.match(stderr, /^error {2}.*\/broken.*\n$/)
  })

  test('warnings are shown in full, at any width, by the run and by status', async () => {
    using dir = makeTempDir()
    await using api = await startApi((_, response) =>
      sendJson(response, 200, { data: Array.from({ length: 100 }, (_unused, id) => ({ id })) }),
    )
    const file = dir.write('acme.yaml', connectorText(api.url).replace('    paginator: { type: page_number }\n', ''))
    const options = { cwd: dir.path, env: { COLUMNS: '40' } }
    const { code, stdout } = await runCli(['run', file], options)
    assert.equal(code, 0)
    assert.match(stdout, /^orders .*\n⚠ orders {2}LISTING_IN_DOUBT\n {4}The listing of/)
    assert.match(stdout, /\nacme complete in .*; ⚠ 1 warning\n$/)
    const block = stdout.split('\n').filter((line) => line.startsWith('    '))
    assert.ok(block.length > 1 && block.every((line) => line.length <= 40), stdout)
    const shown = await runCli(['status', file], options)
    assert.match(shown.stdout, /\n⚠ orders {2}LISTING_IN_DOUBT\n {4}The listing of/)
    const json = JSON.parse((await runCli(['status', file, '--json'], options)).stdout)
    assert.equal(json.connectors[0].streams[0].warnings[0].code, 'LISTING_IN_DOUBT')
  })

  test('a budget that is used up exits 3, and the next run goes on to the end', async () => {
    using dir = makeTempDir()
    let stalls = true
    await using api = await startApi((request, response) => {
      const page = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('page'))
      if (page <= 5 || !stalls) servePages(12)(request, response)
    })
    const file = dir.write('acme.yaml', connectorText(api.url))
    const first = await runCli(['run', file, '--budget', '2.5', '--json'], { cwd: dir.path })
    assert.equal(first.code, 3, first.stdout)
    const { status, streams, budget_seconds: budget } = JSON.parse(first.stdout) as RunRecord
    assert.deepEqual([status, budget, streams[0]?.rows], ['handed_over', 2.5, 50])
    stalls = false
    const asked = api.requests.length
    const second = await runCli(['run', file, '--json'], { cwd: dir.path })
    assert.equal(second.code, 0)
    assert.equal((JSON.parse(second.stdout) as RunRecord).streams[0]?.rows, 70)
    assert.equal(api.requests[asked], 'GET /orders?page=6')
  })

  test('a run that stops at --limit did what it was asked', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(50))
    const file = dir.write('acme.yaml', connectorText(api.url))
    const { code, stdout } = await runCli(['run', file, '--limit', '15', '--json'], { cwd: dir.path })
    assert.equal(code, 0, stdout)
    assert.equal((JSON.parse(stdout) as RunRecord).streams[0]?.rows, 20)
  })

  test('--to goes before HEADRACE_DESTINATION, that before the connector, that before the default', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    const file = dir.write('acme.yaml', connectorText(api.url, 'destination: duckdb:own.duckdb\n'))
    const env = { HEADRACE_DESTINATION: 'duckdb:env.duckdb' }
    await runCli(['run', file, '--to', 'duckdb:flag.duckdb'], { cwd: dir.path, env })
    assert.deepEqual(databases(dir.path), ['flag.duckdb'])
    await runCli(['run', file], { cwd: dir.path, env })
    assert.deepEqual(databases(dir.path), ['env.duckdb', 'flag.duckdb'])
    await runCli(['run', file], { cwd: dir.path })
    assert.deepEqual(databases(dir.path), ['env.duckdb', 'flag.duckdb', 'own.duckdb'])
    dir.write('acme.yaml', connectorText(api.url))
    await runCli(['run', file], { cwd: dir.path })
    assert.ok(databases(dir.path).includes('headrace.duckdb'))
  })

  test('--dry-run prints the first request of each stream, sends nothing, reads no secret and makes no file', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    const auth = 'auth: { type: bearer, token: env:ACME_TOKEN }\nparams: { per_page: 50 }\n'
    const file = dir.write('acme.yaml', connectorText(api.url, auth))
    const options = { cwd: dir.path, env: { ACME_TOKEN: secret } }
    const { code, stdout } = await runCli(['run', file, '--dry-run'], options)
    assert.equal(code, 0)
    assert.match(stdout, /orders\n {2}GET http:\/\/127\.0\.0\.1:\d+\/orders\?per_page=50&page=1\n/)
    assert.match(stdout, /signed with bearer \(env:ACME_TOKEN\)/)
    assert.ok(!stdout.includes(secret))
    const asJson = JSON.parse((await runCli(['run', file, '--dry-run', '--json'], { cwd: dir.path })).stdout)
    assert.equal(asJson.requests[0].method, 'GET')
    assert.deepEqual(asJson.secrets, ['env:ACME_TOKEN'])
    assert.deepEqual(api.requests, [])
    assert.deepEqual(readdirSync(dir.path), ['acme.yaml'])
  })

  test('--dry-run sends where a listing starts as the cursor is declared to be spelled', async () => {
    using dir = makeTempDir()
    const stream = connectorText('http://127.0.0.1:9').replace('path: /orders', 'path: "/orders?since={{ cursor }}"')
    const file = dir.write('acme.yaml', `${stream}    incremental: { cursor: at, format: epoch, start: 2024-01-01 }\n`)
    const { stdout } = await runCli(['run', file, '--dry-run'], { cwd: dir.path })
    assert.match(stdout, /since=1704067200/)
  })

  test('a missing secret exits 2 before any request, and says who needs it', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    const file = dir.write('acme.yaml', connectorText(api.url, 'auth: { type: bearer, token: env:ACME_TOKEN }\n'))
    const { code, stderr } = await runCli(['run', file], { cwd: dir.path })
    assert.equal(code, 2)
    assert.match(stderr, /env:ACME_TOKEN \(needed for auth\.token, used by stream orders of acme\.yaml\)/)
    assert.deepEqual(api.requests, [])
  })

  test('no level of logging shows a secret, even one that the API sends back', async () => {
    using dir = makeTempDir()
    await using api = await startApi((request, response) => {
      sendJson(response, 400, { error: { message: `bad token ${request.headers.authorization}` } })
    })
    const file = dir.write('acme.yaml', connectorText(api.url, 'auth: { type: bearer, token: env:ACME_TOKEN }\n'))
    for (const extra of [['--log-level', 'trace'], ['--json'], ['--log-level', 'debug', '--json']]) {
      const options = { cwd: dir.path, env: { ACME_TOKEN: secret } }
      const { code, stdout, stderr } = await runCli(['run', file, ...extra], options)
      assert.equal(code, 1)
      assert.ok(!(stdout + stderr).includes(secret), stdout + stderr)
      assert.match(stdout + stderr, /\[secret\]/)
    }
  })

  test('a run into DuckDB loads no Google client', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    const file = dir.write('acme.yaml', connectorText(api.url))
    const list = dir.write(
      'list.mjs',
      `import { createRequire, registerHooks } from 'node:module'
       import { writeFileSync } from 'node:fs'
       const loaded = []
       registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
       process.on('exit', () => writeFileSync('loaded.json', JSON.stringify([...loaded, ...Object.keys(createRequire(import.meta.url).cache)])))`,
    )
    const { code } = await runCli(['run', file], { cwd: dir.path, nodeArgs: ['--import', list] })
    assert.equal(code, 0)
    const loaded = JSON.parse(readFileSync(join(dir.path, 'loaded.json'), 'utf8')) as string[]
    assert.ok(loaded.some((url) => url.includes('@duckdb')))
    assert.deepEqual(
      loaded.filter((url) => /@google-cloud|google-gax|google-auth|@grpc/.test(url)),
      [],
    )
  })
})

const databases = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => name.endsWith('.duckdb'))
    .toSorted()
