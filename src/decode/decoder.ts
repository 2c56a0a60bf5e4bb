import type { Shape } from '../schema/shape.ts'
import type { Asked } from './entity.ts'
import type { PageDecoder } from './page-decoder.ts'

/** What is known of a body before it comes. */
export interface BodyOptions {
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

/** All that the rest of the program knows of a format. */
export interface Decoder<Name extends string = string> {
  /** As `format` names it. */
  readonly name: Name
  /** What requests say that they take, unless the connector says otherwise. */
  readonly accept: string
  /** A document of it says itself in what it is written: neither the content type nor a byte order mark is minded. */
  readonly saysCharset?: true
  /** Its numbers may be NaN and the like, which JSON forbids. */
  readonly isJson?: true
  create(options: BodyOptions): PageDecoder
}

/** Identity at run time; keeps the name as it is written. */
export function defineDecoder<const Name extends string>(decoder: Decoder<Name>): Decoder<Name> {
  return decoder
}
