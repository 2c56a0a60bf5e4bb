import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

/** A folder that is gone when the tests of this file have run. */
export async function createDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'headrace-test-'))
  dirs.push(dir)
  return dir
}

const dirs: string[] = []

after(async () => {
  for (const dir of dirs) await rm(dir, { recursive: true, force: true })
})
