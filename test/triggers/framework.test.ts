import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { build } from 'esbuild'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { connectorText, makeTempDir, plainEnv, sendJson, servePages, startApi } from '../cli/support.ts'
import { startEventFunction, startFunction } from './support.ts'

const root = join(import.meta.dirname, '../..')
const framework = join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js')
const published = 'google.cloud.pubsub.topic.v1.messagePublished'
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')

suite('the function for events under the functions framework', () => {
  const event = (id: string, data: object): object => ({ specversion: '1.0', id, source: '//x', type: published, data })
  const publish = (url: string, id: string, wanted: object): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify(event(id, { message: { data: base64(wanted), messageId: id }, subscription: 's' })),
    })

  test('runs what an event asks for once, acknowledges what cannot get better, and fails what can', async () => {
    using dir = makeTempDir()
    let failing = 0
    await using api = await startApi((request, response) =>
      failing > 0 ? sendJson(response, failing, { error: 'no' }) : servePages(1)(request, response),
    )
    dir.write('acme.yaml', connectorText(api.url))
    const env = { HEADRACE_CONNECTORS: dir.path, HEADRACE_DESTINATION: 'files:out', HEADRACE_CONNECTOR: 'acme' }
    await using service = await startEventFunction({ cwd: dir.path, env })
    assert.equal((await publish(service.url, '1', { connector: 'acme' })).status, 204)
    const asked = api.requests.length
    assert.ok(asked > 0)
    assert.equal((await publish(service.url, '1', { connector: 'acme' })).status, 204)
    assert.equal(api.requests.length, asked, 'delivered again, it does not run again')
    const binary = { 'ce-id': '2', 'ce-source': '//x', 'ce-type': 'acme.run', 'ce-specversion': '1.0' }
    const headers = { ...binary, 'content-type': 'application/json' }
    const direct = await fetch(service.url, { method: 'POST', headers, body: '{"streams": ["orders"]}' })
    assert.equal(direct.status, 204)
    assert.ok(api.requests.length > asked, 'HEADRACE_CONNECTOR is the one that is meant')
    failing = 503
    assert.equal((await publish(service.url, '3', { connector: 'acme' })).status, 500)
    failing = 403
    assert.equal((await publish(service.url, '4', { connector: 'acme' })).status, 204)
    assert.equal((await publish(service.url, '5', { connector: 'acne' })).status, 204)
    assert.match(service.stderr(), /"severity":"ERROR".*"message_id":"5".*acknowledged without a run/)
  })

  test('does not start where it would have to know who calls', () => {
    const args = [framework, '--source', join(root, 'src/function.ts'), '--target', 'headrace-event', '--port', '0']
    for (const env of [
      { HEADRACE_INBOUND: 'verify', HEADRACE_AUDIENCE: 'https://a.example' },
      { K_SERVICE: 'etl', HEADRACE_CALLERS: 'a@b.example' },
      {},
    ]) {
      const { status, stderr } = spawnSync(process.execPath, args, { env: { ...plainEnv, ...env }, timeout: 30_000 })
      assert.equal(status, 1)
      assert.match(String(stderr), /cannot see who calls/)
    }
  })
})

suite('the traps of the functions framework', () => {
  test('an unknown mode of the front door, or none in the cloud, does not start', () => {
    const args = [framework, '--source', join(root, 'src/function.ts'), '--target', 'headrace', '--port', '0']
    for (const env of [
      { HEADRACE_INBOUND: 'open' },
      { HEADRACE_INBOUND: 'none', K_SERVICE: 'etl' },
      { HEADRACE_INBOUND: 'iam' },
    ]) {
      const { status, stderr } = spawnSync(process.execPath, args, { env: { ...plainEnv, ...env }, timeout: 30_000 })
      assert.equal(status, 1)
      assert.match(String(stderr), /HEADRACE_INBOUND is/)
    }
  })

  test('bundled, the function registers itself with the framework that serves it, not with a copy', async () => {
    const outfile = join(root, 'node_modules', `.headrace-test-${process.pid}`, 'index.js')
    await build({
      entryPoints: [join(root, 'src/function.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node24',
      packages: 'external',
      logLevel: 'error',
    })
    try {
      writeFileSync(join(outfile, '../package.json'), '{"type": "module"}')
      const code = `const { getTestServer } = await import('@google-cloud/functions-framework/testing')
        await import(${JSON.stringify(outfile)})
        for (const name of ['headrace', 'headrace-event']) getTestServer(name)
        process.stdout.write('registered')`
      const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root, env: plainEnv })
      assert.equal(String(run.stdout), 'registered', String(run.stderr))
    } finally {
      rmSync(join(outfile, '..'), { recursive: true, force: true })
    }
  })

  test("a run stops before the platform's timeout, as a 504 would not stop it", async () => {
    using dir = makeTempDir()
    await using api = await startApi((request, response) => {
      setTimeout(() => servePages(1_000_000)(request, response), 20)
    })
    dir.write('acme.yaml', connectorText(api.url))
    const env = { HEADRACE_CONNECTORS: dir.path, CLOUD_RUN_TIMEOUT_SECONDS: '6' }
    await using service = await startFunction({ cwd: dir.path, env })
    const response = await fetch(`${service.url}/run/acme`, { method: 'POST' })
    const record = (await response.json()) as RunRecord
    assert.deepEqual([response.status, record.status, record.budget_seconds], [202, 'handed_over', 3])
    assert.ok((record.streams[0]?.rows ?? 0) > 0)
  })

  test('with execution ids its log lines are still structured, each with a severity', async () => {
    using dir = makeTempDir()
    await using api = await startApi(servePages(1))
    dir.write('acme.yaml', connectorText(api.url))
    const env = { HEADRACE_CONNECTORS: dir.path, LOG_EXECUTION_ID: 'true' }
    await using service = await startFunction({ cwd: dir.path, env })
    const headers = { 'function-execution-id': 'e1' }
    assert.equal((await fetch(`${service.url}/run/acme`, { method: 'POST', headers })).status, 200)
    const lines = service.stderr().trimEnd().split('\n')
    assert.ok(lines.length > 1)
    for (const line of lines) assert.match((JSON.parse(line) as { severity: string }).severity, /^[A-Z]+$/, line)
  })

  test('SIGTERM ends a run whose provider never answers, within ten seconds, and its caller hears of it', async () => {
    using dir = makeTempDir()
    const reached = Promise.withResolvers<void>()
    await using api = await startApi(() => reached.resolve())
    dir.write('acme.yaml', connectorText(api.url))
    await using service = await startFunction({ cwd: dir.path, env: { HEADRACE_CONNECTORS: dir.path } })
    const answer = fetch(`${service.url}/run/acme`, { method: 'POST' })
    await reached.promise
    const ended = once(service.child, 'close')
    service.child.kill('SIGTERM')
    const response = await answer
    assert.equal(response.status, 202, await response.text())
    assert.deepEqual(await ended, [0, null])
  })
})
