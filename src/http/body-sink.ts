/** Takes the bytes of one body, as a `PageDecoder` does. */
export interface BodySink<Result> {
  /** A promise asks the caller to wait. */
  write(chunk: Uint8Array): void | Promise<void>
  /** The body has ended well. */
  end(): Promise<Result>
  /** The body broke: frees what was kept. */
  discard(): Promise<void>
  /** Nothing more is wanted: the rest of the body need not be read. */
  readonly full?: boolean
}

/** Hands on what `count` lets through: it is told the size of each chunk, and throws once there are too many bytes. */
export function countBytes<Result>(sink: BodySink<Result>, count: (bytes: number) => void): BodySink<Result> {
  return {
    write: (chunk) => {
      count(chunk.length)
      return sink.write(chunk)
    },
    end: () => sink.end(),
    discard: () => sink.discard(),
    get full() {
      return sink.full ?? false
    },
  }
}
