import { z } from 'zod'
import { SyncError } from '../../base/errors.ts'
import type { ApiRequest } from '../../http/send.ts'
import type { Secret } from '../../secrets/secret.ts'

/** RFC 9110 section 5.6.2. */
export const httpToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

export const authScheme = z.stringFormat('authentication scheme', httpToken)

/** A copy of `request` with one header more; `name` in lower case. */
export function withHeader(request: ApiRequest, name: string, value: string): ApiRequest {
  return { ...request, headers: { ...request.headers, [name]: value } }
}

/**
 * The secret, unless it ends with a line break: stored by `echo` it is another one, and the provider would only say that
 * it is wrong. `where` is its key in the connector file. Throws `CONFIG_INVALID`.
 */
export function rejectTrailingNewline(secret: Secret, where: string): Secret {
  if (!/[\r\n]$/.test(secret.reveal())) return secret
  throw new SyncError(
    'CONFIG_INVALID',
    `The secret of ${where} ends with a line break; store it without one (printf %s, not echo).`,
  )
}

/**
 * The secret, if a header may carry it (visible ASCII and inner blanks, RFC 9110 section 5.5). Checked here because the
 * HTTP client would refuse it in the middle of a run, in words that help nobody. `where` is its key in the connector file.
 */
export function readHeaderSecret(secret: Secret, where: string): Secret {
  const value = rejectTrailingNewline(secret, where).reveal()
  if (value === '' || !/^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value)) {
    throw new SyncError(
      'CONFIG_INVALID',
      `The secret of ${where} is empty or holds a character that no HTTP header carries; check what is stored there.`,
    )
  }
  return secret
}
