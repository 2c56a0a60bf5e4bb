import type { z } from 'zod'
import type { Effects } from '../base/effects.ts'
import type { Signer } from '../http/signer.ts'
import type { Log } from '../base/log.ts'
import type { Redactor } from '../secrets/redactor.ts'
import type { SecretRef } from '../secrets/ref.ts'
import type { Secret } from '../secrets/secret.ts'
import type { AuthExample } from './example.ts'
import type { SignInFacts } from './token/sign-in-facts.ts'
import type { TokenStore } from '../secrets/token-store/contract.ts'

/** A way to sign in. */
export interface Auth extends Signer {
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

/** The keys of a method in a connector file, `type` among them. */
export type AuthKeys = z.ZodObject<{ readonly type: z.ZodLiteral<string> }>

/** All that the rest of the program knows of a way to sign in. */
export interface AuthMethod<Config extends AuthKeys = AuthKeys> {
  readonly config: Config
  /** How a new connector file begins with it. */
  readonly example: AuthExample
  /** It signs the request, with all that other methods add to it: it is the last to write. */
  readonly isSignature?: true
  /** What it puts into a request, as `nameLocation` spells it: no two methods of a list may write the same. */
  writes(config: z.output<Config>): readonly string[]
  /** The URLs that it asks for tokens; none where absent. */
  endpoints?(config: z.output<Config>): readonly string[]
  /** Whether a run saves renewed tokens in the secret that `tokens` or `refresh_token` names; it does not where absent. */
  savesTokens?(config: z.output<Config>): boolean
  create(config: z.output<Config>, deps: AuthDeps): Auth
}

/** Identity at run time; ties the types of the functions to the method's own config schema. */
export function defineAuth<const Config extends AuthKeys>(method: AuthMethod<Config>): AuthMethod<Config> {
  return method
}
