import type { Auth } from '../auth/auth.ts'
import type { Judge } from './error-rules.ts'
import type { Origins } from './origins.ts'
import type { ApiRequest, Middleware } from './send.ts'

/** What the transport is given: the request as it goes out, and as it may be shown and kept. */
export interface SignedRequest extends ApiRequest {
  /** Before it was signed; absent where it was not. */
  readonly unsigned?: ApiRequest
}

/**
 * Signs every attempt anew. A refused credential is renewed once and the request sent once more, without a wait. An
 * origin that may not have the credentials gets the request as it is.
 */
export function authorize(auth: Auth, origins: Origins, judge: Judge): Middleware {
  return (next) => async (request, signal) => {
    if (!origins.get(new URL(request.url).origin)?.credentials) return next(request, signal)
    const signed = await sign(auth, request)
    const response = await next(signed, signal)
    if (!auth.renew || judge(response).action !== 'renew_auth') return response
    await response.body.rows[Symbol.asyncDispose]()
    await auth.renew(signed)
    return next(await sign(auth, request), signal)
  }
}

async function sign(auth: Auth, request: ApiRequest): Promise<SignedRequest> {
  return { ...(await auth.sign(request)), unsigned: request }
}
