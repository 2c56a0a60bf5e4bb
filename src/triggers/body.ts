import type { IncomingMessage } from 'node:http'
import { SyncError } from '../errors.ts'

export const maxBody = 1024 * 1024

/** The body as text; undefined where it is over 1 MiB. Throws `REQUEST_INVALID` where it is cut or not UTF-8. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += (chunk as Buffer).length
      if (size > maxBody) return undefined
      chunks.push(chunk as Buffer)
    }
  } catch (cause) {
    throw new SyncError('REQUEST_INVALID', 'The request ended before its body was complete.', { cause })
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  } catch (cause) {
    throw new SyncError('REQUEST_INVALID', 'The body is not valid UTF-8: send JSON.', { cause })
  }
}
