import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { type TempDir, connectorText, makeTempDir, servePages, startApi } from '../cli/support.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
// The npm that runs the tests tells its children of itself; this one shall start from nothing.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^HEADRACE_/i.test(name)))
env['PATH'] = `${dirname(process.execPath)}:${env['PATH'] ?? ''}`

suite('the package', () => {
  let dir: TempDir
  let files: string[]

  before(async () => {
    dir = makeTempDir()
    // Packed from a copy, so that a build that goes on here meanwhile is not disturbed.
    const source = join(dir.path, 'source')
    for (const name of ['src', '.ci', 'package.json', 'LICENSE', 'tsconfig.json'])
      cpSync(join(root, name), join(source, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(source, 'node_modules'))
    const packed = await run('npm', ['pack', '--json', '--pack-destination', dir.path], { cwd: source, env })
    const list = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('['))) as [
      { filename: string; files: { path: string }[] },
    ]
    files = list[0].files.map(({ path }) => path)
    mkdirSync(join(dir.path, 'elsewhere'))
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(dir.path, list[0].filename)]
    await run('npm', [...install, '--prefix', join(dir.path, 'elsewhere')], { cwd: join(dir.path, 'elsewhere'), env })
  })
  after(() => dir?.[Symbol.dispose]())

  const headrace = (args: readonly string[]) =>
    run('npx', ['--no-install', 'headrace', ...args], { cwd: join(dir.path, 'elsewhere'), env })

  test('holds what is built and nothing else', () => {
    const others = files.filter((file) => !file.startsWith('dist/'))
    assert.deepEqual(others.filter((file) => file !== 'README.md').toSorted(), ['LICENSE', 'package.json'])
    assert.ok(files.includes('dist/index.js') && files.includes('dist/cli.js') && files.includes('dist/scan.wasm'))
  })

  test('is small', () => {
    const dist = join(dir.path, 'elsewhere/node_modules/headrace/dist')
    const size = readdirSync(dist).reduce((sum, file) => sum + statSync(join(dist, file)).size, 0)
    assert.ok(size < 1_000_000, `${size} bytes`)
  })

  test('shows its help where it is installed', async () => {
    assert.match((await headrace(['--help'])).stdout, /^Usage: headrace/)
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    assert.equal((await headrace(['--version'])).stdout, `${version}\n`)
  })

  test('runs a connector where it is installed', async () => {
    await using api = await startApi(servePages(3))
    const file = dir.write('acme.yaml', connectorText(api.url))
    const { stdout } = await headrace(['run', file, '--to', 'duckdb:w.duckdb', '--json'])
    const record = JSON.parse(stdout) as { status: string; streams: { rows: number }[] }
    assert.deepEqual([record.status, record.streams[0]?.rows], ['complete', 30])
  })
})
