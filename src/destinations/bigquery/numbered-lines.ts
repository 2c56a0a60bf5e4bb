import { orderColumn } from './rows-sql.ts'

const newline = 0x0a
const brace = 0x7b
const space = 0x20

/** Room in each block for what the lines grow by. */
const blockSize = 256 * 1024
const member = Buffer.from(`"${orderColumn}":`)

/** Of `"_headrace_order":9007199254740991,`. */
const memberSize = member.length + 17

/**
 * NDJSON with a number in each line that tells its place, from 0 on: BigQuery does not keep the order of the rows that
 * it loads. Lines pass through otherwise byte by byte; they may be split between chunks anywhere.
 */
export async function* numberLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let count = 0
  // Where the line in hand stands: before its brace, right behind it (an empty object takes no comma), or further on.
  let place: 'before' | 'open' | 'inside' = 'before'
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let block = Buffer.allocUnsafe(blockSize)
    let size = 0
    for (let at = 0; at < chunk.length;) {
      if (size + memberSize + 1 > block.length) {
        yield block.subarray(0, size)
        block = Buffer.allocUnsafe(blockSize)
        size = 0
      }
      if (place === 'before') {
        const open = chunk.indexOf(brace, at)
        if (open < 0) break
        block[size++] = brace
        size += member.copy(block, size)
        size += block.write(String(count++), size, 'latin1')
        at = open + 1
        place = 'open'
        continue
      }
      if (place === 'open') {
        while (at < chunk.length && (chunk[at] as number) <= space && chunk[at] !== newline) at++
        if (at === chunk.length) break
        if (chunk[at] !== 0x7d) block[size++] = 0x2c
        place = 'inside'
      }
      const found = chunk.indexOf(newline, at)
      const end = Math.min(found < 0 ? chunk.length : found + 1, at + block.length - size)
      size += chunk.copy(block, size, at, end)
      at = end
      if (found >= 0 && end === found + 1) place = 'before'
    }
    if (size > 0) yield block.subarray(0, size)
  }
}
