import { createHash, randomUUID } from 'node:crypto'
import { chmod, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SyncError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { readFileBytes } from '../file.ts'
import { createFileRecords } from './file-records.ts'
import { flushFolder, followLink, guard, writeFlushed } from '../flushed-file.ts'
import { decodeText } from '../text.ts'
import type { StoredText, TokenBackend } from './backend.ts'

/** Tokens in a file of this machine, with mode 0600. Its record lies beside it, as `FILE.lease-N`. */
export function createTokenFile(path: string, name: string, log: Log): TokenBackend {
  return {
    name,
    records: createFileRecords(path),
    // The folder is the user's to make: a file of secrets in a folder made by the way would surprise.
    create: async () => {},
    text: {
      read: () => readText(path, log),
      write: (text) => guard(path, () => writeText(path, text)),
      // Its lease lies in the same folder, so that whoever holds it may write there.
      checkWritable: async () => {},
      discard: async () => {},
      tidy: async () => {},
    },
  }
}

async function readText(path: string, log: Log): Promise<StoredText | undefined> {
  const bytes = await readFileBytes(path).catch((thrown: unknown) => {
    if (thrown instanceof SyncError && (thrown.cause as NodeJS.ErrnoException)?.code === 'ENOENT') return undefined
    throw thrown
  })
  // An empty one was made beforehand, to hold what will be saved.
  if (bytes === undefined || bytes.length === 0) return undefined
  await closeToOthers(path, log)
  const text = decodeText(bytes, `The file ${path}`)
  return { text, revision: revisionOf(text) }
}

/** A refresh token that others can read is theirs too: the file is closed to them, and the log says that it was open. */
async function closeToOthers(path: string, log: Log): Promise<void> {
  const { mode } = await stat(path)
  // Windows has no such modes, and shows every file as readable by all.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  const closed = await chmod(path, 0o600).then(
    () => 'it is 0600 now',
    () => `run chmod 600 ${path}`,
  )
  log.warn(
    { file: path },
    `Other users of this machine could read the tokens in ${path} (mode ${octal}): ${closed}; if anybody may have read them, run headrace connect again.`,
  )
}

/** Either the old text or the new one is there, whenever the power fails: written aside, flushed, then renamed. */
async function writeText(path: string, text: string): Promise<string> {
  // The link, not what it points to, would be replaced.
  const target = await followLink(path)
  await removeLeftovers(target)
  const temporary = `${target}.tmp-${randomUUID()}`
  try {
    await writeFlushed(temporary, text)
    await rename(temporary, target)
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw thrown
  }
  await flushFolder(dirname(target))
  return revisionOf(text)
}

/** Of writers that were killed: they hold tokens too. Only the holder of the lease writes, so none is in use. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.tmp-`
  const names = await readdir(dirname(path))
  for (const name of names) if (name.startsWith(prefix)) await rm(join(dirname(path), name), { force: true })
}

/** Not reversible: a refresh token is far too long to be guessed. */
function revisionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
