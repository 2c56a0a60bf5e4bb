import { errors } from 'undici'
import { TransportError } from './transport-error.ts'
import { findTlsFailure } from './tls-failure.ts'

const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])

const reasons: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: 'was not answered in time',
  UND_ERR_BODY_TIMEOUT: 'stopped in the middle of the body',
  UND_ERR_CONNECT_TIMEOUT: 'got no connection in time',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'was cut short: the body is not as long as its Content-Length says',
  UND_ERR_SOCKET: 'was cut short: the other side closed the connection',
  ECONNREFUSED: 'failed: the connection was refused',
  ECONNRESET: 'failed: the connection was reset',
  EPIPE: 'failed: the connection was closed',
  ENOTFOUND: 'failed: the host name is not known',
  EAI_AGAIN: 'failed: the host name could not be looked up',
}

/** What broke, as far as it is known; an error without a code is returned as it is. */
export function toFailure(error: unknown): unknown {
  const code = codeOf(error)
  if (error instanceof errors.HTTPParserError)
    return new TransportError('API_UNAVAILABLE', `was answered with what is no HTTP (${code ?? error.message})`, error)
  if (code === undefined) return error
  if (timeouts.has(code))
    return new TransportError('REQUEST_TIMEOUT', `${reasons[code] ?? 'timed out'} (${code})`, error)
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return new TransportError('RESPONSE_TOO_LARGE', 'was answered with headers beyond 16 KiB', error)
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED')
    return new TransportError(
      'CONFIG_INVALID',
      `cannot be sent: ${(error as Error).message}; check the headers and the path of the stream`,
      error,
    )
  const tls = findTlsFailure(code)
  if (tls) return new TransportError('TLS_FAILED', `failed: the server ${tls.reason}`, error)
  return new TransportError('API_UNAVAILABLE', `${reasons[code] ?? 'failed: the connection broke'} (${code})`, error)
}

/** Of the error, or of the first of those that a failed connection to several addresses gathers. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return 'cause' in error ? codeOf(error.cause) : undefined
}
