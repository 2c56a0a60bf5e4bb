import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { makeTempDir, type TempDir } from '../cli/support.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const head = '# Changelog\n\nHow to read it.\n\n'
const entries = '### Added\n\n- A new thing, $& and $1 included.\n\n### Fixed\n\n- An old one.'
const before = '## 0.1.0 - 2026-01-02\n\n### Added\n\n- The first thing.\n'

/** A checkout with the script, a version and a changelog. */
function checkOut(version: string, changelog: string): TempDir {
  const dir = makeTempDir()
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  dir.write('package.json', JSON.stringify({ name: 'x', version, scripts: { version: scripts['version'] } }))
  cpSync(join(root, '.ci/release.mjs'), join(dir.path, '.ci/release.mjs'))
  cpSync(join(root, '.github/CHANGELOG.md'), join(dir.path, '.github/CHANGELOG.md'))
  dir.write('.github/CHANGELOG.md', changelog)
  return dir
}

const changelogOf = (dir: TempDir): string => readFileSync(join(dir.path, '.github/CHANGELOG.md'), 'utf8')

const release = (dir: TempDir, ...args: readonly string[]) =>
  spawnSync(process.execPath, ['.ci/release.mjs', ...args], { cwd: dir.path, encoding: 'utf8' })

suite('the release script', () => {
  test('moves what is unreleased into the section of the version, and leaves the rest as it is', () => {
    using dir = checkOut('0.2.0', `${head}## Unreleased\n\n${entries}\n\n${before}`)
    assert.equal(release(dir).status, 0)
    const dated = changelogOf(dir).replace(/0\.2\.0 - \d{4}-\d\d-\d\d\n/, '0.2.0 - TODAY\n')
    assert.equal(dated, `${head}## Unreleased\n\n## 0.2.0 - TODAY\n\n${entries}\n\n${before}`)
  })

  test('prints the section of a tag alone', () => {
    using dir = checkOut(
      '0.2.0',
      `${head}## Unreleased\n\n- Later.\n\n## 0.2.0 - 2026-02-03\n\n${entries}\n\n${before}`,
    )
    const { status, stdout } = release(dir, '--notes', 'v0.2.0')
    assert.deepEqual([status, stdout], [0, `${entries}\n`])
  })

  const refusals = [
    ['nothing is unreleased', [], '## Unreleased\n\n', /nothing under "Unreleased"/],
    ['there is no section for it', [], '', /no section "Unreleased"/],
    [
      'the version has a section',
      [],
      `## Unreleased\n\n- More.\n\n## 0.2.0 - 2026-02-03\n\n- It.\n\n`,
      /choose another/,
    ],
    ['the tag is another version', ['--notes', 'v0.1.0'], '', /tag v0\.1\.0 does not name .* 0\.2\.0/],
    ['the tag has no section', ['--notes', 'v0.2.0'], '## 0.2.01 - 2026-02-03\n\n- It.\n\n', /no section 0\.2\.0/],
  ] as const
  for (const [why, args, sections, message] of refusals)
    test(`changes and prints nothing where ${why}`, () => {
      const text = `${head}${sections}${before}`
      using dir = checkOut('0.2.0', text)
      const { status, stdout, stderr } = release(dir, ...args)
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, message)
      assert.equal(changelogOf(dir), text)
    })

  test('reads the changelog of this repository', () => {
    using dir = checkOut('999.0.0', read('.github/CHANGELOG.md'))
    assert.equal(release(dir).status, 0)
    assert.match(release(dir, '--notes', 'v999.0.0').stdout, /^### Added\n/)
  })
})

test('npm version commits the changelog with the version, and tags that commit', () => {
  using dir = checkOut('0.1.0', `${head}## Unreleased\n\n${entries}\n\n${before}`)
  const clean = Object.entries(process.env).filter(([name]) => !/^(?:npm_|git_)/i.test(name))
  const env = {
    ...Object.fromEntries(clean),
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
  }
  const run = (command: string, ...args: readonly string[]): string =>
    execFileSync(command, args, { cwd: dir.path, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  run('git', 'init', '-q')
  run('git', 'config', 'user.name', 'tester')
  run('git', 'config', 'user.email', 'tester@example.com')
  run('git', 'add', '.')
  run('git', 'commit', '-qm', 'first')
  run('npm', 'version', 'minor')
  assert.match(run('git', 'show', 'v0.2.0:.github/CHANGELOG.md'), /^## 0\.2\.0 - [\d-]{10}\n\n### Added\n/m)
  assert.match(run('git', 'show', 'v0.2.0:package.json'), /"version": *"0\.2\.0"/)
  assert.equal(run('git', 'status', '--porcelain'), '')
  assert.equal(release(dir, '--notes', 'v0.2.0').stdout, `${entries}\n`)
})

interface Job {
  readonly needs?: string
  readonly permissions: Readonly<Record<string, string>>
  readonly steps: readonly { readonly uses?: string; readonly run?: string; readonly with?: Record<string, unknown> }[]
}

interface Workflow {
  readonly on: { readonly push: { readonly tags: readonly string[] } }
  readonly permissions: object
  readonly jobs: Readonly<Record<'build' | 'publish' | 'release', Job>>
}

suite('the release workflow', () => {
  const text = read('.github/workflows/release.yml')
  const { on, permissions, jobs } = parse(text) as Workflow
  const commandsOf = ({ steps }: Job): string => steps.map(({ run = '' }) => run).join('\n')

  test('pins every action to the commit that the deployment pins it to', () => {
    const uses = Object.values(jobs).flatMap(({ steps }) => steps.flatMap((step) => step.uses ?? []))
    assert.ok(uses.length >= 5)
    for (const one of uses) {
      assert.match(one, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/)
      assert.ok(read('deploy/github/deploy.yaml').includes(`uses: ${one} #`), one)
    }
  })

  test('runs for tags of versions only', () => {
    assert.deepEqual(on, { push: { tags: ['v[0-9]+.[0-9]+.[0-9]+'] } })
  })

  test('compares tag, version and changelog before it runs everything that must hold, and packs after that', () => {
    const commands = commandsOf(jobs.build)
    const order = ['release.mjs --notes "$GITHUB_REF_NAME"', '\n.ci/run\n', 'npm pack'].map((one) =>
      commands.indexOf(one),
    )
    assert.ok(!order.includes(-1))
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
  })

  test('publishes with provenance where no code of a dependency runs, and lets no job do more than it must', () => {
    assert.deepEqual(permissions, {})
    assert.deepEqual(jobs.build.permissions, { contents: 'read' })
    assert.deepEqual([jobs.publish.needs, jobs.publish.permissions], ['build', { 'id-token': 'write' }])
    assert.deepEqual([jobs.release.needs, jobs.release.permissions], ['publish', { contents: 'write' }])
    assert.match(commandsOf(jobs.publish), /^npm publish --provenance .*--ignore-scripts \S+\.tgz$/m)
    assert.doesNotMatch(text, /secrets\.|npm (?:ci|install)/)
    const versions = jobs.publish.steps.flatMap((step) => step.with?.['node-version'] ?? [])
    assert.deepEqual(versions, [Number(read('.nvmrc'))])
  })
})
