import { type Duplex, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { callbackify } from 'node:util'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { TransportError } from './transport-error.ts'
import type { BodySink } from './body-sink.ts'
import { quoted } from '../base/words/line.ts'

const chunkSize = 64 * 1024

/** More than anybody means: each layer multiplies what a small body can swell to. */
const mostCodings = 5

const openers: Readonly<Record<string, (first: Uint8Array) => Duplex>> = {
  gzip: () => createGunzip({ chunkSize }),
  'x-gzip': () => createGunzip({ chunkSize }),
  // RFC 9110 section 8.4.1.2 means the zlib format, but some servers send the bare stream.
  deflate: ([first = 0]) => ((first & 0x0f) === 8 ? createInflate({ chunkSize }) : createInflateRaw({ chunkSize })),
  br: () => createBrotliDecompress({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize }),
}

/** What to ask for. */
export const acceptEncoding = 'gzip, deflate, br, zstd'

/**
 * The codings of a `Content-Encoding` value in the order in which they were applied (RFC 9110 section 8.4). Throws
 * RESPONSE_INVALID for one that is not known.
 */
export function readCodings(value = ''): readonly string[] {
  const codings = value
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && part !== 'identity')
  const unknown = codings.find((coding) => !Object.hasOwn(openers, coding))
  if (unknown !== undefined || codings.length > mostCodings)
    throw new TransportError(
      'RESPONSE_INVALID',
      `was answered with the content encoding ${quoted(value, 100)}, which was not asked for`,
    )
  return codings
}

/** Undoes `codings` on the way to `sink`, holding no more than a few chunks. A body cut short throws API_UNAVAILABLE. */
export function decompress<Result>(sink: BodySink<Result>, codings: readonly string[]): BodySink<Result> {
  let flow: Flow | undefined
  return {
    write: (chunk) => {
      if (sink.full) return undefined
      flow ??= openFlow(sink, codings, chunk)
      return flow.write(chunk)
    },
    end: async () => {
      await flow?.end()
      return sink.end()
    },
    discard: async () => {
      await flow?.destroy()
      await sink.discard()
    },
    get full() {
      return sink.full ?? false
    },
  }
}

interface Flow {
  write(chunk: Uint8Array): void | Promise<void>
  end(): Promise<void>
  destroy(): Promise<void>
}

/** Opened with the first chunk, as an empty body is no valid stream of any coding. */
function openFlow(sink: BodySink<unknown>, codings: readonly string[], firstChunk: Uint8Array): Flow {
  const streams = codings.toReversed().map((coding, at) => openStream(coding, at === 0 ? firstChunk : zlibStart))
  const head = streams[0] as Duplex
  let wake = () => {}
  const done = runFlow(streams, sink).finally(() => wake())
  // Whoever waits for `done` gets the failure; until then it must not count as unhandled.
  done.catch(() => {})
  head.on('drain', () => wake())
  return {
    write: (chunk) => {
      if (head.destroyed) return done
      if (head.write(chunk)) return undefined
      return new Promise<void>((resolve) => (wake = resolve)).then(() => (head.destroyed ? done : undefined))
    },
    end: () => {
      head.end()
      return done
    },
    destroy: async () => {
      head.destroy()
      await done.catch(() => {})
    },
  }
}

async function runFlow(streams: readonly Duplex[], sink: BodySink<unknown>): Promise<void> {
  const take = callbackify((chunk: Uint8Array) => pour(chunk, sink))
  try {
    await pipeline([...streams, new Writable({ write: (chunk: Uint8Array, _, next) => take(chunk, next) })])
  } catch (error) {
    if (!sink.full) throw convert(error)
  }
}

/** An inner deflate is taken for what the RFC says. */
const zlibStart = Uint8Array.of(0x78)

function openStream(coding: string, firstChunk: Uint8Array): Duplex {
  const open = openers[coding]
  if (!open)
    throw new TransportError('RESPONSE_INVALID', `was answered with the content encoding ${coding}, which is not known`)
  return open(firstChunk)
}

async function pour(chunk: Uint8Array, sink: BodySink<unknown>): Promise<void> {
  const wait = sink.write(chunk)
  if (wait) await wait
  if (sink.full) throw new Error('nothing more is wanted')
}

function convert(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (error instanceof TransportError || !/^(?:Z_|ERR_|ZSTD|zstd)/.test(code)) return error
  return code === 'Z_BUF_ERROR'
    ? new TransportError('API_UNAVAILABLE', 'was cut short: the compressed body ends too early', error)
    : new TransportError(
        'RESPONSE_INVALID',
        `was answered with a body that is not what its content encoding says (${code})`,
        error,
      )
}
