import type { Shape } from '../schema/shape.ts'
import type { Asked } from './entity.ts'
import { withCharset, withMark } from './charset.ts'
import { jsonDecoder } from './json.ts'
import { jsonlDecoder } from './jsonl.ts'
import { withFinite } from './non-finite.ts'
import type { PageDecoder } from './page-decoder.ts'
import { xmlDecoder } from './xml.ts'

export const formats = ['json', 'jsonl', 'xml'] as const
export type Format = (typeof formats)[number]

export interface DecoderOptions {
  readonly format: Format
  /** An RFC 9535 JSONPath to the rows; where absent they are looked for, and `onRowsFound` is told the path. */
  readonly rows: string | undefined
  readonly onRowsFound?: (rows: string) => void
  /** What a row must look like to be passed on verbatim, asked for as a body begins. */
  readonly shape: () => Shape
  /**
   * Told the first rows (one line each) of a body that is large and came before any shape was known: what `shape` says
   * afterwards holds for the rest of it.
   */
  readonly learn?: ((lines: Uint8Array) => void) | undefined
  /** Whether to keep where each row and its cursor lie. */
  readonly listing: boolean
  /** Bytes of a row; larger ones are not held, and stand in `PageRows` by their size alone. No limit where absent. */
  readonly maxRow?: number | undefined
  /** Bytes of a body that is parsed as a whole (at most 32 MiB where absent), and of what lies around the rows of one that is not. */
  readonly maxWhole?: number | undefined
  /** The `charset` of the content type, in lower case; UTF-8 where absent (RFC 8259 section 8.1). */
  readonly charset?: string | undefined
  /** An answer such as 204 has no body. */
  readonly mayBeEmpty: boolean
  /** A page may lack the member that `rows` names: it is an empty one. */
  readonly mayLackRows?: boolean | undefined
  /** What the path of the request says of the answer, where `rows` is absent. */
  readonly asked?: Asked | undefined
  /** NaN, Infinity and -Infinity are read as null, where the body is JSON. */
  readonly nonFinite?: 'null' | undefined
  /** Bytes that are not in the charset become U+FFFD; of rows in UTF-8 the caller sees to that. */
  readonly replaceInvalid?: boolean | undefined
  /** Told what was read although it is not quite what it claims to be: a sentence that is the same for all pages. */
  readonly onRepair?: ((repair: string) => void) | undefined
  /** Told what was guessed of an answer, in a sentence. */
  readonly onGuess?: ((guess: string) => void) | undefined
  /** Method and URL without credentials, for messages. */
  readonly where: string
}

/** The decoder of one body. */
export function createPageDecoder(options: DecoderOptions): PageDecoder {
  const decoder = createFormatDecoder(options)
  // An XML document has its own say in what it is written in.
  if (options.format === 'xml') return decoder
  const charset = options.charset && !/^(utf-?8|us-ascii)$/.test(options.charset) ? options.charset : undefined
  return withMark(decoder, (mark) => {
    const label = mark ?? charset
    if (mark !== undefined && !mark.startsWith(charset ?? 'utf-8'))
      options.onRepair?.(
        `The answers begin with the byte order mark of ${mark}, while their headers say ${charset ?? 'utf-8'}; they are read by the mark.`,
      )
    return label === undefined || label === 'utf-8' ? decoder : withCharset(decoder, label, options)
  })
}

function createFormatDecoder(options: DecoderOptions): PageDecoder {
  switch (options.format) {
    case 'json':
      return finite(jsonDecoder(options), options)
    case 'jsonl':
      return finite(jsonlDecoder(options), options)
    case 'xml':
      return xmlDecoder(options)
  }
}

function finite(decoder: PageDecoder, { nonFinite, onRepair }: DecoderOptions): PageDecoder {
  if (nonFinite === undefined) return decoder
  return withFinite(decoder, () => onRepair?.('The answers hold NaN or Infinity, which is read as null (non_finite).'))
}
