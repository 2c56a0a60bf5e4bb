import { SyncError } from '../../base/errors.ts'

/** DuckDB tells what went wrong by its words alone. */
const full = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT|File too large|EFBIG|max_temp_directory_size/i
const readOnly = /Read-only file system|EROFS|Permission denied|EACCES|EPERM|Operation not permitted|read-only mode/i
const busy = /Could not set lock on file|Conflicting lock/i
const conflict = /write-write conflict|Conflict on |Transaction conflict/i

/** Converts what DuckDB or the file system threw; `where` names the file (and the table) in plain words. */
export function toFailure(thrown: unknown, where: string): SyncError {
  if (thrown instanceof SyncError) return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  const options = { cause: thrown }
  if (busy.test(text)) {
    const message = `Another process has ${where} open, and one run at a time can write to it: close the other, or wait for it to end.`
    return new SyncError('DESTINATION_BUSY', message, options)
  }
  if (full.test(text)) {
    const message = `There is no room left on the disk for ${where}: free some and run again, what was committed is kept.`
    return new SyncError('DESTINATION_FULL', message, options)
  }
  if (readOnly.test(text)) {
    const message = `Writing to ${where} is not permitted: check the rights of the file and of its folder.`
    return new SyncError('DESTINATION_READ_ONLY', message, options)
  }
  if (conflict.test(text)) {
    const message = `Another run wrote to ${where} at the same time; nothing of this batch was written, run again.`
    return new SyncError('STATE_CONFLICT', message, options)
  }
  if (/not a valid DuckDB database file/i.test(text)) {
    return new SyncError('DESTINATION_FAILED', `${where} is not a DuckDB file: give another path.`, options)
  }
  if (/newer version of DuckDB|storage version|version number/i.test(text)) {
    const message = `${where} was written by a version of DuckDB that this one cannot read: give another path, or update headrace.`
    return new SyncError('DESTINATION_FAILED', message, options)
  }
  return new SyncError('DESTINATION_FAILED', `DuckDB could not write ${where}: ${firstLine(text)}`, options)
}

/** As `toFailure`, for a statement that reads rows: DuckDB quotes values in its words, and rows must not reach a log. */
export function toLoadFailure(thrown: unknown, where: string): SyncError {
  const failure = toFailure(thrown, where)
  if (thrown instanceof SyncError || failure.code !== 'DESTINATION_FAILED') return failure
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return new SyncError('DESTINATION_FAILED', `DuckDB could not load the batch into ${where}: ${withoutValues(text)}`)
}

/** A row of the batch is larger than what `read_json` was told to make room for. */
export function isRowTooLarge(thrown: unknown): boolean {
  return /maximum_object_size/.test(wordsOf(thrown))
}

/** DuckDB used up its `memory_limit`. */
export function isOutOfMemory(thrown: unknown): boolean {
  return /Out of Memory Error|could not allocate block|failed to pin block/i.test(wordsOf(thrown))
}

/** After a failure in the middle of a checkpoint DuckDB answers nothing more: the file must be opened again. */
export function isInvalidated(thrown: unknown): boolean {
  return /database has been invalidated/i.test(wordsOf(thrown))
}

function wordsOf(thrown: unknown): string {
  return String(thrown instanceof SyncError ? (thrown.cause ?? thrown) : thrown)
}

function withoutValues(text: string): string {
  const [, head = '', rest] = /^(.*?in line \d+: )([^:]*)/s.exec(text) ?? [undefined, firstLine(text)]
  return firstLine(head + (rest ?? '')).replaceAll(/'[^']*'?|"[^"]*"?|[{[].*/g, '...')
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 300)
}
