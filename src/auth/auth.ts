import type { z } from 'zod'
import type { Effects } from '../effects.ts'
import type { ApiRequest } from '../http/send.ts'
import type { Redactor } from '../secrets/redactor.ts'
import type { SecretRef } from '../secrets/ref.ts'
import type { Secret } from '../secrets/secret.ts'

export interface Auth {
  /** Returns a copy of `request` that carries the credential. Throws `AUTH_FAILED`, `AUTH_UNAVAILABLE`, `CONFIG_INVALID`. */
  sign(request: ApiRequest): Promise<ApiRequest>
  /** Forgets the token that `rejected` was signed with, so that the next `sign` gets a new one; absent where there is nothing to renew. */
  renew?(rejected: ApiRequest): Promise<void>
  /** Query parameters that this method adds: they are taken out of a next link before it is saved. */
  readonly queryParams?: readonly string[]
}

export interface AuthDeps extends Effects {
  /** The value of a reference that was fetched before the run; a literal (a user name, a client id) is wrapped as it is. */
  readonly secret: (value: SecretRef | string) => Secret
  /** Sends a form or JSON to a token endpoint: TLS verified, timeouts set, no redirects followed. */
  readonly fetch: typeof fetch
  /** Learns every token that is fetched. */
  readonly redactor: Redactor
  readonly signal: AbortSignal
}

export interface AuthMethod<Config extends z.ZodObject> {
  readonly config: Config
  create(config: z.output<Config>, deps: AuthDeps): Auth
}

/** Identity at run time; ties the type of `create` to its own config schema. */
export function defineAuth<const Config extends z.ZodObject>(method: AuthMethod<Config>): AuthMethod<Config> {
  return method
}
