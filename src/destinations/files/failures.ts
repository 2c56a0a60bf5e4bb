import { SyncError } from '../../base/errors.ts'

const full = ['ENOSPC', 'EDQUOT', 'EFBIG']
const readOnly = ['EROFS', 'EACCES', 'EPERM']

/** Converts what the file system threw while writing `path`. */
export function toFailure(thrown: unknown, path: string): SyncError {
  if (thrown instanceof SyncError) return thrown
  const code = (thrown as NodeJS.ErrnoException).code ?? ''
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const options = { cause: thrown }
  if (full.includes(code) || /No space left|quota exceeded/i.test(text)) {
    const message = `There is no room left on the disk for ${path}: free some and run again, what was committed is kept.`
    return new SyncError('DESTINATION_FULL', message, options)
  }
  if (readOnly.includes(code) || /Permission denied|Read-only file system/i.test(text)) {
    return new SyncError(
      'DESTINATION_READ_ONLY',
      `Writing to ${path} is not permitted: check the rights of the folder.`,
      options,
    )
  }
  const where = code === 'ENOTDIR' || code === 'EEXIST' ? 'a part of the path is no folder' : text.split('\n', 1)[0]
  return new SyncError('DESTINATION_FAILED', `Could not write ${path}: ${where}.`, options)
}

/** Runs a step that touches `path`, with its failure in our own words. */
export async function guard<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (thrown) {
    throw toFailure(thrown, path)
  }
}
