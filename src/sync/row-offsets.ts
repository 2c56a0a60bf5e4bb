import type { PageRows } from '../decode/page-decoder.ts'
import type { CursorValue } from '../syntax/cursor-value.ts'
import { readCursor } from './row-cursor.ts'
import type { SeenRowFilter } from './seen-row-filter.ts'

/** The odd rows, and beside them those at the boundary. */
export async function withEdge(
  page: PageRows,
  {
    boundary,
    edge,
    numeric,
  }: { readonly boundary: SeenRowFilter; readonly edge: CursorValue | null; readonly numeric: boolean },
): Promise<readonly number[]> {
  const all: number[] = []
  const rows = page.entries()[Symbol.iterator]()
  let entry = rows.next()
  let next = 0
  let base = 0
  let carried: Buffer = Buffer.alloc(0)
  for await (const chunk of page.lines.read()) {
    // Chunks that come from a file may end inside a row.
    const bytes =
      carried.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([carried, chunk])
    const end = bytes.lastIndexOf(0x0a) + 1
    for (; !entry.done && entry.value.line < base + end; entry = rows.next()) {
      const { line, cursor, cursorLength } = entry.value
      if (page.nonConforming[next * 2] === line) {
        all.push(line, page.nonConforming[next * 2 + 1] as number)
        next++
      } else {
        const at = line - base + cursor
        const value = cursor === 0 ? null : readCursor(bytes.toString('utf8', at, at + cursorLength), numeric)
        if ((edge === null && value !== null) || !boundary.passes(value, edge)) {
          all.push(line, base + bytes.indexOf(0x0a, line - base))
        }
      }
    }
    carried = bytes.subarray(end)
    base += end
  }
  return all
}

/** All rows of a page, as `PageRows.odd` lists them. */
export async function everyRow(page: PageRows): Promise<readonly number[]> {
  const all: number[] = []
  let base = 0
  let start = 0
  for await (const chunk of page.lines.read()) {
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) {
      all.push(start, base + at)
      start = base + at + 1
    }
    base += chunk.length
  }
  return all
}
