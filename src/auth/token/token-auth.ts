import type { ApiRequest } from '../../http/send.ts'
import type { Auth, AuthDeps } from '../auth.ts'
import { withHeader } from '../credential-location/header.ts'
import { describeToken } from './sign-in-facts.ts'
import { createTokenCache } from './token-cache.ts'
import type { Token } from './token-request.ts'

interface Method {
  /** The `type` of the method. */
  readonly method: string
  /** As configured. */
  readonly scopes: readonly string[]
  /** Where the API wants the token, if not as `Authorization: Bearer`; the name in lower case. */
  readonly header?: { readonly name: string; readonly prefix: string }
}

/** Signs with a bearer token (RFC 6750 section 2.1) that `fetchToken` gets: once per lifetime, and after a 401. */
export function createTokenAuth(
  fetchToken: () => Promise<Token>,
  deps: Pick<AuthDeps, 'now'>,
  { method, scopes, header: { name, prefix } = { name: 'authorization', prefix: 'Bearer ' } }: Method,
): Auth {
  const cache = createTokenCache(fetchToken, () => deps.now())
  const isIn =
    ({ headers }: ApiRequest) =>
    ({ value }: Token): boolean =>
      headers[name] === prefix + value.reveal()
  return {
    async sign(request) {
      const { value } = await cache.get()
      return withHeader(request, name, prefix + value.reveal())
    },
    async renew(rejected) {
      return cache.drop(isIn(rejected))
    },
    handleChallenge(signed, { status }) {
      if (status < 400) cache.accept(isIn(signed))
      return false
    },
    describe() {
      const entry = cache.peek()
      return entry ? [describeToken(entry.token, { since: entry.since, method, asked: scopes })] : []
    },
  }
}
