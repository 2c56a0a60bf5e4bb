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
