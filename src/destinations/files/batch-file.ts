import { copyFile, constants, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Spool } from '../../base/spool.ts'
import { syncDir, writeDurably } from './durable.ts'

/** Writes a file of the table beside its place, then renames it, so that no reader ever sees half of one. */
export async function placeFile(dir: string, name: string, write: (path: string) => Promise<void>): Promise<void> {
  const part = join(dir, `.${name}.part`)
  await write(part)
  await rename(part, join(dir, name))
  await syncDir(dir)
}

/** The rows as they are; a spool that lies in a file already is copied by the system. */
export async function writeNdjson(lines: Spool, path: string): Promise<void> {
  if (lines.path !== undefined) {
    await copyFile(await lines.flush(), path, constants.COPYFILE_FICLONE)
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    return
  }
  await writeDurably(path, async (handle) => {
    for await (const chunk of lines.read()) await handle.appendFile(chunk)
  })
}
