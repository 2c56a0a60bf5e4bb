import { totalmem } from 'node:os'
import { SyncError } from './errors.ts'

const mebibyte = 1024 ** 2

/** What may be held or spooled, in bytes; a setting of the stream (`max_body`, `max_row`) wins. */
export interface MemoryLimits {
  /** A body, as it is sent and after decompression: the temporary files of a function lie in its memory. */
  readonly body: number
  /** A body that is parsed as a whole, and what lies around the rows of one that is not. */
  readonly whole: number
}

/**
 * The limits that follow from the memory that is there: a quarter of it for a body (at least 64 MiB, at most 1 GiB), a
 * thirty-second for what is parsed as a whole (at least 4 MiB, at most 32 MiB).
 */
export function limitsFor(memory: number): MemoryLimits {
  return { body: between(64, memory / 4, 1024), whole: between(4, memory / 32, 32) }
}

const between = (least: number, bytes: number, most: number): number =>
  Math.floor(Math.min(Math.max(bytes, least * mebibyte), most * mebibyte))

/**
 * Bytes that this process may use: `HEADRACE_MEMORY` (MiB), else what its container allows, else what the machine has.
 * Throws `CONFIG_INVALID`.
 */
export function memoryOf(env: Readonly<Record<string, string | undefined>>): number {
  const given = env['HEADRACE_MEMORY']
  if (given) {
    if (/^[1-9]\d{1,6}$/.test(given)) return Number(given) * mebibyte
    throw new SyncError(
      'CONFIG_INVALID',
      `HEADRACE_MEMORY is ${JSON.stringify(given.slice(0, 40))}: expected a number of MiB, such as 512.`,
    )
  }
  const allowed = process.constrainedMemory()
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem()
}
