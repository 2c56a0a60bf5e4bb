import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '../base/errors.ts'

/** An answer to a trigger: plain data. */
export interface Answer {
  readonly status: number
  /** Sent as JSON; a text as it is, `headers` say what it is. */
  readonly body: object | string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

export function errorAnswer(
  status: number,
  error: { readonly code: ErrorCode; readonly message: string },
  headers?: Answer['headers'],
): Answer {
  const { code, message } = error
  return { status, body: { error: { code, message } }, ...(headers && { headers }) }
}

/** Sends the caller elsewhere, to a path of this service's or a sign-in provider's, with GET. */
export function redirectAnswer(location: string, headers: Answer['headers'] = {}): Answer {
  return { status: 303, body: '', headers: { location, ...headers } }
}

/** Resolves when the answer has been handed to the network, or the caller has gone. */
export async function send(response: ServerResponse, { status, body, headers }: Answer): Promise<void> {
  const text = Buffer.from(typeof body === 'string' ? body : `${JSON.stringify(body)}\n`)
  response.writeHead(status, {
    'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
    'content-length': text.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  const gone = new Promise((resolve) => response.once('close', resolve))
  response.end(text)
  await gone
}
