import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SyncError } from '../base/errors.ts'
import { listNames, suggest } from '../base/nearest.ts'

const extensions = ['.yaml', '.yml', '.json'] as const

/**
 * The path of a connector file, from a path (it holds a separator or ends in .yaml, .yml or .json) or from a name that is looked up in
 * `dir`. A caller who must not reach other files (an HTTP trigger) passes names only: see `isConnectorName`. Throws CONNECTOR_NOT_FOUND.
 */
export async function findConnector(nameOrPath: string, dir: string): Promise<string> {
  if (!isConnectorName(nameOrPath)) {
    if (await isThere(nameOrPath)) return nameOrPath
    throw await missingFile(nameOrPath)
  }
  for (const extension of extensions) {
    const path = join(dir, nameOrPath + extension)
    if (await isThere(path)) return path
  }
  const files = await listConnectors(dir)
  const names = files.map((file) => file.replace(/\.\w+$/, ''))
  throw notFound(
    `There is no connector ${nameOrPath} in ${dir}${suggest(nameOrPath, names)}${describeKnown(names)}.`,
    nameOrPath,
  )
}

/** Whether it is a plain name, which can only mean a file right inside the connectors' directory. */
export const isConnectorName = (text: string): boolean => /^[A-Za-z0-9_-]+$/.test(text)

/** The error for a path that leads nowhere; it names the nearest file beside it. */
export async function missingFile(path: string): Promise<SyncError> {
  const files = await listConnectors(dirname(path))
  return notFound(
    `There is no file ${path}${suggest(basename(path), files)}: give a connector file, or a name to be looked up.`,
    path,
  )
}

function describeKnown(names: readonly string[]): string {
  if (names.length === 0)
    return ': it holds no .yaml, .yml or .json file; make one with headrace init, or name another directory with --connectors'
  return `: it holds ${listNames(names.slice(0, 20), 'and')}${names.length > 20 ? ' and others' : ''}`
}

const notFound = (message: string, wanted: string): SyncError =>
  new SyncError('CONNECTOR_NOT_FOUND', message, { details: { wanted } })

async function isThere(path: string): Promise<boolean> {
  try {
    // Not only files: a named pipe is welcome, and for a directory loading says what is wrong.
    await stat(path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return false
    throw new SyncError(
      'CONFIG_INVALID',
      `${path} cannot be looked at (${code ?? 'unknown error'}): check the permissions of its directory.`,
      { cause: error },
    )
  }
}

async function listConnectors(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).filter((file) => extensions.some((extension) => file.endsWith(extension))).toSorted()
  } catch {
    // The listing only serves the hint in an error that is thrown anyway.
    return []
  }
}
