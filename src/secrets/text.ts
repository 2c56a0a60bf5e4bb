import { SyncError } from '../base/errors.ts'

/** The text of a secret. Throws `SECRET_MISSING` where `bytes` are empty or no UTF-8; `name` is for the message. */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (bytes.length === 0) throw new SyncError('SECRET_MISSING', `${name} is empty; store the secret there.`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new SyncError('SECRET_MISSING', `${name} holds bytes that are not UTF-8 text; store text there.`)
  }
}
