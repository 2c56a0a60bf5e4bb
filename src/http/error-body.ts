import type { PageBody } from '../decode/page-decoder.ts'
import { noRows } from '../decode/page-rows.ts'
import type { BodySink } from './body-sink.ts'

const longest = 64 * 1024

/** Keeps the beginning of a body that holds no rows; `partial` gives what there is of it, also after it broke. */
export interface ErrorBody extends BodySink<PageBody> {
  write(chunk: Uint8Array): void
  partial(): PageBody & { readonly text: string }
}

export function createErrorBody(): ErrorBody {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const partial = () => {
    const text = Buffer.concat(chunks)
      .toString('utf8')
      .replace(/^\uFEFF/, '')
    return { envelope: parseText(text), text, rows: noRows(), bytes }
  }
  return {
    write: (chunk) => {
      if (bytes >= longest) return
      const kept = chunk.slice(0, longest - bytes)
      chunks.push(kept)
      bytes += kept.length
    },
    end: async () => partial(),
    discard: async () => {},
    partial,
    get full() {
      return bytes >= longest
    },
  }
}

export function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
