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
    for (const file of ['api.js', 'function.js', 'cli.js', 'scan.wasm', 'types/api.d.ts'])
      assert.ok(files.includes(`dist/${file}`), file)
    const declarations = files.filter((file) => file.endsWith('.d.ts'))
    assert.ok(declarations.length < 20, `${declarations.length} declarations`)
  })

  test('is small', () => {
    const dist = join(dir.path, 'elsewhere/node_modules/headrace/dist')
    const built = readdirSync(dist, { recursive: true, encoding: 'utf8' }).map((file) => statSync(join(dist, file)))
    const size = built.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)
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

  test('has types for a program: a right connector compiles, a wrong one does not', async () => {
    for (const name of ['types.ts', 'tsconfig.json'])
      cpSync(join(root, 'test/package/consumer', name), join(dir.path, 'elsewhere', name))
    const tsc = join(root, 'node_modules/.bin/tsc')
    const compiled = run(tsc, ['-p', join(dir.path, 'elsewhere')], { env })
    await compiled.catch((failure: { stdout: string }) => assert.fail(failure.stdout))
  })

  test('has the functions for a program: nothing happens when they are imported, and the process ends by itself', async () => {
    await using api = await startApi(servePages(3))
    cpSync(join(root, 'test/package/consumer/use.mjs'), join(dir.path, 'elsewhere/use.mjs'))
    const { stdout, stderr } = await run(process.execPath, ['use.mjs', api.url], {
      cwd: join(dir.path, 'elsewhere'),
      env,
    })
    const { ids, known, ...used } = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual(used, {
      atImport: { framework: 0, listeners: [0, 0, 0], resources: [] },
      runs: [
        ['complete', 'api', 30],
        ['complete', 'api', 30],
      ],
      columns: ['id', 'name', 'total'],
      rows: [
        { id: 1, name: 'order 0', total: 0 },
        { id: 2, name: 'order 1', total: 0.25 },
      ],
    })
    assert.deepEqual(known, ids)
    assert.equal(stderr, '')
  })
})
