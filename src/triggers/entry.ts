import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Env } from '../run/app.ts'
import { toSyncError } from '../base/errors.ts'
import { parseInbound } from '../inbound/config.ts'
import { createDrain } from './drain.ts'
import { takeSignals } from './framework.ts'
import { errorAnswer, send } from './respond.ts'

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * The function. `/healthz` answers at once; whatever a run needs is loaded by the first request that asks for more, so
 * that an instance starts fast. Throws `CONFIG_INVALID` where the front door would not be kept as it was meant to be.
 */
export function createEntry(env: Env): HttpHandler {
  parseInbound(env)
  let handler: Promise<HttpHandler> | undefined
  return async (request, response) => {
    if (pathOf(request) === '/healthz') return answerHealth(request, response)
    handler ??= load(env).catch(refuseAll)
    await (
      await handler
    )(request, response)
  }
}

/** No run begins before the first request, so that until then the process may end as it likes. */
async function load(env: Env): Promise<HttpHandler> {
  takeSignals()
  const drain = createDrain()
  const { createHttpHandler } = await import('./http.ts')
  return createHttpHandler(env, drain)
}

/** A wrong environment is the operator's to fix, so every call says what is wrong. */
function refuseAll(thrown: unknown): HttpHandler {
  const { code, message } = toSyncError(thrown)
  process.stderr.write(`${JSON.stringify({ severity: 'ERROR', message, code })}\n`)
  return (_, response) => send(response, errorAnswer(500, { code, message }))
}

function answerHealth(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD')
    return send(response, { status: 200, body: { status: 'ok' } })
  const message = `/healthz takes GET, not ${request.method}.`
  return send(response, errorAnswer(405, { code: 'REQUEST_INVALID', message }, { allow: 'GET, HEAD' }))
}

/** The path as it was sent, without its query. */
export const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] as string
