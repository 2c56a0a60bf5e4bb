import { type ClientAuth, allowInsecureRequests, customFetch, genericTokenEndpointRequest } from 'oauth4webapi'
import { isLoopback } from '../../syntax/loopback.ts'
import { Secret } from '../../secrets/secret.ts'
import type { AuthDeps } from '../auth.ts'
import { createEndpointClock } from './endpoint-clock.ts'

export interface AssertionGrant {
  readonly tokenUrl: string
  /** A fresh assertion by a clock that shows `now`, in milliseconds since 1970. */
  readonly assert: (now: number) => Promise<string>
  /** Beside the assertion; `grant_type` takes the place of RFC 7523's. */
  readonly parameters?: Readonly<Record<string, string>>
  /** What the provider calls the parameter; `assertion` where absent. */
  readonly param?: string
  /** Where the provider wants to know the client besides (RFC 7523 section 3.1). */
  readonly client?: { readonly id: string; readonly authenticate: ClientAuth }
}

const grantName = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Sends one request of the JWT bearer grant (RFC 7523 section 2.1) each time, with an assertion of its own. */
export function createAssertionGrant(grant: AssertionGrant, deps: AuthDeps): () => Promise<Response> {
  const { tokenUrl, assert, param = 'assertion' } = grant
  // The assertion speaks for itself.
  const { id, authenticate } = grant.client ?? { id: 'none', authenticate: () => undefined }
  const clock = createEndpointClock(deps)
  const server = { issuer: tokenUrl, token_endpoint: tokenUrl }
  const options = { [customFetch]: deps.fetch, [allowInsecureRequests]: isLoopback(tokenUrl), signal: deps.signal }
  const { grant_type: name = grantName, ...parameters } = grant.parameters ?? {}
  return () =>
    clock.send(async () => {
      const assertion = await assert(clock.now())
      deps.redactor.addShortLived(new Secret(assertion))
      const all = { ...parameters, [param]: assertion }
      return genericTokenEndpointRequest(server, { client_id: id }, authenticate, name, all, options)
    })
}
