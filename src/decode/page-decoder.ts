import type { SyncError } from '../base/errors.ts'
import type { RowEntry } from './row-scanner.ts'
import type { Spool } from '../base/spool.ts'

/**
 * The rows of one page, each one line of NDJSON in the bytes that the provider sent (line breaks inside a row are
 * blanked). Whoever holds them disposes of them, which frees the memory or the temporary file.
 */
export interface PageRows extends AsyncDisposable {
  readonly count: number
  /** One line a row, in the provider's order. */
  readonly lines: Spool
  /**
   * Where in `lines` the rows lie that want a closer look (a new column, another type, a rename, ...): pairs of byte
   * offsets, start inclusive and end exclusive (without the line feed), ascending. All other rows go on verbatim.
   */
  readonly nonConforming: readonly number[]
  /** The highest cursor among the rows that are not odd, as the provider wrote it (without quotes). */
  readonly highest: string | null
  /** Keys of integer columns whose rows that are not odd have integers beyond 2^53, of which a double holds only some. */
  readonly wide: readonly string[]
  /** Where each row lies, and its cursor; nothing where the stream has no need of that. */
  entries(): Iterable<RowEntry>
  /** The last row, parsed (the keyset paginator reads its field); undefined where there is none. */
  last(): unknown
}

/** The list that the provider pages by; the rows are picked from it. */
export interface SentRows {
  readonly count: number
  readonly first: unknown
  readonly last: unknown
  /** Its JSON. */
  readonly text: string
}

/** A decoded body: what the paginator and the error rules see, and the rows. */
export interface PageBody {
  /** The parsed body with the rows taken out (an empty array in their place). A string where the body was no JSON. */
  readonly envelope: unknown
  readonly rows: PageRows
  /** The member names that lead to the rows inside of the envelope; undefined where no single path does. */
  readonly rowsAt?: readonly string[] | undefined
  /** What the provider sent, where `rows` is a selection of it (a filter, lists inside of the rows). */
  readonly sent?: SentRows
  /** The answer has no body, as its status (204, 205) allows. */
  readonly bodiless?: true
  /** The beginning of the body as text, where the rules of the connector may ask for it. */
  readonly text?: string
  /** The body is not what the format says; `problem` says why. */
  readonly undecoded?: true
  /** Well-formed, but without the rows that were looked for: an error unless a rule of the connector says otherwise. */
  readonly problem?: SyncError
  /** Of the body, after decompression. */
  readonly bytes: number
}

/** Takes the bytes of one body as they come in. One decoder serves one attempt. */
export interface PageDecoder {
  /** Takes a chunk; it may be reused by the caller afterwards. A promise asks the caller to wait (a spill to disk). */
  write(chunk: Uint8Array): void | Promise<void>
  /** The body has ended well. Throws `SyncError('RESPONSE_INVALID')` where it is not what the format says. */
  end(): Promise<PageBody>
  /** The body broke: frees what was kept. */
  discard(): Promise<void>
}
