import { SyncError } from '../base/errors.ts'
import { cutShort, endsTooEarly } from './cut-short.ts'
import { type BodyOptions, defineDecoder } from './decoder.ts'
import { complaintIn, isErrorBody, reportsError } from './missing-rows.ts'
import { refuseNonFinite } from './non-finite.ts'
import type { PageDecoder } from './page-decoder.ts'
import { createRowScan } from './row-scan.ts'

/** JSON Lines: an object on each line. Blank lines are passed over, the last line feed may be missing. */
export default defineDecoder({
  name: 'jsonl',
  accept: 'application/x-ndjson, application/json',
  isJson: true,
  create: jsonlDecoder,
})

function jsonlDecoder(options: BodyOptions): PageDecoder {
  const scan = createRowScan(options, true)
  const { collected } = scan
  let bytes = 0
  let pushed = 0

  const push = (chunk: Uint8Array): void => {
    scan.push(chunk)
    pushed += chunk.length
  }

  const scanRows = async (): Promise<void> => {
    const state = await scan.run()
    if (state === 'more') return
    const rest = scan.rest()
    const number = refuseNonFinite(rest, options.where, (at) => pushed - rest.length + at)
    if (number) throw number
    const what = state === 'malformed' ? 'holds a line that is no valid JSON' : 'holds a line that is no object'
    throw invalid(options, what, collected.count)
  }

  return {
    write: (chunk) => {
      push(chunk)
      bytes += chunk.length
      return scan.ready ? scanRows() : undefined
    },
    end: async () => {
      await scanRows()
      if (isCut(scan.rest())) throw cutShort(invalid(options, 'ends in the middle of a line', collected.count))
      push(Buffer.from('\n'))
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

/** Whether the last line, which no line feed ends, is the beginning of an object. */
function isCut(line: Uint8Array): boolean {
  if (line.length === 0) return false
  const text = Buffer.from(line).toString()
  try {
    JSON.parse(text)
    return false
  } catch (cause) {
    return endsTooEarly(cause, text)
  }
}

const invalid = (options: BodyOptions, what: string, row: number): SyncError =>
  new SyncError(
    'RESPONSE_INVALID',
    `The body that ${options.where} answered ${what}, after row ${row}; expected JSON Lines`,
  )
