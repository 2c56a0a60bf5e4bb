import { type Redact, describeUrl } from '../http/describe.ts'
import type { Middleware } from '../http/send.ts'
import { toSyncError } from '../base/errors.ts'
import type { Span } from './telemetry.ts'

/** A span for each page, all its attempts included (OpenTelemetry, "Semantic conventions for HTTP client spans"). */
export function traceRequests(parent: Span, redact: Redact): Middleware {
  return (next) => async (request, signal) => {
    const span = parent.child(request.method, {
      'http.request.method': request.method,
      'server.address': new URL(request.url).hostname,
      'url.full': describeUrl(request.url, redact),
    })
    try {
      const response = await next(request, signal)
      span.end({ 'http.response.status_code': response.status })
      return response
    } catch (thrown) {
      span.end({ 'error.type': toSyncError(thrown).code }, redact(toSyncError(thrown).message))
      throw thrown
    }
  }
}
