import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SyncError } from '../base/errors.ts'
import { gcloud } from './resource.ts'
import { runOrThrow, type RunCommand } from './run-command.ts'

/** What a build needs beside the connector files. */
const needed = [
  /^(package|package-lock|tsconfig)\.json$/,
  /^src\/.+\.ts$/,
  /^\.ci\/build\.mjs$/,
  /^deploy\/connectors\/[^/]+\.yaml$/,
]

/**
 * What of `dir` would be uploaded, by `.gcloudignore`: paths relative to it. `connectors` are the connector files, relative
 * likewise. Throws `CONFIG_INVALID` where anything else lies among it, which may be a secret; `DEPLOYMENT_FAILED`.
 */
export async function listSource(
  dir: string,
  connectors: readonly string[],
  run: RunCommand,
): Promise<readonly string[]> {
  const files = (await runOrThrow(run, gcloud('meta', 'list-files-for-upload', dir))).split('\n').filter(Boolean)
  if (!files.includes('package.json') || !files.some((file) => file.startsWith('src/')))
    throw new SyncError(
      'CONFIG_INVALID',
      `${dir} is not a clone of headrace: run headrace deploy where its package.json and src/ are.`,
    )
  const missing = connectors.filter((file) => !files.includes(file))
  if (missing.length > 0)
    throw new SyncError(
      'CONFIG_INVALID',
      `.gcloudignore keeps ${missing.join(', ')} from being uploaded: let connector files in, such as !/connectors/*.yaml.`,
    )
  const stray = files.filter((file) => !connectors.includes(file) && !needed.some((pattern) => pattern.test(file)))
  if (stray.length > 0)
    throw new SyncError(
      'CONFIG_INVALID',
      `${stray.slice(0, 10).join(', ')} would be uploaded, and the function needs none of it: move it away, or name it in .gcloudignore.`,
    )
  return files.toSorted()
}

/** Tells one state of the files from another; as long as a label's value may be. */
export async function hashSource(dir: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of files)
    hash.update(`${file}\n`).update(
      createHash('sha256')
        .update(await readFile(join(dir, file)))
        .digest(),
    )
  return hash.digest('hex').slice(0, 40)
}
