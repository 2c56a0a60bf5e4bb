import { randomUUID } from 'node:crypto'
import type { SigningKey } from './signing-key.ts'

/** The claims of an assertion that are not the same for all (RFC 7523 section 3). */
export interface Assertion {
  readonly claims: Readonly<Record<string, unknown>>
  /** Beside `alg`, `typ` and `kid`. */
  readonly header?: Readonly<Record<string, string>>
  /** Milliseconds since 1970, by the clock of who verifies it. */
  readonly now: number
  /** Milliseconds. */
  readonly lifetime: number
}

/**
 * A signed JWT with `iat`, `exp` and a `jti` of its own beside the claims given; a claim that is given wins, and one
 * that is null is left out. Times are whole seconds (RFC 7519 section 2).
 */
export async function signAssertion(
  signing: SigningKey,
  { claims, header, now, lifetime }: Assertion,
): Promise<string> {
  const { SignJWT } = await import('jose')
  const issued = Math.floor(now / 1_000)
  const all = { iat: issued, exp: issued + Math.ceil(lifetime / 1_000), jti: randomUUID(), ...claims }
  const { key, algorithm, keyId } = signing
  return new SignJWT(Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)))
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', ...(keyId !== undefined && { kid: keyId }), ...header })
    .sign(key)
}
