import { type FileHandle, open } from 'node:fs/promises'

/** Makes renames in a folder survive a power failure. */
export async function syncDir(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a file as a whole and hands it over to the disk before it resolves. */
export async function writeDurably(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, 'w', 0o644)
  try {
    await write(handle)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
