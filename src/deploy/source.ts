import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SyncError } from '../errors.ts'
import { gcloud } from './resource.ts'
import { runOrThrow, type RunCommand } from './run-command.ts'

/** What of `dir` would be uploaded, by `.gcloudignore`: paths relative to it. Throws `CONFIG_INVALID`, `DEPLOYMENT_FAILED`. */
export async function listSource(dir: string, run: RunCommand): Promise<readonly string[]> {
  const files = (await runOrThrow(run, gcloud('meta', 'list-files-for-upload', dir))).split('\n').filter(Boolean)
  if (files.includes('package.json') && files.some((file) => file.startsWith('src/'))) return files.toSorted()
  throw new SyncError(
    'CONFIG_INVALID',
    `${dir} is not a clone of headrace: run headrace deploy where its package.json and src/ are.`,
  )
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
