import { oneLine } from './words/line.ts'

/** What a run may be in doubt about without failing. Scripts and alerts go by the code, people by the message. */
export const warningCodes = [
  /** The listing may have been cut short: a page looks full, or `max_pages` ended it. */
  'LISTING_IN_DOUBT',
  /** Rows changed at the source while it was paged, so that some may have been missed or come twice. */
  'SOURCE_MOVED',
  /** Rows whose cursor is missing or cannot be read: they are stored, and do not move the cursor. */
  'CURSOR_UNREADABLE',
  /** Rows whose cursor is a time far in the future: they are stored, and do not move the cursor. */
  'CURSOR_AHEAD',
  /** Most values of a column do not fit its declared type. */
  'TYPE_MISFIT',
  /** Rows were refused; `_headrace_rejects` has them. */
  'ROWS_REFUSED',
  /** A partition or a parent row was left out. */
  'SLICE_SKIPPED',
  /** One cursor for all slices has become one for each. */
  'SLICES_SPLIT',
  /** Rows that came again cannot be told from new ones with certainty. */
  'ROWS_MAY_REPEAT',
  /** The connector file was changed in a way that the rows already in the table do not follow. */
  'STATE_CHANGED',
  /** The response was read although it is not quite what it claims to be. */
  'RESPONSE_REPAIRED',
] as const

export type WarningCode = (typeof warningCodes)[number]

export interface Warning {
  readonly code: WarningCode
  /** One sentence: what, where, what to do. Safe to show: never a secret or a body. */
  readonly message: string
}

/** Takes a warning of one stream. The same message twice counts once. */
export type Warn = (code: WarningCode, message: string) => void

/** Columns of a message: what a provider says in it cannot fill the record. */
const widest = 2_000

/** More would hide the first ones. */
const maxWarnings = 20

/** The warnings of one stream in one run: the first of them, and how many were left out. */
export class Warnings {
  readonly #found = new Map<string, Warning>()
  readonly #onWarning: (warning: Warning) => void
  readonly #redact: (text: string) => string
  #leftOut = 0

  /** `onWarning` is called for each warning that is kept, when it comes. `redact` takes secrets out of it. */
  constructor(onWarning: (warning: Warning) => void, redact = (text: string): string => text) {
    this.#onWarning = onWarning
    this.#redact = redact
  }

  readonly add: Warn = (code, words) => {
    const message = oneLine(this.#redact(words), widest)
    const key = `${code} ${message}`
    if (this.#found.has(key)) return
    if (this.#found.size >= maxWarnings) {
      this.#leftOut++
      return
    }
    const warning: Warning = { code, message }
    this.#found.set(key, warning)
    this.#onWarning(warning)
  }

  get list(): readonly Warning[] {
    const kept = [...this.#found.values()]
    const last = kept.at(-1)
    if (!last || this.#leftOut === 0) return kept
    return [...kept, { code: last.code, message: `Further warnings were left out: ${this.#leftOut}.` }]
  }
}
