/** What to do about the error codes of RFC 6749 section 5.2, RFC 7521 section 4 and RFC 8707 section 2. */
const hints: Readonly<Record<string, string>> = {
  invalid_client: 'check client_id, client_secret and client_auth',
  invalid_grant: 'check what the grant rests on: for an assertion its issuer, subject, audience and key',
  invalid_scope: 'check scopes: the provider does not know one of them, or does not allow it to this client',
  unauthorized_client: 'the provider does not allow this grant to the client; enable it there',
  unsupported_grant_type: 'the provider does not know this grant; check type and token_url',
  invalid_target: 'check resource and audience',
}

/** What to do about the error code of a token endpoint; goes on after the provider's words, empty where nothing is known. */
export function explainRefusal(error: unknown): string {
  return typeof error === 'string' && Object.hasOwn(hints, error) ? `; ${hints[error] ?? ''}` : ''
}
