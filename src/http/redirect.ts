import { SyncError } from '../base/errors.ts'
import { describeRequest, describeUrl, type Redact } from './describe.ts'
import type { ResponseClassifier } from './error-rules.ts'
import type { ApiRequest, ApiResponse, Middleware } from './send.ts'
import { quoted } from '../base/words/line.ts'

const redirects = new Set([301, 302, 303, 307, 308])
const longestChain = 10

/**
 * Follows redirects (RFC 9110 section 15.4): 303, and 301 or 302 of a POST, become a GET without a body; all others keep
 * method and body. Each hop goes through the layers below, so a foreign origin is refused there and an allowed one is
 * signed for by itself. A redirect that a rule of the connector speaks of is left alone. Throws API_REFUSED.
 */
export function followRedirects(judge: ResponseClassifier, redact: Redact): Middleware {
  return (next) => async (request, signal) => {
    const seen = new Set([keyOf(request)])
    for (let current = request; ;) {
      const response = await next(current, signal)
      const location = response.headers['location']
      if (!redirects.has(response.status) || location === undefined || judge(response).byRule) return response
      current = redirectRequest(current, response, location, redact)
      if (seen.has(keyOf(current)) || seen.size > longestChain)
        throw new SyncError(
          'API_REFUSED',
          `${describeRequest(request, redact)} was redirected ${seen.size} times without an answer, the last time to ${describeUrl(current.url, redact)}; put the final address into the connector.`,
          { details: { status: response.status } },
        )
      seen.add(keyOf(current))
    }
  }
}

function redirectRequest(request: ApiRequest, response: ApiResponse, location: string, redact: Redact): ApiRequest {
  const url = URL.parse(location, request.url)
  if (!url || !/^https?:$/.test(url.protocol))
    throw new SyncError(
      'API_REFUSED',
      `${describeRequest(request, redact)} was redirected to ${quoted(redact(location), 200)}, which is no web address.`,
      { details: { status: response.status } },
    )
  url.hash = ''
  const becomesGet = response.status === 303 || (response.status < 303 && request.method === 'POST')
  if (!becomesGet) return { ...request, url: url.href }
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith('content-')))
  return { method: 'GET', url: url.href, headers }
}

function keyOf({ method, url }: ApiRequest): string {
  return `${method} ${url}`
}
