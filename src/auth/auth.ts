import type { z } from 'zod'
import type { Effects } from '../effects.ts'
import type { ApiRequest, ApiResponse } from '../http/send.ts'
import type { Log } from '../log.ts'
import type { Redactor } from '../secrets/redactor.ts'
import type { SecretRef } from '../secrets/ref.ts'
import type { Secret } from '../secrets/secret.ts'
import type { SignInFacts } from './tokens/sign-in-facts.ts'
import type { TokenStore } from './tokens/token-store.ts'

export interface Auth {
  /** Returns a copy of `request` that carries the credential. Throws `AUTH_FAILED`, `AUTH_UNAVAILABLE`, `CONFIG_INVALID`. */
  sign(request: ApiRequest): Promise<ApiRequest>
  /**
   * Forgets the token that `rejected` was signed with, so that the next `sign` gets a new one; absent where there is
   * nothing to renew. `expired` where that token was past its lifetime, so that its refusal says nothing of the credential.
   */
  renew?(rejected: ApiRequest): Promise<'expired' | undefined>
  /**
   * Told of every answer to a request that it signed. True where the answer is no verdict on the credential but says how
   * to sign (a challenge, a fresh nonce, the provider's clock): the request is then to be signed and sent anew.
   */
  learn?(signed: ApiRequest, response: Pick<ApiResponse, 'status' | 'headers'>): boolean
  /** Query parameters that this method adds: they are taken out of a next link before it is saved. */
  readonly queryParams?: readonly string[]
  /** What is known of the sign-ins since the last `sign`, for a person; none before it. */
  describe?(): readonly SignInFacts[]
}

export interface AuthDeps extends Effects {
  /** The value of a reference that was fetched before the run; a literal (a user name, a client id) is wrapped as it is. */
  readonly secret: (value: SecretRef | string) => Secret
  /** Sends a form or JSON to a token endpoint: TLS verified, timeouts set, no redirects followed. */
  readonly fetch: typeof fetch
  /** Lets an endpoint that a trusted issuer named see the certificate of the connector; absent where it has none. */
  readonly showCertificate?: ((url: string) => void) | undefined
  /** Learns every token that is fetched. */
  readonly redactor: Redactor
  readonly signal: AbortSignal
  /** Where tokens that outlive the run are kept: of the reference under `tokens:` or `refresh_token:`. */
  readonly tokens: (ref: SecretRef) => TokenStore
  /** The connector's file, for commands in messages. */
  readonly file: string
  /** For what a person should know although the run goes on; never a secret. */
  readonly log: Log
}

export interface AuthMethod<Config extends z.ZodObject> {
  readonly config: Config
  create(config: z.output<Config>, deps: AuthDeps): Auth
}

/** Identity at run time; ties the type of `create` to its own config schema. */
export function defineAuth<const Config extends z.ZodObject>(method: AuthMethod<Config>): AuthMethod<Config> {
  return method
}
