import { oneLine } from '../../base/words/line.ts'
import type { Token } from './token-request.ts'

/** What may be shown of one sign-in: never the token. */
export interface SignInFacts {
  /** The `type` of the method. */
  readonly method: string
  /** Milliseconds since 1970; absent where the provider does not say. */
  readonly expiresAt?: number
  /** As configured; empty where none were asked for. */
  readonly scopesAsked: readonly string[]
  /** As the provider says; absent where it does not. */
  readonly scopesGranted?: readonly string[]
  /** Who signed in, as the provider tells: an address, a name, an id. */
  readonly account?: string
}

/** Of a token that was fetched at `since` (milliseconds since 1970). */
export function describeToken(
  { lifetime, scopes, account }: Token,
  { since, method, asked }: { readonly since: number; readonly method: string; readonly asked: readonly string[] },
): SignInFacts {
  return {
    method,
    scopesAsked: asked,
    ...(lifetime !== undefined && { expiresAt: since + lifetime }),
    ...(scopes && { scopesGranted: scopes.map((scope) => oneLine(scope, 200)) }),
    ...(account !== undefined && { account: oneLine(account, 200) }),
  }
}
