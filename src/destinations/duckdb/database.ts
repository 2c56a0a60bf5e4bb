import { readdir, realpath, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBType, type DuckDBValue } from '@duckdb/node-api'
import { createLock } from '../../base/lock.ts'
import { makeFolders } from '../../base/make-folders.ts'
import { createShared } from '../shared.ts'
import { isInvalidated, isOutOfMemory, toFailure } from './failures.ts'
import { memoryLimits, moreMemory } from './limits.ts'
import { quoteText } from './sql.ts'

/** Runs one statement at a time. */
export interface Session {
  /** Resolves with the number of rows changed. `types` where DuckDB cannot tell them from the values. */
  run(sql: string, values?: DuckDBValue[], types?: DuckDBType[]): Promise<number>
  /** Resolves with the rows, their values as text. */
  read(sql: string, values?: DuckDBValue[]): Promise<readonly (readonly (string | null)[])[]>
}

/** One DuckDB file, open for writing; shared by the runs of this process. */
export interface Database extends AsyncDisposable {
  /** Absolute, as a person may read it. */
  readonly path: string
  /** Runs `task` alone, outside of a transaction. Again, where DuckDB needs more memory for it. */
  use<T>(task: (session: Session) => Promise<T>): Promise<T>
  /**
   * Runs `task` alone, in one transaction that is rolled back where it throws, and made again where DuckDB needs more
   * memory for it. After a COMMIT that threw, `happened`
   * says whether it took effect all the same.
   */
  transact<T>(task: (session: Session) => Promise<T>, happened?: (session: Session) => Promise<boolean>): Promise<T>
  /** Holes that deleted rows leave are filled at the end of the run. */
  noteDeletedRows(): void
}

/** The name that the file has inside of DuckDB. */
export const catalog = 'target'

/**
 * Measured with batches of 16 MB of 400 B rows: one thread and 80 MB keep the whole process below 350 MB. Row groups
 * so small that a batch fills some make DuckDB write a batch to the file at once instead of to its log and then again
 * at each checkpoint (3.9 instead of 9 CPU seconds a million rows). Vacuuming would merge the last, unfilled row group
 * of each batch into others, hence rewrite most of the file over and over: it waits for the end of the run, and then
 * does a little. Freed
 * memory goes back to the system early (a tenth more CPU, 80 MB less at the peak).
 */
const rowGroupSize = 16384
const options = {
  threads: '1',
  preserve_insertion_order: 'false',
  max_vacuum_tasks: '0',
  // Analysed for each segment, but never chosen in files that every DuckDB 1.x reads.
  allocator_bulk_deallocation_flush_threshold: '32MB',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
}

interface Attached {
  instance: DuckDBInstance
  connection: DuckDBConnection
  memory: number
}

interface OpenFile extends Attached {
  readonly path: string
  readonly lock: ReturnType<typeof createLock>
  deletedRows: boolean
  broken: boolean
}

// Two instances on one file in one process would not see each other's lock, and the first to close would drop both.
const files = createShared<OpenFile>()

/** Opens the file, or creates it with the folders it lies in; `use: 'look'` by one who writes nothing. */
export async function openDatabase(path: string, use: 'run' | 'look' = 'run'): Promise<Database> {
  const absolute = resolve(path)
  const key = await toRealPath(absolute)
  const file = await files.acquire(key, () => openFile(key))
  const session = createSession(file)
  let disposed = false
  const alone = <T>(task: (isAgain: boolean) => Promise<T>): Promise<T> =>
    file.lock(() => withMemory(file, session, task).catch((thrown: unknown) => fail(file, thrown, absolute)))
  return {
    path: absolute,
    use: (task) => alone(() => task(session)),
    transact: (task, happened) => {
      const made: Made<Awaited<ReturnType<typeof task>>> = {}
      return alone((isAgain) => transact(session, { task, happened, made, isAgain }))
    },
    noteDeletedRows: () => (file.deletedRows = true),
    async [Symbol.asyncDispose]() {
      if (disposed) return
      disposed = true
      try {
        // After a failure the log holds what was committed; a second failure here would only hide the first.
        if (use === 'run' && !file.broken)
          await file.lock(() => withMemory(file, session, () => checkpoint(file, session)))
      } catch (thrown) {
        throw toFailure(thrown, absolute)
      } finally {
        await files.release(key, closeFile)
      }
    },
  }
}

async function openFile(path: string): Promise<OpenFile> {
  try {
    const attached = await attachWithMemory(path, memoryLimits[0])
    return { ...attached, path, lock: createLock(), deletedRows: false, broken: false }
  } catch (thrown) {
    throw toFailure(thrown, path)
  }
}

/** What the log of a file holds is read as it is attached, which may take more than `memory` (MB). */
async function attachWithMemory(path: string, memory: number): Promise<Attached> {
  try {
    return await attach(path, memory)
  } catch (thrown) {
    const more = isOutOfMemory(thrown) ? moreMemory(memory) : undefined
    if (more === undefined) throw thrown
    return attachWithMemory(path, more)
  }
}

