import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { link, readFile, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { flushFolder, followLink, guard, writeFlushed } from '../flushed-file.ts'
import { type LeaseRecords, type TaggedRecord, formatLeaseRecord, parseLeaseRecord } from './backend.ts'

/**
 * A record with compare-and-swap in the files `PATH.lease-N`: that with the highest number counts. To swap is to make the
 * next number, which the file system allows once. The last few are kept, so that one who is late finds his number taken;
 * whoever made one that is further behind was late by more, and takes it back. One that is a little behind counted for a
 * moment, and others have built on it since. They lie beside what a link points to, so that all ways to one file lead to
 * one record.
 */
export function createFileRecords(path: string): LeaseRecords {
  return {
    read: () => guard(path, async () => readRecord(await seriesOf(path))),
    swap: (record, tag) =>
      guard(path, async () => {
        const series = await seriesOf(path)
        const number = Number(tag) + 1
        if (!(await createWhole(fileOf(series, number), formatLeaseRecord(record)))) return undefined
        const numbers = await listNumbers(series)
        if (Math.max(...numbers) - number >= keptRecords) {
          await rm(fileOf(series, number), { force: true })
          return undefined
        }
        await removeBelow(series, number - keptRecords + 1)
        return { record, tag: String(number) }
      }),
    nameHolder: () => `${thisProcess()}/${randomUUID()}`,
    isGone,
  }
}

/** More than are made while a listing of the folder is under way, which may miss what comes and goes meanwhile. */
const keptRecords = 8

/** The files of one record, without their numbers. */
interface Series {
  readonly folder: string
  readonly prefix: string
}

async function seriesOf(path: string): Promise<Series> {
  const target = await followLink(path)
  return { folder: dirname(target), prefix: `${basename(target)}.lease-` }
}

const fileOf = ({ folder, prefix }: Series, number: number): string => join(folder, `${prefix}${number}`)

async function listNumbers({ folder, prefix }: Series): Promise<readonly number[]> {
  const names = await readdir(folder)
  const numbers = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  return numbers.filter((text) => /^\d{1,15}$/.test(text)).map(Number)
}

async function readRecord(series: Series): Promise<TaggedRecord> {
  for (;;) {
    const highest = Math.max(0, ...(await listNumbers(series)))
    if (highest === 0) return { record: parseLeaseRecord(undefined), tag: '0' }
    const text = await readIfThere(fileOf(series, highest))
    // Gone in between means that there is a higher one.
    if (text !== undefined) return { record: parseLeaseRecord(text), tag: String(highest) }
  }
}

/** False where there is such a file already. Nobody ever sees it half written. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const temporary = `${path}-${randomUUID()}`
  try {
    await writeFlushed(temporary, text)
    await link(temporary, path)
    await flushFolder(dirname(path))
    return true
  } catch (thrown) {
    // ENOENT: whoever made a higher number has cleared ours away before it had its name.
    if (['EEXIST', 'ENOENT'].includes(String((thrown as NodeJS.ErrnoException).code))) return false
    throw thrown
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Records below `number`, and what writers of those left behind that were killed. */
async function removeBelow({ folder, prefix }: Series, number: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix))
  const older = names.filter((name) => Number.parseInt(name.slice(prefix.length), 10) < number)
  await Promise.all(older.map((name) => rm(join(folder, name), { force: true })))
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw thrown
  }
}

/** `PLACE/PID/START`: process numbers mean something within one place only, and are used again. */
function thisProcess(): string {
  return `${place()}/${process.pid}/${startOf(process.pid)}`
}

function isGone(holder: string): boolean {
  const [where, pid, start] = holder.split('/')
  if (where !== place() || pid === undefined || start === undefined) return false
  return !isAlive(Number(pid)) || startOf(Number(pid)) !== start
}

/** This boot of this machine, and this namespace of process numbers where the system has such (a container's). */
function place(): string {
  const boot = orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
  const space = orEmpty(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''))
  return `${hostname().replaceAll('/', '')}:${boot}:${space}`
}

/** When a process started, in clock ticks since boot (field 22 of proc(5)'s stat); empty where the system does not tell. */
function startOf(pid: number): string {
  if (!existsSync('/proc/self/stat')) return ''
  const stat = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The name of the program, in parentheses, may hold blanks.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function orEmpty(task: () => string): string {
  try {
    return task()
  } catch {
    return ''
  }
}
