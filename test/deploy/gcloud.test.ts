import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { makeTempDir } from '../cli/support.ts'
import { createWorld } from './project.ts'

const root = join(import.meta.dirname, '../..')

const isThere = (program: string): boolean => spawnSync(program, ['--version']).status === 0

function skipWithout(program: string): false | string {
  if (isThere(program)) return false
  if (process.env['HEADRACE_REQUIRE_ALL']) throw new Error(`${program} is needed here`)
  return `SKIPPED: there is no ${program}`
}

interface Linted {
  readonly command_string: string
  readonly success: boolean
  readonly error_message: string | null
}

/** What gcloud's own linter says of commands in a text. It prints its list, then an empty one. */
function lint(text: string): readonly Linted[] {
  using dir = makeTempDir()
  const file = dir.write('commands.md', text)
  const args = ['meta', 'lint-gcloud-commands', `--commands-text-file=${file}`, '--format=json']
  const env = { ...process.env, CLOUDSDK_CONFIG: dir.path, CLOUDSDK_CORE_DISABLE_PROMPTS: '1' }
  const { status, stdout, stderr } = spawnSync('gcloud', args, { encoding: 'utf8', env, maxBuffer: 1 << 28 })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout.slice(0, stdout.lastIndexOf('[') || undefined)) as Linted[]
}

suite('the commands of a deployment', { skip: skipWithout('gcloud') }, () => {
  test("pass gcloud's own linter, those that look and those that change", () => {
    using world = createWorld()
    const flags = ['--plan', '--json', '--pubsub', '--alert-channel', 'projects/acme-data/notificationChannels/7']
    const commands = new Set<string>()
    const collect = (stdout: string): void => {
      const { steps } = JSON.parse(stdout) as { steps: { commands: string[] }[] }
      for (const command of steps.flatMap((step) => step.commands))
        if (command.startsWith('gcloud ')) commands.add(command)
    }
    collect(world.deploy(...flags).stdout)
    world.deploy('--yes', ...flags.slice(2))
    world.change(({ things }) => {
      for (const thing of Object.values(things))
        for (const key of Object.keys(thing)) if (key !== 'name') delete thing[key]
    })
    collect(world.deploy(...flags).stdout)
    collect(world.deploy('--destroy', '--with-data', ...flags).stdout)
    assert.ok(commands.size > 40, `${commands.size} commands`)
    const results = lint(`\`\`\`\n${[...commands].join('\n')}\n\`\`\`\n`)
    assert.equal(results.length, commands.size)
    assert.deepEqual(
      results.filter(({ success }) => !success).map((wrong) => [wrong.command_string, wrong.error_message]),
      [],
    )
  })

  test("pass it where a pipeline's comments tell a person to type them", () => {
    const texts = ['cloudbuild.yaml', 'github/deploy.yaml'].map((file) =>
      readFileSync(join(root, 'deploy', file), 'utf8'),
    )
    const lines = texts.flatMap((text) => text.replaceAll(/ \\\n# +/g, ' ').split('\n'))
    const commands = lines.flatMap((line) => /^# +(gcloud .*)$/.exec(line)?.[1] ?? [])
    assert.equal(commands.length, 4)
    const results = lint(`\`\`\`\n${commands.join('\n')}\n\`\`\`\n`)
    assert.deepEqual(
      results.map(({ success, error_message: message }) => success || message),
      commands.map(() => true),
    )
  })

  test('upload what the build needs, and nothing that a person left lying about', () => {
    using dir = makeTempDir()
    for (const file of readdirSync(root))
      if (file === '.gcloudignore') dir.write(file, readFileSync(join(root, file), 'utf8'))
    for (const folder of [
      'src/deploy/resources',
      'connectors/old',
      'node_modules/x',
      '.ci',
      'deploy/connectors',
      'deploy/terraform',
      'test',
    ])
      mkdirSync(join(dir.path, folder), { recursive: true })
    const wanted = [
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'src/function.ts',
      'src/deploy/resources/service.ts',
      '.ci/build.mjs',
      'connectors/acme.yaml',
      'connectors/old.yml',
      'connectors/shop.json',
      'deploy/connectors/github.yaml',
    ]
    const stray = [
      '.env',
      'key.json',
      'w.duckdb',
      'node_modules/x/index.js',
      '.ci/run',
      'test/a.test.ts',
      'deploy/terraform/terraform.tfstate',
      '.git-credentials',
      'connectors/.env',
      'connectors/client.pem',
      'connectors/acme.tokens',
      'connectors/acme.tokens.lease-1',
      'connectors/headrace.duckdb',
      'connectors/old/acme.yaml',
      'src/key.json',
      'src/deploy/resources/.env',
      'deploy/connectors/key.json',
    ]
    for (const file of [...wanted, ...stray]) writeFileSync(join(dir.path, file), '')
    const { stdout, stderr } = spawnSync('gcloud', ['meta', 'list-files-for-upload', dir.path], { encoding: 'utf8' })
    assert.deepEqual(stdout.trim().split('\n').toSorted(), wanted.toSorted(), stderr)
  })
})

suite('the Terraform of a deployment', { skip: skipWithout('terraform') }, () => {
  const dir = join(root, 'deploy/terraform')

  test('is parsed and formatted', () => {
    const { status, stdout, stderr } = spawnSync(
      'terraform',
      [`-chdir=${dir}`, 'fmt', '-check', '-diff', '-recursive'],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, stdout + stderr)
    using broken = makeTempDir()
    broken.write('main.tf', 'resource "x" {')
    assert.notEqual(
      spawnSync('terraform', [`-chdir=${broken.path}`, 'fmt', '-check']).status,
      0,
      'what does not parse is refused',
    )
    rmSync(join(broken.path, 'main.tf'))
  })
})
