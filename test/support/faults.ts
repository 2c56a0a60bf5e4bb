import { setTimeout } from 'node:timers/promises'
import type { Exchange, Fault } from './provider.ts'

const json = { 'content-type': 'application/json' }

/** What a careless provider says back: the credential in every spelling it can think of. */
export function echo({ received }: Exchange): string {
  const credential = received.headers.authorization ?? 'none'
  const token = credential.replace(/^\S+ /, '')
  const spellings = [credential, token, encodeURIComponent(token), Buffer.from(token).toString('base64')]
  return JSON.stringify({ error: { message: `you sent ${spellings.join(' or ')}` }, message: `bad token ${token}` })
}

/** A status, and an answer that repeats the credential. */
export const status =
  (code: number, headers: Record<string, string> = {}): Fault =>
  (exchange) => {
    exchange.response.writeHead(code, { ...json, ...headers }).end(echo(exchange))
  }

/** A body of the fault's own making, with status 200. */
export const body =
  (bytes: string | Buffer, headers: Record<string, string> = json): Fault =>
  ({ response }) => {
    response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(bytes) }).end(bytes)
  }

/** A sign-in page with status 200. */
export const html: Fault = (exchange) => {
  exchange.response
    .writeHead(200, { 'content-type': 'text/html' })
    .end(`<!doctype html><p>Please sign in. ${echo(exchange)}</p>`)
}

/** The connection breaks after half of the body. */
export const cutConnection: Fault = ({ response, body: whole, headers }) => {
  response.writeHead(200, { ...headers, 'content-length': whole.length })
  response.write(whole.subarray(0, whole.length >> 1), () => response.destroy())
}

/** Half of the JSON, in an answer that is whole as far as HTTP goes. */
export const cutJson: Fault = ({ response, body: whole, headers }) => {
  const half = whole.subarray(0, whole.length >> 1)
  response.writeHead(200, { ...headers, 'content-length': half.length }).end(half)
}

/** Half of the body, then nothing, for ever. */
export const stall: Fault = ({ response, body: whole, headers }) => {
  response.writeHead(200, { ...headers, 'content-length': whole.length })
  response.write(whole.subarray(0, whole.length >> 1))
}

/** Rows without end, as fast as they are taken. */
export const flood: Fault = async ({ response, headers }) => {
  response.writeHead(200, headers)
  response.write('{"data":[{"id":1}')
  const rows = Buffer.from(`,{"id":2,"pad":"${'x'.repeat(1000)}"}`.repeat(50))
  while (!response.destroyed) {
    if (!response.write(rows)) await new Promise((resolve) => response.once('drain', resolve).once('close', resolve))
    await setTimeout(1)
  }
}

/** No answer at all. */
export const silence: Fault = () => undefined

export const redirect =
  (location: string, code = 302): Fault =>
  ({ response }) => {
    response.writeHead(code, { location }).end()
  }

/** The page as it should be, but the next one is said to lie elsewhere. */
export const linkTo =
  (next: string): Fault =>
  ({ response, window, headers }) => {
    response
      .writeHead(200, { ...headers, link: `<${next}>; rel="next"` })
      .end(JSON.stringify({ data: window.rows, next }))
  }

/** The page with its row `at` replaced by bytes that may be no JSON. */
export const row =
  (at: number, bytes: string | Buffer): Fault =>
  ({ response, window, headers }) => {
    const parts = window.rows.map((one, index) =>
      index === at ? Buffer.from(bytes) : Buffer.from(JSON.stringify(one)),
    )
    const joined = parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(','), part]))
    const whole = Buffer.concat([Buffer.from('{"data":['), ...joined, Buffer.from(`],"total":${window.total}}`)])
    response.writeHead(200, { ...headers, 'content-length': whole.length }).end(whole)
  }

/** `{"id":…,"v":[[[…]]]}` so many levels deep. */
export const nested = (id: number, levels: number): string =>
  `{"id":${id},"v":${'['.repeat(levels)}${']'.repeat(levels)}}`

/** A row with bytes that are no UTF-8. */
export const notUtf8 = (id: number): Buffer =>
  Buffer.concat([Buffer.from(`{"id":${id},"name":"caf`), Buffer.from([0xe9, 0xff, 0xc0]), Buffer.from('"}')])
