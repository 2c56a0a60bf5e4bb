import { type KeyObject, createHmac, randomBytes, sign } from 'node:crypto'
import type { ApiRequest } from '../../http/send.ts'
import { comparePairs, encodeFormPart, encodePercent, splitPairs } from './percent.ts'

/** RFC 5849 section 3.4, and what providers made of it with newer hashes. */
export const oauth1Methods = ['HMAC-SHA1', 'HMAC-SHA256', 'HMAC-SHA512', 'RSA-SHA1', 'RSA-SHA256', 'PLAINTEXT'] as const

export type OAuth1Method = (typeof oauth1Methods)[number]

/** Who signs. */
export interface OAuth1Client {
  readonly consumerKey: string
  readonly signature: OAuth1Method
  /** Of no use to RSA. */
  readonly consumerSecret?: string | undefined
  /** For RSA, and needed there. */
  readonly privateKey?: KeyObject | undefined
  readonly realm?: string | undefined
}

/** A request token or an access token. */
export interface OAuth1Token {
  readonly token: string
  /** Of no use to RSA. */
  readonly secret: string
}

/** What is signed. */
export interface OAuth1Call {
  /** As it goes out: the signature covers its query, and its body where that is a form. */
  readonly request: ApiRequest
  /** Absent where the client speaks for itself (two-legged), or asks for a request token. */
  readonly token?: OAuth1Token | undefined
  /** Milliseconds since 1970. */
  readonly now: number
  /** Never the same twice, also of a retry: `createNonce()`. */
  readonly nonce: string
  /** Further protocol parameters: `oauth_callback`, `oauth_verifier`, `oauth_version`. */
  readonly extra?: Readonly<Record<string, string>>
}

type Pair = readonly [name: string, value: string]

/** The value of the `Authorization` header for a call (RFC 5849 sections 3.1 and 3.5.1). */
export function authorizeOAuth1({ request, token, now, nonce, extra = {} }: OAuth1Call, client: OAuth1Client): string {
  const params: Pair[] = [
    ['oauth_consumer_key', client.consumerKey],
    ...(token ? [['oauth_token', token.token] as const] : []),
    ['oauth_signature_method', client.signature],
    ['oauth_timestamp', String(Math.floor(now / 1_000))],
    ['oauth_nonce', nonce],
    ...Object.entries(extra),
  ]
  const signature = createSignature(() => signatureBase(request, params), client, token)
  const shown = [...params, ['oauth_signature', signature] as const].map(
    ([name, value]) => `${encodePercent(name)}="${encodePercent(value)}"`,
  )
  const realm = client.realm === undefined ? [] : [`realm="${client.realm.replaceAll(/["\\]/g, String.raw`\$&`)}"`]
  return `OAuth ${[...realm, ...shown].join(', ')}`
}

/** 128 random bits: no two requests of any process share a nonce. */
export function createNonce(): string {
  return randomBytes(16).toString('hex')
}

/** What HMAC and RSA sign (RFC 5849 section 3.4.1); `params` are the protocol's, without realm and signature. */
export function signatureBase(request: ApiRequest, params: readonly Pair[]): string {
  const url = new URL(request.url)
  // `host` is in lower case and without the port that its scheme implies, as section 3.4.1.2 wants it.
  const target = `${url.protocol}//${url.host}${url.pathname}`
  const pairs = [...splitPairs(url.search.slice(1)), ...readForm(request)].map(
    ([name, value]) => [encodeFormPart(name), encodeFormPart(value)] as const,
  )
  const own = params.map(([name, value]) => [encodePercent(name), encodePercent(value)] as const)
  const all = [...pairs, ...own].sort(comparePairs).map(([name, value]) => `${name}=${value}`)
  return `${request.method}&${encodePercent(target)}&${encodePercent(all.join('&'))}`
}

/** Section 3.4.1.3.1: a body counts only where it says that it is a form. */
function readForm({ headers, body }: ApiRequest): Pair[] {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return body !== undefined && type === 'application/x-www-form-urlencoded' ? splitPairs(body) : []
}

const hashes = {
  'HMAC-SHA1': 'sha1',
  'HMAC-SHA256': 'sha256',
  'HMAC-SHA512': 'sha512',
  'RSA-SHA1': 'sha1',
  'RSA-SHA256': 'sha256',
} as const

function createSignature(
  base: () => string,
  { signature: method, consumerSecret = '', privateKey }: OAuth1Client,
  token: OAuth1Token | undefined,
): string {
  const secrets = `${encodePercent(consumerSecret)}&${encodePercent(token?.secret ?? '')}`
  switch (method) {
    case 'PLAINTEXT':
      return secrets
    case 'HMAC-SHA1':
    case 'HMAC-SHA256':
    case 'HMAC-SHA512':
      return createHmac(hashes[method], secrets).update(base()).digest('base64')
    case 'RSA-SHA1':
    case 'RSA-SHA256':
      if (!privateKey) throw new TypeError(`${method} signs with a private key`)
      return sign(hashes[method], Buffer.from(base()), privateKey).toString('base64')
  }
}
