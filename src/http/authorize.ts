import type { Signer } from './signer.ts'
import type { ResponseClassifier } from './error-rules.ts'
import type { Origins } from './origins.ts'
import type { ApiRequest, ApiResponse, Middleware } from './send.ts'

/** What the transport is given: the request as it goes out, and as it may be shown and kept. */
export interface SignedRequest extends ApiRequest {
  /** Before it was signed; absent where it was not. */
  readonly unsigned?: ApiRequest
}

/** A provider that answers with one challenge after another will never be content. */
const mostChallenges = 3

/** Tokens that are past their lifetime when their refusal comes are renewed so often for one attempt: each may be the last that was. */
const mostExpired = 20

/**
 * Signs every attempt by itself. An answer that only says how to sign is followed by the request signed that way, without a
 * wait; so is a refused credential after it was renewed: once if it was fresh, again for each that was past its lifetime. An origin that may not have the credentials gets the
 * request as it is.
 */
export function authorize(auth: Signer, origins: Origins, judge: ResponseClassifier): Middleware {
  return (next) => async (request, signal) => {
    if (!origins.get(new URL(request.url).origin)?.credentials) return next(request, signal)
    const send = async (): Promise<Attempt> => {
      const signed = await sign(auth, request)
      return { signed, response: await next(signed, signal) }
    }
    let attempt = await answerChallenges(auth, send)
    let wasFresh = false
    for (let renewals = 0; auth.renew && !wasFresh && renewals < mostExpired; renewals++) {
      if (judge(attempt.response).action !== 'renew_auth') break
      await attempt.response.body.rows[Symbol.asyncDispose]()
      wasFresh = (await auth.renew(attempt.signed)) !== 'expired'
      attempt = await answerChallenges(auth, send)
    }
    return attempt.response
  }
}

interface Attempt {
  readonly signed: SignedRequest
  readonly response: ApiResponse
}

async function answerChallenges(auth: Signer, send: () => Promise<Attempt>): Promise<Attempt> {
  let attempt = await send()
  for (
    let challenges = 0;
    auth.handleChallenge?.(attempt.signed, attempt.response) && challenges < mostChallenges;
    challenges++
  ) {
    await attempt.response.body.rows[Symbol.asyncDispose]()
    attempt = await send()
  }
  return attempt
}

async function sign(auth: Signer, request: ApiRequest): Promise<SignedRequest> {
  return { ...(await auth.sign(request)), unsigned: request }
}
