import { type FileHandle, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SyncError } from './errors.ts'
import { releaseBuffer } from './buffers.ts'

/** Bytes held in memory before a spool moves to a temporary file: a batch of usual size stays there. */
const memoryLimit = 18 * 1024 * 1024

/** How much is read back from the file at a time. */
const readSize = 1024 * 1024

/**
 * An append-only run of bytes: in memory while it is small, in a temporary file once it is not. That is what keeps
 * memory flat for a page or a batch of any size.
 */
export class Spool implements AsyncDisposable {
  readonly #limit: number
  #chunks: Uint8Array[] = []
  #held = 0
  #size = 0
  #spilling: Promise<void> = Promise.resolve()
  #file: { readonly handle: FileHandle; readonly dir: string; readonly path: string } | undefined

  constructor(limit: number = memoryLimit) {
    this.#limit = limit
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size
  }

  /** The temporary file that holds everything, where there is one. */
  get path(): string | undefined {
    return this.#file?.path
  }

  /** Takes ownership of `chunk`: the caller must not change it afterwards. A promise asks the caller to wait. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (chunk.length === 0) return undefined
    this.#chunks.push(chunk)
    this.#held += chunk.length
    this.#size += chunk.length
    return this.#held > this.#limit || (this.#file && this.#held > readSize) ? this.#spill() : undefined
  }

  /** Takes over all that `other` holds, which is empty afterwards. */
  async take(other: Spool): Promise<void> {
    if (other.#file) {
      for await (const chunk of other.read()) await this.write(chunk)
      await other[Symbol.asyncDispose]()
      return
    }
    for (const chunk of other.#drain()) await this.write(chunk)
    other.#size = 0
  }

  #drain(): Uint8Array[] {
    const chunks = this.#chunks
    this.#chunks = []
    this.#held = 0
    return chunks
  }

  /** Moves everything into the temporary file and returns its path. */
  async flush(): Promise<string> {
    await this.#spill()
    return (this.#file as { readonly path: string }).path
  }

  /** One after the other, so that the bytes reach the file in order. */
  #spill(): Promise<void> {
    this.#spilling = this.#spilling.then(() => this.#drainToFile().catch(explainFull))
    return this.#spilling
  }

  async #drainToFile(): Promise<void> {
    this.#file ??= await createFile()
    const chunks = this.#drain()
    for (let rest = chunks; rest.length > 0; rest = rest.slice(64)) await writeAll(this.#file.handle, rest.slice(0, 64))
    chunks.forEach(releaseBuffer)
  }

  /** Reads the bytes from the start, in chunks of any size that are good until the spool changes; may be called more than once. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#file) {
      if (this.#held > 0) await this.flush()
      for (let at = 0; at < this.#size;) {
        const { buffer, bytesRead } = await this.#file.handle.read(Buffer.allocUnsafe(readSize), 0, readSize, at)
        if (bytesRead === 0) throw new Error(`${this.#file.path} is shorter than what was written to it`)
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } else yield* this.#chunks
  }

  /** The last bytes, at most `length`; good until the spool changes. */
  async readEnd(length: number): Promise<Uint8Array> {
    const size = Math.min(length, this.#size)
    if (this.#file) {
      if (this.#held > 0) await this.flush()
      const { buffer, bytesRead } = await this.#file.handle.read(Buffer.allocUnsafe(size), 0, size, this.#size - size)
      if (bytesRead < size) throw new Error(`${this.#file.path} is shorter than what was written to it`)
      return buffer
    }
    let first = this.#chunks.length
    let held = 0
    while (held < size) held += (this.#chunks[--first] as Uint8Array).length
    const chunks = this.#chunks.slice(first)
    const bytes = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks)
    return bytes.subarray(held - size)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#drain().forEach(releaseBuffer)
    const file = this.#file
    this.#file = undefined
    if (!file) return
    await file.handle.close()
    await rm(file.dir, { recursive: true, force: true })
  }
}

/** Throws `DESTINATION_FULL` where there is no room for temporary files, else what was thrown. */
function explainFull(thrown: unknown): never {
  const { code } = thrown as NodeJS.ErrnoException
  if (code === undefined || !['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code)) throw thrown
  throw new SyncError(
    'DESTINATION_FULL',
    `There is no room left in the temporary folder ${tmpdir()} (${code}): free some, or set TMPDIR to a larger one, and run again; what was committed is kept.`,
    { cause: thrown },
  )
}

async function createFile() {
  const dir = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`))
  tidied ??= removeLeftovers(dir)
  await tidied
  const path = join(dir, 'rows.ndjson')
  return { dir, path, handle: await open(path, 'wx+', 0o600) }
}

const prefix = 'headrace-spool-'
const hour = 3_600_000
let tidied: Promise<void> | undefined

/** Removes what processes that were killed have left behind; `own` was made just now. */
async function removeLeftovers(own: string): Promise<void> {
  const { mtimeMs: now } = await stat(own)
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : NaN
    if (Number.isNaN(pid) || isAlive(pid)) continue
    const dir = join(tmpdir(), name)
    const { mtimeMs } = await stat(dir).catch(() => ({ mtimeMs: Infinity }))
    // Not at once: a container that shares this folder has process numbers of its own.
    if (mtimeMs < now - hour) await rm(dir, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** `writev` may write less than it was given. */
async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  const { bytesWritten } = await handle.writev(chunks)
  if (bytesWritten < total) await handle.appendFile(Buffer.concat(chunks).subarray(bytesWritten))
}
