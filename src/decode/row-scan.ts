import type { BodyOptions } from './decoder.ts'
import { oversizedBytes } from './oversized-row.ts'
import { RowCollector } from './page-rows.ts'
import { RowScanner, type ScanState } from './row-scanner.ts'

/** The rows of one body, from its bytes into a collector. */
export interface RowScan {
  readonly collected: RowCollector
  /** Whether enough has come in for `run`. */
  readonly ready: boolean
  push(bytes: Uint8Array): void
  /** Goes through what has come in; whatever it finds is in `collected` when the promise resolves. */
  run(): Promise<ScanState>
  /** The bytes not yet read. */
  rest(): Uint8Array
  /** Gives the scanner's memory back and returns the highest cursor. */
  close(): string | undefined
}

export function createRowScan(options: BodyOptions, lines: boolean): RowScan {
  const { listing, learn } = options
  const shape = options.shape()
  const scanner = RowScanner.acquire(shape, { lines, listing, maxRow: options.maxRow })
  const collected = new RowCollector()
  let isNew = shape.columns.length === 0 && learn !== undefined
  return {
    collected,
    get ready() {
      return scanner.ready
    },
    push: (bytes) => scanner.push(bytes),
    run: async () => {
      const spills: Promise<void>[] = []
      const state = scanner.scan((found) => {
        if (isNew && collected.count === 0) learn?.(withoutOversized(found.lines))
        const spill = collected.add(found)
        if (spill) spills.push(spill)
      })
      await Promise.all(spills)
      if (isNew && state === 'more') {
        isNew = false
        scanner.reshape(options.shape())
      }
      return state
    },
    rest: () => scanner.rest(),
    close: () => {
      const { highest, wide } = scanner
      collected.noteWide(wide)
      scanner.release()
      return highest
    },
  }
}

/** What stands for a row that is too large says nothing of the rows behind it. */
const withoutOversized = (lines: Uint8Array): Uint8Array =>
  oversizedBytes(lines) === undefined ? lines : lines.subarray(lines.indexOf(0x0a) + 1)
