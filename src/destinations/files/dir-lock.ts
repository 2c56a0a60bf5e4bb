import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { SyncError } from '../../base/errors.ts'

const fileName = '.headrace.lock'

/** What file systems without hard links answer. */
const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

interface Owner {
  readonly host: string
  readonly pid: number
  /** When the process began, in clock ticks since boot, where the system tells: a pid is used again. */
  readonly began: string
}

/**
 * Takes the folder for this process. The lock of a process that is gone is taken over; that of another machine cannot
 * be judged and stands. Throws `DESTINATION_BUSY`.
 */
export async function lockDir(dir: string): Promise<void> {
  const path = join(dir, fileName)
  const own = `${JSON.stringify({ host: hostname(), pid: process.pid, began: await readBegan(process.pid) })}\n`
  const fresh = `${path}.${process.pid}`
  await writeFile(fresh, own)
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      // A link appears with its content, unlike a file that is created and then written.
      if (await tryLink(fresh, path)) return
      const text = await readFile(path, 'utf8').catch(() => '')
      if (text !== '' && (await isAlive(text))) throw refuse(path, text)
      await takeAway(path, text)
    }
  } finally {
    await rm(fresh, { force: true })
  }
  throw refuse(path, '')
}

export async function unlockDir(dir: string): Promise<void> {
  await rm(join(dir, fileName), { force: true })
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? ''
    if (code === 'EEXIST') return false
    if (noLinks.includes(code)) return tryCreate(to, await readFile(from, 'utf8'))
    throw thrown
  }
}

async function tryCreate(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' })
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw thrown
  }
}

/** Moves a dead lock aside; should another process have replaced it in between, its lock goes back. */
async function takeAway(path: string, dead: string): Promise<void> {
  const aside = `${path}.${process.pid}.old`
  try {
    await rename(path, aside)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return
    throw thrown
  }
  const moved = await readFile(aside, 'utf8')
  if (moved !== dead) await tryLink(aside, path)
  await rm(aside, { force: true })
}

async function isAlive(text: string): Promise<boolean> {
  const owner = parseOwner(text)
  if (!owner) return false
  if (owner.host !== hostname()) return true
  // Our own process holds the folder only through this module, which asks no second time.
  if (owner.pid === process.pid) return false
  try {
    process.kill(owner.pid, 0)
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH'
  }
  return owner.began === '' || owner.began === (await readBegan(owner.pid))
}

/** Field 22 of /proc/PID/stat (proc(5)); empty where there is none. The second field may hold spaces, in parentheses. */
async function readBegan(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner
  } catch {
    return undefined
  }
}

function refuse(path: string, text: string): SyncError {
  const owner = parseOwner(text)
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process'
  const message = `Another run (${who}) writes to this folder, and one at a time can: wait for it to end, or delete ${path} if it is gone.`
  return new SyncError('DESTINATION_BUSY', message)
}
