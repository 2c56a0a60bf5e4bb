import type { ServerResponse } from 'node:http'
import type { ErrorCode } from '../errors.ts'

/** An answer to a trigger: plain data. */
export interface Answer {
  readonly status: number
  readonly body: object
  readonly headers?: Readonly<Record<string, string>>
}

export function errorAnswer(
  status: number,
  error: { readonly code: ErrorCode; readonly message: string },
  headers?: Answer['headers'],
): Answer {
  const { code, message } = error
  return { status, body: { error: { code, message } }, ...(headers && { headers }) }
}

/** Resolves when the answer has been handed to the network, or the caller has gone. */
export async function send(response: ServerResponse, { status, body, headers }: Answer): Promise<void> {
  const text = Buffer.from(JSON.stringify(body) + '\n')
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': text.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  })
  const gone = new Promise((resolve) => response.once('close', resolve))
  response.end(text)
  await gone
}
