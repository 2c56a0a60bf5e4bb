import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Env } from '../run/app.ts'

/**
 * Keeps the functions framework from reading request bodies and paths, so that the trigger does it, with its own limit
 * and its own words: the framework takes up to 1 GiB into memory and answers what it cannot read with a page of HTML.
 */
export function keepRequests(): void {
  subscribe('http.server.request.start', (message) => {
    const { request } = message as { request: IncomingMessage }
    // Its body parsers pass by a request that announces no body (RFC 9112 section 6.3); what Node reads stays as it is.
    delete request.headers['content-length']
    delete request.headers['transfer-encoding']
    if (!isDecodable(request.url ?? '')) request.url = `/${encodeURIComponent(request.url ?? '')}`
  })
}

/** The target for event-driven deployment; the framework itself reads its requests. */
export const eventTarget = 'headrace-event'

/** Whether the framework was started for events, by the flag or variable that it looks at itself. */
export function servesEvents(args: readonly string[], env: Env): boolean {
  const flag = args.findIndex((arg) => arg === '--target' || arg.startsWith('--target='))
  const value = args[flag]?.split('=', 2)[1] ?? args[flag + 1]
  return (flag >= 0 ? value : env['FUNCTION_TARGET']) === eventTarget
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

/** The framework ends the process at once on SIGTERM; whoever calls this does it when the runs have been stopped. */
export function takeSignals(): void {
  process.removeAllListeners('SIGTERM')
  process.removeAllListeners('SIGINT')
}
