import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createDir } from './place.ts'

const script = fileURLToPath(new URL('append-some.ts', import.meta.url))

// A small disk and a read-only one need a mount, hence a namespace of our own.
const probe = spawnSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'])
const skip = probe.status !== 0 && 'this machine grants no mount namespaces'

interface Outcome {
  readonly seq: number
  readonly failure: string
}

/** Runs shell `commands` where `$DIR` may be mounted over; the outcomes are those of the `append` calls among them. */
async function runMounted(commands: string): Promise<{ outcomes: readonly Outcome[]; words: string }> {
  const DIR = await createDir()
  const append = `append() { "${process.execPath}" "${script}" "$@"; }`
  const { stdout, stderr } = spawnSync('unshare', ['-Urm', 'sh', '-c', `${append}\n${commands}`], {
    env: { ...process.env, DIR },
    encoding: 'utf8',
  })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { outcomes: lines.map((line) => JSON.parse(line) as Outcome), words: stderr }
}

for (const [spec, name] of [
  ['duckdb:$DIR/a.duckdb', 'duckdb'],
  ['files:$DIR', 'files'],
  ['files:$DIR?format=parquet', 'files, parquet'],
]) {
  test(
    `${name}: a full disk is named, keeps what was committed, and once there is room the stream goes on`,
    { skip },
    async () => {
      const { outcomes, words } = await runMounted(`
      mount -t tmpfs -o size=12m tmpfs "$DIR"
      append "${spec}" 100
      mount -o remount,size=64m "$DIR"
      append "${spec}" 2
    `)
      const [first, second] = outcomes
      assert.equal(first?.failure, 'DESTINATION_FULL', words)
      assert.ok(first.seq > 0 && first.seq < 100)
      assert.deepEqual(second, { seq: 2, failure: '' }, words)
      assert.match(words, /no room left on the disk/)
    },
  )

  test(`${name}: a read-only folder is named`, { skip }, async () => {
    const { outcomes, words } = await runMounted(`
      mount -t tmpfs tmpfs "$DIR"
      append "${spec}" 1
      mount -o remount,ro "$DIR"
      append "${spec}" 1
    `)
    assert.deepEqual(
      outcomes.map(({ failure }) => failure),
      ['', 'DESTINATION_READ_ONLY'],
      words,
    )
  })
}

test('a full temporary folder is named too', { skip }, async () => {
  const { outcomes, words } = await runMounted(`
    mkdir "$DIR/tmp" && mount -t tmpfs -o size=256k tmpfs "$DIR/tmp"
    TMPDIR="$DIR/tmp" append "duckdb:$DIR/a.duckdb" 1
  `)
  assert.deepEqual(outcomes, [{ seq: 0, failure: 'DESTINATION_FULL' }], words)
})
