import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '../..')
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0
if (!hasShellcheck && process.env['HEADRACE_REQUIRE_ALL']) throw new Error('shellcheck is needed here')
const skip = hasShellcheck ? false : 'SKIPPED: there is no shellcheck'

test('every shell script passes shellcheck', { skip }, () => {
  const scripts = ['.ci/run', ...globSync('{test,deploy}/**/*.sh', { cwd: root })]
  assert.ok(scripts.length > 2, scripts.join(', '))
  const { status, stdout, stderr } = spawnSync('shellcheck', scripts, { cwd: root, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})
