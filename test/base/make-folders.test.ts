import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeFolders } from '../../src/base/make-folders.ts'
import { createDir } from '../destinations/place.ts'

const code = (wanted: string) => (error: NodeJS.ErrnoException) => error.code === wanted

test('folders are made with those that they lie in, at once by two, and again', async () => {
  const path = join(await createDir(), 'a/b/c')
  await Promise.all([makeFolders(path), makeFolders(path)])
  await makeFolders(path)
  assert.ok(existsSync(path))
})

test('where a file stands, and where nothing can be made, it says so', { timeout: 10_000 }, async () => {
  const file = join(await createDir(), 'file')
  writeFileSync(file, '')
  await assert.rejects(makeFolders(file), code('EEXIST'))
  await assert.rejects(makeFolders(join(file, 'a')), code('ENOTDIR'))
  if (process.platform === 'linux') await assert.rejects(makeFolders('/proc/a/b'), code('ENOENT'))
})
