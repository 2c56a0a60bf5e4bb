import type { Auth } from '../auth/auth.ts'
import type { Judge } from './error-rules.ts'
import type { Origins } from './origins.ts'
import type { ApiRequest, ApiResponse, Middleware } from './send.ts'

/** What the transport is given: the request as it goes out, and as it may be shown and kept. */
export interface SignedRequest extends ApiRequest {
  /** Before it was signed; absent where it was not. */
  readonly unsigned?: ApiRequest
}

/** A provider that answers with one challenge after another will never be content. */
const mostChallenges = 3

/**
 * Signs every attempt anew. An answer that only says how to sign is followed by the request signed that way, without a
 * wait; so is a refused credential, once, after it was renewed. An origin that may not have the credentials gets the
 * request as it is.
 */
export function authorize(auth: Auth, origins: Origins, judge: Judge): Middleware {
  return (next) => async (request, signal) => {
    if (!origins.get(new URL(request.url).origin)?.credentials) return next(request, signal)
    const send = async (): Promise<Attempt> => {
      const signed = await sign(auth, request)
      return { signed, response: await next(signed, signal) }
    }
    const { signed, response } = await answerChallenges(auth, send)
    if (!auth.renew || judge(response).action !== 'renew_auth') return response
    await response.body.rows[Symbol.asyncDispose]()
    await auth.renew(signed)
    return (await answerChallenges(auth, send)).response
  }
}

interface Attempt {
  readonly signed: SignedRequest
  readonly response: ApiResponse
}

async function answerChallenges(auth: Auth, send: () => Promise<Attempt>): Promise<Attempt> {
  let attempt = await send()
  for (
    let challenges = 0;
    auth.learn?.(attempt.signed, attempt.response) && challenges < mostChallenges;
    challenges++
  ) {
    await attempt.response.body.rows[Symbol.asyncDispose]()
    attempt = await send()
  }
  return attempt
}

async function sign(auth: Auth, request: ApiRequest): Promise<SignedRequest> {
  return { ...(await auth.sign(request)), unsigned: request }
}
