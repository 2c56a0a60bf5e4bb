import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { type Dispatcher, request } from 'undici'
import { SyncError } from '../../base/errors.ts'
import type { Credentials } from './credentials.ts'
import { errorReply } from './replies.ts'
import { ServiceError } from './service-error.ts'

/** One request to the REST API. Every request of ours may be sent again: jobs bear ids of our own, and all else overwrites. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Behind `/projects/PROJECT`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: unknown
  /** Bytes that a load job reads; called once for each try. */
  readonly upload?: () => AsyncIterable<Uint8Array>
}

/** Milliseconds, and tries in all. */
export interface Limits {
  readonly attempts: number
  readonly base: number
  readonly cap: number
  /** For one request, its body included. */
  readonly request: number
  readonly upload: number
  /** For a job to end by itself, and then for it to end once it was cancelled. */
  readonly job: number
  readonly cancelled: number
}

export interface Target {
  readonly origin: string
  readonly project: string
  readonly credentials: Credentials
  readonly dispatcher: Dispatcher
  readonly limits: Limits
}

/**
 * Sends a request once and parses its answer (undefined where it has no body). Throws `ServiceError`; one without an
 * answer has status 0, and tells nothing of whether the request took effect.
 */
export async function exchange(target: Target, call: Call, signal: AbortSignal): Promise<unknown> {
  const { origin, project, credentials, dispatcher, limits } = target
  const url = new URL(`${origin}${call.upload ? '/upload' : ''}/bigquery/v2/projects/${project}${call.path}`)
  for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value)
  if (call.upload) url.searchParams.set('uploadType', 'multipart')
  const timeout = AbortSignal.timeout(call.upload ? limits.upload : limits.request)
  const content = toContent(call)
  try {
    const response = await request(url, {
      method: call.method,
      headers: { ...(await credentials.headers(url.href)), ...content?.headers, ...call.headers },
      ...(content && { body: content.body }),
      signal: AbortSignal.any([signal, timeout]),
      dispatcher,
    })
    const text = await response.body.text()
    if (response.statusCode >= 400) throw toServiceError(response.statusCode, text)
    return text === '' ? undefined : JSON.parse(text)
  } catch (thrown) {
    signal.throwIfAborted()
    if (thrown instanceof SyncError || thrown instanceof ServiceError) throw thrown
    if (timeout.aborted) throw new ServiceError(0, 'timeout', 'the request was not answered in time')
    throw new ServiceError(0, 'connection', `the connection broke (${describeBreak(thrown)})`)
  }
}

interface Content {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Readable
}

function toContent({ body, upload }: Call): Content | undefined {
  const json = JSON.stringify(body)
  if (upload) {
    const boundary = `headrace-${randomUUID()}`
    return {
      headers: { 'content-type': `multipart/related; boundary=${boundary}` },
      body: Readable.from(toMultipart(json, upload(), boundary), { objectMode: false }),
    }
  }
  return body === undefined ? undefined : { headers: { 'content-type': 'application/json' }, body: json }
}

/** RFC 2387: what the job is, then what it loads. */
async function* toMultipart(
  metadata: string,
  media: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${metadata}\r\n` +
      `--${boundary}\r\ncontent-type: application/octet-stream\r\n\r\n`,
  )
  yield* media
  yield Buffer.from(`\r\n--${boundary}--\r\n`)
}

function toServiceError(status: number, text: string): ServiceError {
  const parsed = errorReply.safeParse(parseJson(text))
  if (!parsed.success) return new ServiceError(status, 'unknown', `HTTP status ${status}`)
  const { message, errors, status: code } = parsed.data.error
  return new ServiceError(status, errors[0]?.reason ?? code ?? 'unknown', message)
}

/** A proxy on the way may answer anything. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function describeBreak(thrown: unknown): string {
  const { code, name } = thrown as { code?: unknown; name?: unknown }
  return String(code ?? name)
}
