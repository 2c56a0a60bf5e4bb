import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDestination, parseDestination } from '../../src/destinations/index.ts'
import { startProvider } from '../support/provider.ts'
import { createHarness } from './harness.ts'

/** So large that each page stays in memory by itself, and the fifth makes their batch too large for it. */
const rows = Array.from({ length: 25 }, (_, id) => ({ id, text: 'x'.repeat(820_000) }))

test('a page of which the disk takes only a part is in no batch: the next run brings its rows, once', async () => {
  await using provider = await startProvider({ rows, pageSize: 5 })
  using harness = createHarness(provider.url)
  harness.connector = `streams:
  - name: rows
    path: /rows
    rows: $.data[*]
    paginator: { type: page_number }
`
  const dir = mkdtempSync(join(tmpdir(), 'headrace-batches-'))
  const openFiles = () => openDestination(parseDestination(`files:${dir}`), 'api')
  const { TMPDIR } = process.env
  try {
    process.env['TMPDIR'] = join(dir, 'no', 'such', 'folder')
    const failed = await harness.run({}, { openDestination: openFiles })
    assert.equal(failed.status, 'failed')
    if (TMPDIR === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = TMPDIR
    assert.equal((await harness.run({}, { openDestination: openFiles })).status, 'complete')
    const folder = join(dir, 'api', 'rows')
    const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { id: number }).id).toSorted((a, b) => a - b),
      rows.map(({ id }) => id),
    )
  } finally {
    if (TMPDIR !== undefined) process.env['TMPDIR'] = TMPDIR
    rmSync(dir, { recursive: true, force: true })
  }
})
