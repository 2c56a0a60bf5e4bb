import type { Readable } from 'node:stream'
import { SyncError } from '../base/errors.ts'
import { type Answer, errorAnswer } from './respond.ts'

export interface BodyLimits {
  readonly bytes: number
  /** From the first look at the body to its end, in milliseconds. */
  readonly time: number
}

export const bodyLimits: BodyLimits = { bytes: 1024 * 1024, time: 30_000 }

/** The body as text, or what to answer where it is too large or too slow. Throws `REQUEST_INVALID` where it is cut or not UTF-8. */
export async function readBody(request: Readable, limits: BodyLimits): Promise<string | { readonly refusal: Answer }> {
  const late = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => late.resolve('late'), limits.time)
  try {
    const bytes = await Promise.race([collect(request, limits.bytes), late.promise])
    if (bytes === 'late') return refuse(408, `The body did not arrive within ${limits.time / 1000} s: send it at once.`)
    if (bytes === undefined)
      return refuse(413, `The body is over ${limits.bytes / 1024} KiB: a run request takes a few hundred bytes.`)
    return decode(bytes)
  } finally {
    clearTimeout(timer)
  }
}

/** Undefined where there are more than `most` bytes: the rest is left to whoever ends the connection. */
function collect(request: Readable, most: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const take = (chunk: Buffer): void => {
      size += chunk.length
      chunks.push(chunk)
      if (size <= most) return
      // Not taken apart as a loop over it would do: then nobody would read on, and the answer would be lost in a reset.
      request.off('data', take)
      resolve(undefined)
    }
    const fail = (cause?: Error): void =>
      reject(new SyncError('REQUEST_INVALID', 'The request ended before its body was complete.', { cause }))
    request.on('data', take)
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', fail)
    request.once('close', () => fail())
  })
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new SyncError('REQUEST_INVALID', 'The body is not valid UTF-8: send JSON.', { cause })
  }
}

const refuse = (status: number, message: string): { readonly refusal: Answer } => ({
  refusal: errorAnswer(status, { code: 'REQUEST_INVALID', message }),
})
