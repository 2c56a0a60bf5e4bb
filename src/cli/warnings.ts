import type { RecordedWarning } from '../status/status-report.ts'
import { oneLine } from '../base/words/line.ts'
import { wrap } from './table.ts'
import type { Terminal } from './terminal.ts'

/** Marks a run that may lack rows or have them twice. */
export const warningSign = '⚠'

/** Narrower lines would hold a word each. */
const narrowest = 20

interface Warned {
  readonly stream: string
  readonly warnings: readonly RecordedWarning[]
}

/**
 * The warnings of each stream, one after the other; empty where there are none.
 *
 * ```
 * ⚠ orders  LISTING_IN_DOUBT
 *     The page looks full, ...
 * ```
 */
export function describeWarnings(streams: readonly Warned[], terminal: Terminal): string {
  const width = Math.max(narrowest, terminal.width - 4)
  return streams
    .flatMap(({ stream, warnings }) =>
      warnings.flatMap(({ code, message }) => [
        ...wrap(`${warningSign} ${stream}  ${code}`, terminal.width).map((line) => terminal.style('yellow', line)),
        ...wrap(oneLine(message, 2_000), width).map((line) => `    ${line}`),
      ]),
    )
    .map((line) => `${line}\n`)
    .join('')
}
