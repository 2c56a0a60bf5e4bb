import type { PageBody } from '../decode/page-decoder.ts'

/** A request as plain data: it can be compared, logged, and saved in a checkpoint. It never carries a credential. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  /** Absolute. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Response headers, names in lower case; a repeated header is joined by `, ` as RFC 9110 section 5.3 allows. */
export type ResponseHeaders = Readonly<Record<string, string>>

export interface ApiResponse {
  readonly status: number
  readonly headers: ResponseHeaders
  /** The URL that answered, after redirects. */
  readonly url: string
  /** The decoded body. Of an answer that is no 2xx only the envelope is kept (at most 64 KiB of it). */
  readonly body: PageBody
  /** An `errors:` rule says to take the answer as it is. */
  readonly ignored?: true
}

/** Sends one request and resolves with the whole, decoded response, regardless of its status. Throws `SyncError`. */
export type Send = (request: ApiRequest, signal: AbortSignal) => Promise<ApiResponse>

/** Adds one behaviour around `next`. */
export type Middleware = (next: Send) => Send

/** Stacks `layers` around `transport`; the first layer is the outermost. */
export function stack(layers: readonly Middleware[], transport: Send): Send {
  return layers.reduceRight((next, layer) => layer(next), transport)
}
