import { tidyWords } from '../http/provider-words.ts'
import type { Redactor } from '../secrets/redactor.ts'

/** The fields of a token answer, whatever way they came. */
export type TokenFields = Readonly<Record<string, unknown>>

/** The fields of a body: JSON whatever its content type says, or a form as providers from before RFC 6749 send it; undefined for neither. */
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
export function tidyAnswer(fields: TokenFields): Response {
  const lifetime = Number(fields['expires_in'])
  const known = fields['expires_in'] !== null && Number.isFinite(lifetime) && lifetime > 0
  const tidy = {
    access_token: fields['access_token'],
    token_type: boundType(fields) ?? 'bearer',
    ...(known && { expires_in: lifetime }),
  }
  return Response.json(tidy, { status: 200 })
}

/** A type of token that is of no use without proof of a key (RFC 9449, RFC 8705 and earlier drafts), in lower case. */
export function boundType(fields: TokenFields): string | undefined {
  const type = fields['token_type']
  return typeof type === 'string' && /^(?:dpop|mac|pop|hmac)$/i.test(type) ? type.toLowerCase() : undefined
}

/** `invalid_client: The client is unknown`: the provider's own words (RFC 6749 section 5.2), redacted, at most 300 characters. */
export function findAnswerWords(fields: TokenFields, redactor: Redactor): string | undefined {
  const { error, error_description: description } = fields
  const more = [description, readMember(error, 'message'), fields['message'], fields['detail'], fields['title']]
  const [text] = more.filter((word) => typeof word === 'string' && word !== '' && word !== error)
  const words = [error, text].filter((word) => typeof word === 'string')
  return tidyWords(words.join(': '), (dirty) => redactor.redact(dirty))
}

function readMember(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
