import { parseChallenges } from './auth-challenge.ts'
import type { ResponseHeaders } from './send.ts'

/** What an API says of a token that it does not accept (RFC 6750 section 3.1). */
export interface BearerError {
  /** `invalid_token`, `insufficient_scope`, `invalid_request`, or a word of the provider's own. */
  readonly error: string
  readonly description?: string
  /** The scopes that the request needs, with blanks between. */
  readonly scope?: string
}

/** The error of the first challenge in `WWW-Authenticate` that has one; undefined where there is none. */
export function readBearerError(headers: ResponseHeaders): BearerError | undefined {
  for (const { params } of parseChallenges(headers['www-authenticate'] ?? '')) {
    const error = params.get('error')
    if (error === undefined || !/^[\w.-]{1,60}$/.test(error)) continue
    const description = params.get('error_description')
    const scope = params.get('scope')
    return { error, ...(description && { description }), ...(scope && { scope }) }
  }
  return undefined
}
