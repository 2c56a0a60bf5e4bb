import { SyncError } from '../errors.ts'
import type { DecoderOptions } from './index.ts'
import type { PageDecoder } from './page-decoder.ts'
import { RowCollector } from './page-rows.ts'
import { RowScanner } from './row-scanner.ts'

/** JSON Lines: an object on each line. Blank lines are passed over, the last line feed may be missing. */
export function jsonlDecoder(options: DecoderOptions): PageDecoder {
  const collected = new RowCollector()
  const scanner = RowScanner.acquire(options.shape(), { lines: true, listing: options.listing })
  let bytes = 0

  const scanRows = async (): Promise<void> => {
    const spills: Promise<void>[] = []
    const state = scanner.scan((found) => {
      const spill = collected.add(found)
      if (spill) spills.push(spill)
    })
    await Promise.all(spills)
    if (state !== 'more')
      throw invalid(
        options,
        state === 'malformed' ? 'holds a line that is no valid JSON' : 'holds a line that is no object',
        collected.count,
      )
  }

  return {
    write: (chunk) => {
      scanner.push(
        bytes === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk,
      )
      bytes += chunk.length
      return scanner.ready ? scanRows() : undefined
    },
    end: async () => {
      scanner.push(Buffer.from('\n'))
      await scanRows()
      if (scanner.rest().length > 0) throw invalid(options, 'ends in the middle of a line', collected.count)
      const highest = scanner.highest
      scanner.release()
      return { envelope: null, rows: collected.finish(highest), bytes }
    },
    discard: () => collected.discard(),
  }
}

const invalid = (options: DecoderOptions, what: string, row: number): SyncError =>
  new SyncError(
    'RESPONSE_INVALID',
    `The body that ${options.where} answered ${what}, after row ${row}; expected JSON Lines`,
  )
