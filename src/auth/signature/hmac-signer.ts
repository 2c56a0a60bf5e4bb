import { createHmac, createSecretKey } from 'node:crypto'
import { SyncError } from '../../base/errors.ts'
import type { ApiRequest } from '../../http/send.ts'
import type { SecretRef } from '../../secrets/ref.ts'
import type { Secret } from '../../secrets/secret.ts'
import type { AuthDeps } from '../auth.ts'
import {
  type CredentialScope,
  type CredentialTemplate,
  compileTemplate,
  signingWords,
} from '../credential-location/credential-template.ts'
import { readHeaderSecret, rejectTrailingNewline, withHeader } from '../credential-location/header.ts'
import type { HmacConfig } from '../methods/hmac.ts'
import { withParams, withoutParam } from '../credential-location/query-param.ts'

/** Returns a copy of the request with what the configuration adds, and the signature of it. */
export type Signer = (request: ApiRequest, scope: CredentialScope) => ApiRequest

/** Compiles the templates and looks the secrets up, once. Throws `CONFIG_INVALID`. */
export function createSigner(keys: HmacConfig, deps: AuthDeps): Signer {
  const compile = (text: string, where: string) => compileTemplate(text, signingWords, { where })
  const headers = Object.entries(keys.headers).map(
    ([name, value]) => [name.toLowerCase(), readValue(value, `auth.headers.${name}`, deps)] as const,
  )
  const params = Object.entries(keys.params).map(
    ([name, value]) => [name, readValue(value, `auth.params.${name}`, deps)] as const,
  )
  const template = compile(keys.template, 'auth.template')
  const prefix = compile(keys.place.prefix, 'auth.place.prefix')
  const suffix = compile(keys.place.suffix, 'auth.place.suffix')
  const digest = createDigest(keys, deps)
  const put = createPlace(keys.place, deps)
  return (request, scope) => {
    // One after the other, so that a header may hold the hash of the query that was added to, and a later header an earlier one.
    let signed = withParams(
      // An old signature, as a next link may repeat it, is no part of what is signed.
      keys.place.in === 'query' ? withoutParam(request, keys.place.name ?? '') : request,
      params.map(([name, value]) => [name, value({ ...scope, request })]),
    )
    const url = new URL(signed.url)
    for (const [name, value] of headers) signed = withText(signed, name, value({ ...scope, request: signed, url }))
    const full = { ...scope, request: signed, url }
    return put(signed, prefix(full) + digest(template(full)) + suffix(full))
  }
}

function readValue(value: SecretRef | string, where: string, { secret }: AuthDeps): CredentialTemplate {
  if (typeof value === 'string') return compileTemplate(value, signingWords, { where })
  const known = where.startsWith('auth.headers') ? readHeaderSecret(secret(value), where) : secret(value)
  return () => known.reveal()
}

function createDigest({ algorithm, key, key_encoding, encoding }: HmacConfig, { secret }: AuthDeps) {
  // With the bare bytes an HMAC takes ten times as long.
  const keyObject = createSecretKey(decodeKey(secret(key), key_encoding))
  const hash = algorithm.replace('HMAC-', '').toLowerCase()
  return (text: string): string => {
    const hmac = createHmac(hash, keyObject).update(text)
    return encoding === 'HEX' ? hmac.digest('hex').toUpperCase() : hmac.digest(encoding)
  }
}

/** Without a word of the key in its message. Throws `CONFIG_INVALID`. */
function decodeKey(key: Secret, encoding: HmacConfig['key_encoding']): Buffer {
  const text = key.reveal()
  if (encoding === 'text') return Buffer.from(rejectTrailingNewline(key, 'auth.key').reveal(), 'utf8')
  const pattern = encoding === 'hex' ? /^(?:[0-9a-f]{2})+$/i : /^[\w+/-]+={0,2}$/
  if (pattern.test(text)) return Buffer.from(text, encoding)
  throw new SyncError(
    'CONFIG_INVALID',
    `The secret of auth.key is not ${encoding}: check what is stored there, or leave out key_encoding.`,
  )
}

function createPlace(
  { in: where, name = '', username }: HmacConfig['place'],
  { secret }: AuthDeps,
): (request: ApiRequest, text: string) => ApiRequest {
  switch (where) {
    case 'query':
      return (request, text) => withParams(request, [[name, text]])
    case 'header':
      return (request, text) => withText(request, name.toLowerCase(), text)
    case 'basic': {
      const user = secret(username ?? '').reveal()
      return (request, text) =>
        withHeader(request, 'authorization', `Basic ${Buffer.from(`${user}:${text}`).toString('base64')}`)
    }
  }
}

/** What a template made must be fit for a header; of a body or a query that need not be so. Throws `CONFIG_INVALID`. */
function withText(request: ApiRequest, name: string, text: string): ApiRequest {
  if (/^[\x20-\x7e\t]*$/.test(text)) return withHeader(request, name, text)
  throw new SyncError(
    'CONFIG_INVALID',
    `The header ${name} of auth would hold characters that no header carries; encode what its template puts in, such as with | base64.`,
  )
}
