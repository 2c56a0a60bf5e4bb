import type { ApiRequest, ApiResponse } from './send.ts'

/** Puts credentials into requests. */
export interface Signer {
  /** Returns a copy of `request` that carries the credential. Throws `AUTH_FAILED`, `AUTH_UNAVAILABLE`, `CONFIG_INVALID`. */
  sign(request: ApiRequest): Promise<ApiRequest>
  /**
   * Forgets the token that `rejected` was signed with, so that the next `sign` gets a new one; absent where there is
   * nothing to renew. `expired` where that token was past its lifetime, so that its refusal says nothing of the credential.
   */
  renew?(rejected: ApiRequest): Promise<'expired' | undefined>
  /**
   * Called with every answer to a request that it signed. True where the answer is no verdict on the credential but says how
   * to sign (a challenge, a fresh nonce, the provider's clock): the request is then to be signed and sent again.
   */
  handleChallenge?(signed: ApiRequest, response: Pick<ApiResponse, 'status' | 'headers'>): boolean
  /** Query parameters that this method adds: they are taken out of a next link before it is saved. */
  readonly queryParams?: readonly string[]
}
