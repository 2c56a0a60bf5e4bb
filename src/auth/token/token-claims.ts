import type { TokenFields } from './token-answer.ts'
import type { Token } from './token-request.ts'
import { oneLine } from '../../base/words/line.ts'

type Claims = Readonly<Record<string, unknown>>

/**
 * The claims of a JWT (RFC 7519), not verified: to be shown to a person and for lifetimes, never to decide by. Undefined
 * for what is no JWT, as most access tokens are opaque.
 */
export function readClaims(token: string): Claims | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] as string, 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Claims) : undefined
  } catch {
    // Not kept as a cause: the parser quotes the text.
    return undefined
  }
}

/** Scopes of a claim or a field: text with blanks (RFC 6749 section 3.3) or commas between, or a list. */
function readScopes(value: unknown): readonly string[] | undefined {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[\s,]+/) : undefined
  const scopes = list?.filter((scope): scope is string => typeof scope === 'string' && scope !== '')
  return scopes && scopes.length > 0 ? scopes : undefined
}

/** What an answer tells of the grant, for a person: scopes of the answer or of an access token that is a JWT, and the account. */
export function readGrant(fields: TokenFields): Pick<Token, 'scopes' | 'account'> {
  const claims = readToken(fields['access_token'])
  const scopes = readScopes(fields['scope']) ?? readScopes(claims?.['scope'] ?? claims?.['scp'] ?? claims?.['roles'])
  const account = findAccount(fields, claims)
  return { ...(scopes && { scopes }), ...(account !== undefined && { account }) }
}

/** Whose names tell a person most, the most telling first (OpenID Connect Core section 5.1, RFC 9068, Microsoft's, Salesforce's). */
const accountNames =
  'email preferred_username upn unique_name username login name client_id azp appid sub user_id'.split(' ')

/** Who signed in, as far as the answer tells: its ID token, its own fields, else its access token where that is a JWT. */
function findAccount(fields: TokenFields, claims: Claims | undefined): string | undefined {
  const sources = [readToken(fields['id_token']), fields, claims]
  for (const source of sources) {
    const found = accountNames.map((name) => source?.[name]).find(isName)
    if (found !== undefined) return oneLine(String(found), 200)
  }
  return undefined
}

const readToken = (token: unknown): Claims | undefined => (typeof token === 'string' ? readClaims(token) : undefined)

const isName = (value: unknown): value is string | number =>
  (typeof value === 'string' && value !== '') || typeof value === 'number'