async function attach(path: string, memory: number): Promise<Attached> {
  const limits = { memory_limit: `${memory}MB`, temp_directory: `${path}.tmp` }
  const instance = await DuckDBInstance.create(':memory:', { ...options, ...limits })
  try {
    const connection = await instance.connect()
    await connection.run("SET TimeZone = 'UTC'")
    // Said when an instance is made it has no effect. These two take a tenth of the CPU of a load and save little room.
    await connection.run("SET disabled_compression_methods = 'dict_fsst,zstd'")
    await connection.run(`ATTACH ${quoteText(path)} AS ${catalog} (TYPE duckdb, ROW_GROUP_SIZE ${rowGroupSize})`)
    await removeLeftovers(`${path}.tmp`)
    return { instance, connection, memory }
  } catch (thrown) {
    instance.closeSync()
    throw thrown
  }
}

/** What a killed run had moved out of memory: the file is ours alone now. */
async function removeLeftovers(dir: string): Promise<void> {
  const names = await readdir(dir).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'ENOENT') throw thrown
    return []
  })
  for (const name of names) if (name.startsWith('duckdb_temp_')) await rm(join(dir, name), { force: true })
}

const closeFile = (file: OpenFile): Promise<void> => file.lock(async () => detach(file))

function detach({ connection, instance }: Attached): void {
  connection.closeSync()
  instance.closeSync()
}

/** Runs `task`, and again with more memory for as long as DuckDB asks for it and there is more. */
async function withMemory<T>(file: OpenFile, session: Session, task: (isAgain: boolean) => Promise<T>): Promise<T> {
  for (let isAgain = false; ; isAgain = true) {
    try {
      return await task(isAgain)
    } catch (thrown) {
      const more = isOutOfMemory(thrown) ? moreMemory(file.memory) : undefined
      if (more === undefined) throw thrown
      if (isInvalidated(thrown)) {
        detach(file)
        Object.assign(file, await attachWithMemory(file.path, more))
      } else {
        await session.run(`SET memory_limit = '${more}MB'`)
        file.memory = more
      }
    }
  }
}

/**
 * Merges of row groups at the end of a run. Each run leaves some of its own, which take half a megabyte however few rows
 * they hold; a large table is put in order bit by bit, 40 ms a merge.
 */
const vacuumTasks = { usual: 2, afterDeleting: 100 }

async function checkpoint(file: OpenFile, session: Session): Promise<void> {
  const { usual, afterDeleting } = vacuumTasks
  // Of tables that did not change DuckDB merges nothing.
  await session.run(`SET max_vacuum_tasks = ${file.deletedRows ? afterDeleting : usual}`)
  await session.run(`CHECKPOINT ${catalog}`)
  await session.run('SET max_vacuum_tasks = 0')
  file.deletedRows = false
}

function fail(file: OpenFile, thrown: unknown, path: string): never {
  const failure = toFailure(thrown, path)
  if (failure.code === 'DESTINATION_FULL' || isInvalidated(thrown)) file.broken = true
  throw failure
}

function createSession(file: Attached): Session {
  return {
    async run(sql, values, types) {
      return (await file.connection.run(sql, values, types)).rowsChanged
    },
    async read(sql, values) {
      const rows = (await file.connection.runAndReadAll(sql, values)).getRowsJson()
      return rows.map((row) =>
        row.map((value) => (value === null || typeof value === 'string' ? value : JSON.stringify(value))),
      )
    },
  }
}

/** What a transaction has led to, up to its COMMIT. */
interface Made<T> {
  result?: { readonly of: T }
}

interface Transaction<T> {
  readonly task: (session: Session) => Promise<T>
  readonly happened: ((session: Session) => Promise<boolean>) | undefined
  readonly made: Made<T>
  /** An attempt before this one has failed, perhaps after its COMMIT took effect. */
  readonly isAgain: boolean
}

async function transact<T>(session: Session, { task, happened, made, isAgain }: Transaction<T>): Promise<T> {
  if (isAgain && made.result && (await happened?.(session))) return made.result.of
  await session.run('BEGIN TRANSACTION')
  try {
    made.result = { of: await task(session) }
  } catch (thrown) {
    await rollBack(session, thrown)
    throw thrown
  }
  try {
    await session.run('COMMIT')
  } catch (thrown) {
    await rollBack(session, thrown)
    if (!(await askWhether(happened, session, thrown))) throw thrown
  }
  return made.result.of
}

/** A failed COMMIT has ended the transaction already; what made the transaction fail is what the caller must hear. */
async function rollBack(session: Session, reason: unknown): Promise<void> {
  try {
    await session.run('ROLLBACK')
  } catch (thrown) {
    if (!/no transaction is active/.test(String(thrown))) throw reason
  }
}

async function askWhether(
  happened: ((session: Session) => Promise<boolean>) | undefined,
  session: Session,
  reason: unknown,
): Promise<boolean> {
  try {
    return (await happened?.(session)) ?? false
  } catch {
    // A database that answers nothing any more: the next run will see what it holds.
    throw reason
  }
}

async function toRealPath(path: string): Promise<string> {
  try {
    const dir = dirname(path)
    await makeFolders(dir)
    return await realpath(path).catch(async (thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== 'ENOENT') throw thrown
      return join(await realpath(dir), basename(path))
    })
  } catch (thrown) {
    throw toFailure(thrown, path)
  }
}
