import { open, readFile, truncate } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { commitsTable, rejectsTable, runsTable, schemaName } from '../../schema/system-columns.ts'

export const logFiles = {
  commits: `${commitsTable}.ndjson`,
  runs: `${runsTable}.ndjson`,
  rejects: `${rejectsTable}.ndjson`,
  /** NDJSON does not tell the type of a column. */
  columns: '_headrace_columns.ndjson',
} as const

/** The connector's folder below `dir`: `dir` itself where it has the connector's name. */
export function folderOf(dir: string, connector: string): string {
  const root = resolve(dir)
  return join(root, schemaName(connector, basename(root)) ?? '')
}

/** Appends lines of JSON to a log; they are on the disk when it resolves. */
export async function appendLines(path: string, values: readonly unknown[]): Promise<void> {
  if (values.length === 0) return
  const handle = await open(path, 'a', 0o644)
  const { size } = await handle.stat()
  try {
    await handle.appendFile(values.map((value) => `${JSON.stringify(value)}\n`).join(''))
    await handle.sync()
  } catch (thrown) {
    // Half a line would spoil the one that a later try appends.
    await handle.truncate(size)
    throw thrown
  } finally {
    await handle.close()
  }
}

/** The values of a log; a last line that a crash tore is no value. An absent log has none. */
export async function readLines(path: string): Promise<readonly unknown[]> {
  const text = await readText(path)
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown)
}

/** Cuts off a torn last line. */
export async function repairLog(path: string): Promise<void> {
  const bytes = await readFile(path).catch(ignoreAbsent)
  if (!bytes || bytes.length === 0) return
  const end = bytes.lastIndexOf('\n') + 1
  if (end < bytes.length) await truncate(path, end)
}

async function readText(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(ignoreAbsent)) ?? ''
}

function ignoreAbsent(thrown: NodeJS.ErrnoException): undefined {
  if (thrown.code !== 'ENOENT') throw thrown
  return undefined
}
