import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { makeRow, startProvider } from '../support/provider.ts'
import { connectorText, createWorkspace } from '../support/workspace.ts'

const skip = canMount() ? false : 'SKIPPED: mounting a small file system needs Linux and root'
const count = 480
const all = { rows: count, ids: count, sum: (count * (count + 1)) / 2 }

/** 60 MB that do not compress, in pages of 2 MB. */
const rows = Array.from({ length: count }, (_, at) => makeRow(at, { pad: randomBytes(96_000).toString('base64') }))

suite('under DuckDB', { skip }, () => {
  test('a full disk is DESTINATION_FULL; what was there stays, and room makes it good', async () => {
    await using provider = await startProvider({ rows: rows.slice(0, 40), pageSize: 16 })
    using disk = mountDisk('40m')
    using space = createWorkspace({}, join(disk.dir, 'warehouse.duckdb'))
    space.writeConnector(connectorText(provider.url))
    assert.equal((await space.run()).code, 0)
    provider.setRows(rows)
    const full = await space.run()
    assert.equal(full.code, 1)
    assert.equal(full.error?.code, 'DESTINATION_FULL')
    disk.remount('size=400m')
    const kept = await space.count()
    assert.equal(kept.rows, kept.ids)
    assert.ok(kept.rows >= 40, `${kept.rows} rows are left`)
    const healed = await space.run()
    assert.equal(healed.code, 0, healed.stderr)
    assert.deepEqual(await space.count(), all)
  })

  test('a read-only directory is DESTINATION_READ_ONLY; what was there stays, and leave to write makes it good', async () => {
    await using provider = await startProvider({ rows: rows.slice(0, 40), pageSize: 16 })
    using disk = mountDisk('200m')
    using space = createWorkspace({}, join(disk.dir, 'warehouse.duckdb'))
    space.writeConnector(connectorText(provider.url))
    assert.equal((await space.run()).code, 0)
    provider.setRows(rows.slice(0, 80))
    disk.remount('ro')
    const refused = await space.run()
    assert.equal(refused.code, 1)
    assert.equal(refused.error?.code, 'DESTINATION_READ_ONLY')
    disk.remount('rw')
    assert.equal((await space.count()).rows, 40)
    assert.equal((await space.run()).code, 0)
    assert.deepEqual(await space.count(), { rows: 80, ids: 80, sum: 3240 })
  })
})

interface Disk extends Disposable {
  readonly dir: string
  remount(option: string): void
}

function mountDisk(size: string): Disk {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir], { stdio: 'ignore' })
  return {
    dir,
    remount: (option) => void execFileSync('mount', ['-o', `remount,${option}`, dir], { stdio: 'ignore' }),
    [Symbol.dispose]() {
      execFileSync('umount', [dir])
      rmSync(dir, { recursive: true })
    },
  }
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    using disk = mountDisk('1m')
    return disk.dir !== ''
  } catch {
    return false
  }
}
