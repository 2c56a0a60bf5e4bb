import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { RunRecord } from '../../src/destinations/run-record.ts'
import { connectorText, makeTempDir, servePages, startApi, type TempDir } from '../cli/support.ts'
import { freePort } from '../support/free-port.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^HEADRACE_/i.test(name)))
env['PATH'] = `${dirname(process.execPath)}:${env['PATH'] ?? ''}`

/** What Google's Node.js buildpack does to a function: npm ci, gcp-build, pruning; then the framework, no script. */
suite('the function as the buildpack builds it', () => {
  let dir: TempDir
  let source: string

  before(async () => {
    dir = makeTempDir()
    source = join(dir.path, 'workspace')
    // As .gcloudignore lets them through; its own test says that it does.
    for (const name of ['src', '.ci/build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'])
      cpSync(join(root, name), join(source, name), { recursive: true })
    const npm = (...args: readonly string[]) => run('npm', args, { cwd: source, env })
    await npm('ci', '--prefer-offline', '--no-audit', '--no-fund')
    await npm('run', 'gcp-build')
    await npm('prune', '--omit=dev', '--no-audit', '--no-fund')
  })
  after(() => dir?.[Symbol.dispose]())

  test('has no development dependency left, and its main where package.json says', () => {
    assert.ok(existsSync(join(source, 'dist/function.js')))
    for (const name of ['typescript', 'esbuild', 'assemblyscript', 'oxlint'])
      assert.equal(existsSync(join(source, 'node_modules', name)), false, name)
  })

  test('starts under the functions framework with what is left, and runs a connector', async () => {
    await using api = await startApi(servePages(3))
    const connectors = join(dir.path, 'connectors')
    cpSync(dir.write('acme.yaml', connectorText(api.url)), join(connectors, 'acme.yaml'))
    const port = await freePort()
    const framework = join(source, 'node_modules/@google-cloud/functions-framework/build/src/main.js')
    const child = spawn(process.execPath, [framework, '--target', 'headrace', '--port', String(port)], {
      cwd: source,
      env: { ...env, HEADRACE_CONNECTORS: connectors, HEADRACE_DESTINATION: `duckdb:${join(dir.path, 'w.duckdb')}` },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    try {
      const url = `http://127.0.0.1:${port}`
      while (!(await isHealthy(url))) {
        assert.equal(child.exitCode, null, 'the function has ended')
        await setTimeout(50)
      }
      const response = await fetch(`${url}/run/acme`, { method: 'POST' })
      const record = (await response.json()) as RunRecord
      assert.equal(response.status, 200, JSON.stringify(record))
      assert.deepEqual([record.status, record.streams[0]?.rows], ['complete', 30])
    } finally {
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
    }
  })
})

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok
  } catch {
    return false
  }
}
