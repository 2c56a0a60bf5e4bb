import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { PageRows } from '../decode/page-decoder.ts'
import { canonicalMembers, canonicalValue } from '../schema/canonical.ts'
import type { Member } from '../schema/value.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { markLength } from '../destinations/marks.ts'

/** A stretch of a page: rows that pass as they are, or one row that wants a closer look. */
export type Segment = { readonly verbatim: Uint8Array } | { readonly nonConforming: Uint8Array }

/** Cuts the lines of a page at its odd rows (pairs of offsets, ascending), wherever the chunks happen to end. */
export async function* readSegments(
  { lines }: PageRows,
  odd: readonly number[],
): AsyncGenerator<Segment, void, undefined> {
  let base = 0
  let next = 0
  let pieces: Uint8Array[] = []
  for await (const chunk of lines.read()) {
    let at = 0
    while (at < chunk.length) {
      const start = odd[next * 2] ?? Infinity
      const end = (odd[next * 2 + 1] ?? Infinity) + 1
      if (base + at < start) {
        const stop = Math.min(chunk.length, start - base)
        yield { verbatim: chunk.subarray(at, stop) }
        at = stop
      } else {
        const stop = Math.min(chunk.length, end - base)
        pieces.push(chunk.subarray(at, stop))
        at = stop
        if (base + at === end) {
          const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces)
          yield { nonConforming: bytes.subarray(0, -1) }
          pieces = []
          next++
        }
      }
    }
    base += chunk.length
  }
}

/** The row as text; undefined where its bytes are no UTF-8. */
export const rowText = (bytes: Uint8Array): string | undefined =>
  isUtf8(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() : undefined

/**
 * Tells whether a row was seen before: the first `markLength` characters of the SHA-256 of its members, in base64url. White space, the order of
 * members and escapes make no difference. With a primary key the row is its key and its cursor alone, so that a member
 * which differs each time (when the provider answered) makes no new row.
 */
export function rowMark(members: readonly Member[], primaryKey: readonly string[], cursor: CursorValue | null): string {
  const parts = primaryKey
    .map((key) => members.find((member) => member.key === key))
    .filter((part) => part !== undefined)
  const text =
    primaryKey.length > 0 ? JSON.stringify([...parts.map(canonicalValue), cursor]) : canonicalMembers(members)
  return createHash('sha256').update(text).digest('base64url').slice(0, markLength)
}

/** The mark in checkpoints of earlier versions: of the bytes as they came, in base64. */
export const byteMark = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('base64').slice(0, markLength)

/** The rows as texts, regardless of what their bytes are. */
export async function* readLines({ lines }: PageRows): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder()
  let open = ''
  for await (const chunk of lines.read()) {
    const texts = (open + decoder.decode(chunk, { stream: true })).split('\n')
    open = texts.pop() ?? ''
    yield* texts
  }
}
