import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { SyncError } from '../base/errors.ts'
import type { SecretRef } from './ref.ts'
import { decodeText } from './text.ts'

/** The file that `ref` names, beside the connector file unless absolute. */
export async function readSecretFile(ref: SecretRef, connectorFile: string): Promise<string> {
  const path = resolve(dirname(connectorFile), ref.name)
  return decodeText(await readFileBytes(path), `The file ${path}`)
}

/** Throws `SECRET_*` with the error of the system as its cause. */
export async function readFileBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    switch (code) {
      case 'ENOENT':
      case 'ENOTDIR':
        throw new SyncError(
          'SECRET_MISSING',
          `There is no file ${path}; create it with nothing but the secret inside.`,
          { cause },
        )
      case 'EACCES':
      case 'EPERM':
        throw new SyncError(
          'SECRET_FORBIDDEN',
          `The file ${path} may not be read by this user; change its owner or mode.`,
          { cause },
        )
      case 'EISDIR':
        throw new SyncError('SECRET_MISSING', `${path} is a folder; name a file in it.`, { cause })
      default:
        throw new SyncError('SECRET_UNAVAILABLE', `The file ${path} could not be read (${code}).`, {
          cause,
        })
    }
  }
}
