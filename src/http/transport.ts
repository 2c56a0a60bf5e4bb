import type { Dispatcher } from 'undici'
import manifest from '../../package.json' with { type: 'json' }
import type { PageBody, PageDecoder } from '../decode/page-decoder.ts'
import type { SignedRequest } from './authorize.ts'
import { type BodySink, countBytes } from './body-sink.ts'
import { TransportError } from './transport-error.ts'
import { acceptEncoding, readCodings } from './decompress.ts'
import { createErrorBody, type ErrorBody } from './error-body.ts'
import { SyncError } from '../base/errors.ts'
import { isOk } from './error-rules.ts'
import { exchange } from './exchange.ts'
import type { Meter } from './meter.ts'
import type { ApiResponse, ResponseHeaders } from './send.ts'
import { unpack } from './sniff.ts'

/** What is known of a response before its body; `url` without the credential. */
export interface ResponseHead {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly url: string
}

export interface TransportOptions {
  readonly dispatcher: Dispatcher
  /** Called for each attempt that is answered with a 2xx. */
  readonly openDecoder: (head: ResponseHead) => PageDecoder
  /** Whether a rule of the connector refuses an answer by its head alone: its body is then not decoded. */
  readonly isRefused?: (head: ResponseHead) => boolean
  /** Whether rules of the connector ask for the body, also for one that cannot be decoded. */
  readonly keepsText?: boolean
  /** Milliseconds for one attempt, whole. */
  readonly timeout: number
  /** `body`: bytes that a body may have, before and after decompression. */
  readonly limits?: { readonly body: number }
  readonly meter: Meter
  /** Told what was unpacked against the headers: a sentence that is the same for all pages. */
  readonly onRepair?: ((repair: string) => void) | undefined
}

const gibibyte = 1024 ** 3

/** What a body may swell to without a question, and how many times its size beyond that: no rows are so much alike. */
const swelling = { bytes: 16 * 1024 * 1024, times: 200 }

/** Longest silence in the middle of a body, in milliseconds. */
const longestSilence = 60_000

/** Set by the connection itself, so that a connector's own would only contradict it. */
const ownHeaders = new Set([
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'proxy-connection',
])

const usualHeaders = {
  accept: 'application/json, */*;q=0.9',
  'accept-encoding': acceptEncoding,
  'user-agent': `headrace/${manifest.version}`,
}

/**
 * Sends one attempt and decodes its body as it comes in. Resolves regardless of the status. Throws `BrokenExchange`, and what
 * the decoder throws.
 */
export function createTransport(
  options: TransportOptions,
): (request: SignedRequest, signal: AbortSignal) => Promise<ApiResponse> {
  const { dispatcher, meter, timeout } = options
  return async (request, signal) => {
    meter.requests++
    let head: ResponseHead | undefined
    let errorBody: ErrorBody | undefined
    let beginning: ErrorBody | undefined
    const open = (status: number, headers: ResponseHeaders) => {
      head = { status, headers, url: (request.unsigned ?? request).url }
      if (!isOk(head) || options.isRefused?.(head)) errorBody = createErrorBody()
      else if (options.keepsText) beginning = createErrorBody()
      return openSink(head, options, { errorBody, beginning })
    }
    try {
      const body = await exchange(dispatcher, { request: toDispatch(request, timeout), timeout, open }, signal)
      const text = beginning?.partial().text
      return { ...(head as ResponseHead), body: text === undefined ? body : { ...body, text } }
    } catch (error) {
      // Of an error the status is enough, so its body may break off.
      if (head && errorBody && !signal.aborted) return { ...head, body: errorBody.partial() }
      // The rules may know what to do with a body that is not what the format says.
      if (head && beginning && error instanceof SyncError && error.code === 'RESPONSE_INVALID')
        return { ...head, body: { ...beginning.partial(), undecoded: true, problem: error } }
      throw error
    }
  }
}

interface Kept {
  /** In place of the decoder. */
  readonly errorBody: ErrorBody | undefined
  /** Beside the decoder. */
  readonly beginning: ErrorBody | undefined
}

function openSink(head: ResponseHead, options: TransportOptions, { errorBody, beginning }: Kept): BodySink<PageBody> {
  const { meter, limits, openDecoder } = options
  const limit = limits?.body ?? gibibyte
  const guard = (bytes: number) => {
    if (bytes > limit)
      throw new TransportError(
        'RESPONSE_TOO_LARGE',
        `was answered with more than ${limit} bytes; ask for smaller pages, or raise max_body`,
      )
  }
  const codings = readCodings(head.headers['content-encoding'])
  if (!errorBody) guard(Number(head.headers['content-length'] ?? 0))
  let raw = 0
  let decoded = 0
  const decoder = errorBody ?? (beginning ? tee(openDecoder(head), beginning) : openDecoder(head))
  const sink = countBytes<PageBody>(decoder, (bytes) => {
    meter.bytes += bytes
    guard((decoded += bytes))
    if (decoded > swelling.bytes && decoded > swelling.times * raw)
      throw new TransportError(
        'RESPONSE_TOO_LARGE',
        `was answered with ${raw} bytes that unpack to over ${swelling.times} times as many, as no rows do; ask for smaller pages, or for no compression with the header Accept-Encoding: identity`,
      )
  })
  const isPacked = errorBody || packedTypes.test(head.headers['content-type'] ?? '')
  const packing = { codings, onRepair: isPacked ? undefined : options.onRepair }
  return countBytes(unpack(sink, packing), (bytes) => guard((raw += bytes)))
}

/** Types of files that are packed: their headers say so. */
const packedTypes = /^\s*application\/(?:x-)?(?:gzip|zstd)\b/i

function tee(decoder: PageDecoder, beginning: ErrorBody): BodySink<PageBody> {
  return {
    write: (chunk) => {
      beginning.write(chunk)
      return decoder.write(chunk)
    },
    end: () => decoder.end(),
    discard: () => decoder.discard(),
  }
}

function toDispatch(request: SignedRequest, timeout: number): Dispatcher.DispatchOptions {
  const url = new URL(request.url)
  const own = Object.entries(request.headers).filter(([name]) => !ownHeaders.has(name.toLowerCase()))
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: request.method,
    headers: { ...usualHeaders, ...Object.fromEntries(own) },
    body: request.body ?? null,
    headersTimeout: timeout,
    bodyTimeout: Math.min(timeout, longestSilence),
  }
}
