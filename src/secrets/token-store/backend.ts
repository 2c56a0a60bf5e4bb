import { z } from 'zod'

/** Where tokens lie, as text. `revision` says which text: another one never has the same. */
export interface TokenText {
  /** The newest text; `known` is a revision that is there, should the store itself not know of it yet. */
  read(signal: AbortSignal, known?: string): Promise<StoredText | undefined>
  /** Throws `SECRET_FORBIDDEN` where this process is known not to be allowed to write. */
  checkWritable(signal: AbortSignal): Promise<void>
  /** Durable before it resolves; `revision` of the new text. A failure may have written all the same. */
  write(text: string, signal: AbortSignal): Promise<string>
  /** Takes back a text that was written but is not to be read, as another process was faster. */
  discard(revision: string, signal: AbortSignal): Promise<void>
  /** Puts away what was before `revision`; `first` is the oldest revision that this program wrote. */
  tidy(revision: string, first: string, signal: AbortSignal): Promise<void>
}

export interface StoredText {
  readonly text: string
  readonly revision: string
}

/** The one place where processes agree on who renews: a small record with compare-and-swap. It holds no secret. */
export interface LeaseRecords {
  /** As it stands, empty where there is none. What it says may be old, but then a swap of it fails. */
  read(signal: AbortSignal): Promise<TaggedRecord>
  /**
   * Puts `record` in the place of the one that has `tag`. Undefined where that was changed meanwhile, or in doubt; when
   * it throws, the swap may have happened.
   */
  swap(record: LeaseRecord, tag: string, signal: AbortSignal): Promise<TaggedRecord | undefined>
  /** A name for a new holder, unlike all others. */
  nameHolder(): string
  /** Whether a holder is known to live no more; false where that cannot be known. */
  isGone(holder: string): boolean
}

export interface TaggedRecord {
  readonly record: LeaseRecord
  readonly tag: string
}

export interface TokenBackend {
  /** Without version and pointer: `secret:acme-tokens`. */
  readonly name: string
  readonly text: TokenText
  readonly records: LeaseRecords
  /** Makes the place where it is missing, so that it can be leased. */
  create(signal: AbortSignal): Promise<void>
}

const leaseRecord = z.object({
  holder: z.string().optional(),
  /** Grows with each swap, so that a holder who is alive can be told from one who is silent. */
  beat: z.int().nonnegative().default(0),
  /** The newest revision that was committed, and the first that this program wrote. */
  revision: z.string().optional(),
  first: z.string().optional(),
  /** A renewal of the tokens of a revision was begun (RFC 3339, the holder's clock), and its end is not known. */
  renewing: z.object({ revision: z.string(), since: z.string() }).optional(),
  /** RFC 3339: since when renewals were seen to leave the refresh token as it is. */
  steady: z.string().optional(),
})

export type LeaseRecord = z.output<typeof leaseRecord>

/** Of nothing, or of what somebody else wrote there, the record of a place that was never leased. */
export function parseLeaseRecord(text: string | undefined): LeaseRecord {
  try {
    return leaseRecord.parse(JSON.parse(text ?? '{}'))
  } catch {
    return { beat: 0 }
  }
}

/** In a fixed order, so that equal records are equal texts. */
export function formatLeaseRecord(record: LeaseRecord): string {
  return JSON.stringify(leaseRecord.parse(record))
}
