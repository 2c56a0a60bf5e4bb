import { TextDecoder } from 'node:util'

import { SyncError } from '../errors.ts'
import type { PageDecoder } from './page-decoder.ts'

/** Turns a body in another charset (a label of the WHATWG Encoding Standard) into UTF-8 as it comes in. */
export function withCharset(decoder: PageDecoder, charset: string, where: string): PageDecoder {
  const text = createDecoder(charset, where)
  return {
    write: (chunk) => decoder.write(Buffer.from(text.decode(chunk, { stream: true }))),
    end: async () => {
      await decoder.write(Buffer.from(text.decode()))
      return decoder.end()
    },
    discard: () => decoder.discard(),
  }
}

function createDecoder(charset: string, where: string): TextDecoder {
  try {
    return new TextDecoder(charset)
  } catch (cause) {
    throw new SyncError(
      'RESPONSE_INVALID',
      `${where} answered in the charset ${charset.slice(0, 40)}, which is not known`,
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
    const mark = marks.find(({ bytes }) => bytes.every((byte, at) => held[at] === byte))
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

const marks = [
  { bytes: [0xef, 0xbb, 0xbf], charset: 'utf-8' },
  { bytes: [0xfe, 0xff], charset: 'utf-16be' },
  { bytes: [0xff, 0xfe], charset: 'utf-16le' },
]
