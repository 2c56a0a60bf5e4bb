import { TextDecoder } from 'node:util'

import { SyncError } from '../base/errors.ts'
import { cutShort } from './cut-short.ts'
import type { BodyOptions } from './decoder.ts'
import type { PageDecoder } from './page-decoder.ts'
import { quoted } from '../base/words/line.ts'

/** Turns a body in another charset (a label of the WHATWG Encoding Standard) into UTF-8 as it comes in. */
export function withCharset(decoder: PageDecoder, charset: string, options: CharsetOptions): PageDecoder {
  const { where, replaceInvalid = false, onRepair } = options
  const text = createDecoder(charset, where, !replaceInvalid)
  const decode = (chunk?: Uint8Array): Buffer => {
    try {
      const decoded = text.decode(chunk, { stream: chunk !== undefined })
      if (replaceInvalid && decoded.includes('\uFFFD')) onRepair?.(replacement)
      return Buffer.from(decoded)
    } catch (cause) {
      const problem = notIn(charset, where, cause)
      throw chunk ? problem : cutShort(problem)
    }
  }
  return {
    write: (chunk) => decoder.write(decode(chunk)),
    end: async () => {
      await decoder.write(decode())
      return decoder.end()
    },
    discard: () => decoder.discard(),
  }
}

export type CharsetOptions = Pick<BodyOptions, 'where' | 'replaceInvalid' | 'onRepair'>

/** What is told where bytes that are no text become U+FFFD. */
export const replacement = 'Rows hold bytes that are no UTF-8; U+FFFD is stored in their place.'

/** The failure of a body with bytes that its charset does not have, such as half a character. */
export const notIn = (charset: string, where: string, cause?: unknown): SyncError =>
  new SyncError(
    'RESPONSE_INVALID',
    `The body that ${where} answered holds bytes that are no ${charset}; add invalid_utf8: replace to the stream to store U+FFFD in their place`,
    { cause },
  )

function createDecoder(charset: string, where: string, fatal: boolean): TextDecoder {
  try {
    return new TextDecoder(charset, { fatal })
  } catch (cause) {
    throw new SyncError(
      'RESPONSE_INVALID',
      `${where} answered in the charset ${quoted(charset, 40)}, which is not known`,
      { cause },
    )
  }
}

/**
 * Asks `open` for the decoder once it is known whether the body begins with a byte order mark, and which charset that
 * names: it decides before any header does (WHATWG Encoding Standard, section 6). The mark itself is dropped.
 */
export function withMark(inner: PageDecoder, open: (charset: string | undefined) => PageDecoder): PageDecoder {
  let held: Uint8Array = new Uint8Array(0)
  let target: PageDecoder | undefined
  const begin = (): void | Promise<void> => {
    const mark = findMark(held)
    target = open(mark?.charset)
    return target.write(mark ? held.subarray(mark.bytes.length) : held)
  }
  return {
    write: (chunk) => {
      if (target) return target.write(chunk)
      held = held.length === 0 && chunk.length >= 4 ? chunk : Buffer.concat([held, chunk])
      return held.length < 4 ? undefined : begin()
    },
    end: async () => {
      if (!target) await begin()
      return (target ?? inner).end()
    },
    discard: () => (target ?? inner).discard(),
  }
}

/** The byte order mark at the beginning of a body, and the charset that it names. */
export const findMark = (body: Uint8Array): (typeof marks)[number] | undefined =>
  marks.find(({ bytes }) => bytes.every((byte, at) => body[at] === byte))

/** UTF-32, which nobody decodes, comes first: one of its marks begins as that of UTF-16 does. */
const marks = [
  { bytes: [0xff, 0xfe, 0, 0], charset: 'utf-32le' },
  { bytes: [0, 0, 0xfe, 0xff], charset: 'utf-32be' },
  { bytes: [0xef, 0xbb, 0xbf], charset: 'utf-8' },
  { bytes: [0xfe, 0xff], charset: 'utf-16be' },
  { bytes: [0xff, 0xfe], charset: 'utf-16le' },
]
