import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { test } from 'node:test'

const script = `
  import { Spool } from ${JSON.stringify(new URL('../../src/base/spool.ts', import.meta.url).href)}
  await using spool = new Spool(10)
  try {
    await spool.write(new Uint8Array(4_000_000))
  } catch (error) {
    console.log(error.code, error.message)
  }
`

test('a temporary folder without room is told as a destination that is full', () => {
  // A bound on the size of files stands for a disk that is full.
  const run = `trap '' XFSZ; ulimit -f 1000; exec "$0" --input-type=module -e "$1"`
  const { stdout } = spawnSync('bash', ['-c', run, process.execPath, script], { encoding: 'utf8' })
  assert.match(stdout, /^DESTINATION_FULL There is no room left in the temporary folder /)
  assert.ok(stdout.includes(tmpdir()))
})
