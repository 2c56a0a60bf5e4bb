import { SyncError } from '../errors.ts'
import type { DecoderOptions } from './index.ts'
import { complaintIn, isErrorBody, reportsError } from './missing-rows.ts'
import type { PageDecoder } from './page-decoder.ts'
import { createRowScan } from './row-scan.ts'

/** JSON Lines: an object on each line. Blank lines are passed over, the last line feed may be missing. */
export function jsonlDecoder(options: DecoderOptions): PageDecoder {
  const scan = createRowScan(options, true)
  const { collected } = scan
  let bytes = 0

  const scanRows = async (): Promise<void> => {
    const state = await scan.run()
    if (state === 'more') return
    const what = state === 'malformed' ? 'holds a line that is no valid JSON' : 'holds a line that is no object'
    throw invalid(options, what, collected.count)
  }

  return {
    write: (chunk) => {
      const hasMark = bytes === 0 && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf
      scan.push(hasMark ? chunk.subarray(3) : chunk)
      bytes += chunk.length
      return scan.ready ? scanRows() : undefined
    },
    end: async () => {
      scan.push(Buffer.from('\n'))
      await scanRows()
      if (scan.rest().length > 0) throw invalid(options, 'ends in the middle of a line', collected.count)
      const highest = scan.close()
      const rows = collected.finish(highest)
      const only = rows.count === 1 ? rows.last() : undefined
      // A provider that fails in the middle of its work says so in the only line that it sends.
      const complaint = isErrorBody(only) ? complaintIn(only) : undefined
      if (complaint === undefined) return { envelope: null, rows, rowsAt: [], bytes }
      return { envelope: only, rows, rowsAt: [], bytes, problem: reportsError(options.where, complaint) }
    },
    discard: () => collected.discard(),
  }
}

const invalid = (options: DecoderOptions, what: string, row: number): SyncError =>
  new SyncError(
    'RESPONSE_INVALID',
    `The body that ${options.where} answered ${what}, after row ${row}; expected JSON Lines`,
  )
