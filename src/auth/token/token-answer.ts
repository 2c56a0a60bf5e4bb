import { sanitizeMessage } from '../../http/error-message.ts'
import type { Redactor } from '../../secrets/redactor.ts'

/** The fields of a token answer, whatever way they came. */
export type TokenFields = Readonly<Record<string, unknown>>

/** The fields of a body: JSON regardless of what its content type says, or a form as providers from before RFC 6749 send it; undefined for neither. */
export function parseAnswer(text: string, contentType: string): TokenFields | undefined {
  if (contentType.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as TokenFields) : undefined
  } catch {
    // Not kept as a cause: the parser quotes the text, and the text may hold a token.
    return undefined
  }
}

/**
 * An answer such as RFC 6749 section 5.1 wants it, made of one that strays in a harmless way: no `token_type`, one of
 * the provider's own words, `expires_in` as text, absent, zero or nonsense (then the lifetime is unknown), null fields.
 */
export function normalizeTokenResponse(fields: TokenFields): Response {
  const lifetime = Number(fields['expires_in'])
  const known = fields['expires_in'] !== null && Number.isFinite(lifetime) && lifetime > 0
  const tidy = {
    access_token: fields['access_token'],
    token_type: senderConstrainedType(fields) ?? 'bearer',
    ...(known && { expires_in: lifetime }),
  }
  return Response.json(tidy, { status: 200 })
}

/** A type of token that is of no use without proof of a key (RFC 9449, RFC 8705 and earlier drafts), in lower case. */
export function senderConstrainedType(fields: TokenFields): string | undefined {
  const type = fields['token_type']
  return typeof type === 'string' && /^(?:dpop|mac|pop|hmac)$/i.test(type) ? type.toLowerCase() : undefined
}

/** `invalid_client: The client is unknown`: the provider's own words (RFC 6749 section 5.2), redacted, at most 300 characters. */
export function findAnswerWords(fields: TokenFields, redactor: Redactor): string | undefined {
  const { error, error_description: description } = fields
  const more = [description, readMember(error, 'message'), fields['message'], fields['detail'], fields['title']]
  const [text] = more.filter((word) => typeof word === 'string' && word !== '' && word !== error)
  const words = [error, text].filter((word) => typeof word === 'string')
  return sanitizeMessage(words.join(': '), (dirty) => redactor.redact(dirty))
}

/**
 * The answer with the members of its `field` on top, where it has no token at the top itself; without a `field`, those of
 * the one member that has a token, as providers such as Slack and TikTok nest it.
 */
export function liftTokens(fields: TokenFields, field?: string): TokenFields {
  if (typeof fields['access_token'] === 'string' && fields['access_token'] !== '') return fields
  const members = field === undefined ? Object.values(fields) : [fields[field]]
  const found = members.filter((value) => typeof readMember(value, 'access_token') === 'string')
  return found.length === 1 ? { ...fields, ...(found[0] as object) } : fields
}

/** The code of an error (RFC 6749 section 5.2), or what a provider of its own ways has in its place: a word, no sentence. */
export function readErrorCode(fields: TokenFields | undefined): string | undefined {
  const codes = [fields?.['error'], readMember(fields?.['error'], 'code'), fields?.['status'], fields?.['code']]
  return codes.find((code): code is string => typeof code === 'string' && /^[A-Za-z][\w.-]{0,63}$/.test(code))
}

/** Whether a refused refresh token is what a code of `readErrorCode` speaks of, in the words of the standard and of known providers. */
export function isGrantRefusal(code: unknown): boolean {
  const words =
    /^(?:invalid_grant|(?:bad|invalid|expired|revoked)_?refresh_?token|(?:token|grant)_(?:expired|revoked)|(?:interaction|consent|login)_required)$/i
  return typeof code === 'string' && words.test(code)
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
