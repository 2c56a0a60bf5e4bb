import { open, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SyncError } from '../base/errors.ts'

/** Creates a file that nobody else may read, and waits until it is on the disk. */
export async function writeFlushed(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** What the links of `path` lead to; `path` itself where nothing is there yet. */
export function followLink(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

/** So that a name that was made or changed there survives a loss of power too. */
export async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Says in a sentence why a file of tokens cannot be written. */
export async function guard<Result>(path: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task()
  } catch (cause) {
    if (cause instanceof SyncError) throw cause
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    const folder = dirname(path)
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SyncError('SECRET_MISSING', `There is no folder ${folder} for the tokens; create it.`, { cause })
    if (['EACCES', 'EPERM', 'EROFS'].includes(code))
      throw new SyncError(
        'SECRET_FORBIDDEN',
        `The tokens in ${path} cannot be replaced (${code}): this user must be able to create files in ${folder}.`,
        { cause },
      )
    throw new SyncError('SECRET_UNAVAILABLE', `The tokens in ${path} could not be saved (${code}).`, { cause })
  }
}
