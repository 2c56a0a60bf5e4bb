import { SyncError } from '../base/errors.ts'
import { describeRequest, type Redact } from './describe.ts'
import type { Middleware } from './send.ts'

/** Where requests may go, by origin, and whether a credential may go along. */
export type Origins = ReadonlyMap<string, { readonly credentials: boolean }>

interface AllowedOrigins {
  readonly base_url: string
  readonly origins: readonly (string | { readonly url: string; readonly credentials: boolean })[]
}

/** The origin of `base_url`, always with credentials, and those that the connector lists. */
export function allowedOrigins(connector: AllowedOrigins): Origins {
  const listed = connector.origins.map((entry) =>
    typeof entry === 'string' ? { url: entry, credentials: true } : entry,
  )
  return new Map(
    [...listed, { url: connector.base_url, credentials: true }].map(({ url, credentials }) => [
      new URL(url).origin,
      { credentials },
    ]),
  )
}

/** What the connector's own headers may say to an origin that is to get no credential: a key may hide in any other. */
const plainHeaders = new Set(['accept', 'accept-language', 'content-type', 'user-agent'])

/** Refuses a foreign origin before a credential exists. Throws ORIGIN_REFUSED. */
export function allowOrigins(origins: Origins, redact: Redact): Middleware {
  return (next) => async (request, signal) => {
    const { origin } = new URL(request.url)
    const allowed = origins.get(origin)
    if (!allowed)
      throw new SyncError(
        'ORIGIN_REFUSED',
        `${describeRequest(request, redact)} was not sent: ${redact(origin)} is not among the connector's origins; if it is to be trusted with the credentials add \`origins: [${redact(origin)}]\` to the connector, else \`origins: [{url: ${redact(origin)}, credentials: false}]\`.`,
        { details: { origin: redact(origin) } },
      )
    if (allowed.credentials) return next(request, signal)
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => plainHeaders.has(name)))
    return next({ ...request, headers }, signal)
  }
}
