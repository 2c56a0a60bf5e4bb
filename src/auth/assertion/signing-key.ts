import { type KeyObject, createHash, createPrivateKey } from 'node:crypto'
import { invalid, openPem, readCertificates } from '../../secrets/pem.ts'
import type { Secret } from '../../secrets/secret.ts'

/** The algorithms of RFC 7518 section 3.1, and EdDSA of RFC 8037 (`Ed25519` since RFC 9864). */
export const secretAlgorithms = ['HS256', 'HS384', 'HS512'] as const
export const keyAlgorithms = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const

export type SecretAlgorithm = (typeof secretAlgorithms)[number]
export type KeyAlgorithm = (typeof keyAlgorithms)[number]

/** A key that signs a JWT, and what its header says of it. */
export interface SigningKey {
  readonly key: KeyObject | Uint8Array
  readonly algorithm: KeyAlgorithm | SecretAlgorithm
  readonly keyId?: string
}

interface Wanted {
  /** The key in the connector file, for messages. */
  readonly where: string
  /** The natural one of the key where absent. */
  readonly algorithm?: KeyAlgorithm | undefined
}

/**
 * A private key as PEM (PKCS#8, PKCS#1, SEC1; line breaks may stand as `\n`) or JWK (RFC 7517). Throws `CONFIG_INVALID`
 * in one sentence that never quotes the key, also where the key is too weak or of another kind than `algorithm`.
 */
export function readPrivateKey(secret: Secret, { where, algorithm }: Wanted): SigningKey {
  const text = secret.reveal().trim()
  const jwk = text.startsWith('{') ? readJwk(text, where) : undefined
  const key = jwk ? openJwk(jwk, where) : openPem(secret, where)
  const fitting = listAlgorithms(key)
  const [natural] = fitting
  if (natural === undefined)
    throw invalid(
      where,
      'is of a kind or size that signs no token: expected RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519',
    )
  const named = algorithm ?? fitting.find((known) => known === jwk?.['alg']) ?? natural
  if (!fitting.includes(named))
    throw invalid(where, `does not fit algorithm ${named}: it can sign ${fitting.join(', ')}`)
  const keyId = jwk?.['kid']
  return { key, algorithm: named, ...(typeof keyId === 'string' && keyId !== '' && { keyId }) }
}

/** RFC 7518 section 3.2 wants a key as long as the hash; providers give shorter secrets, so that only an empty one is refused. */
export function readSharedKey(secret: Secret, algorithm: SecretAlgorithm = 'HS256'): SigningKey {
  return { key: new TextEncoder().encode(secret.reveal()), algorithm }
}

/** Base64url thumbprints of the certificate's DER (RFC 7515 sections 4.1.7 and 4.1.8). Throws `CONFIG_INVALID`. */
export function readThumbprints(secret: Secret, where: string): { readonly x5t: string; readonly 'x5t#S256': string } {
  const [{ raw }] = readCertificates(secret, where)
  const digest = (hash: string): string => createHash(hash).update(raw).digest('base64url')
  return { x5t: digest('sha1'), 'x5t#S256': digest('sha256') }
}

/** The algorithms that a key can sign with, the natural one first; none where no standard knows the key. */
function listAlgorithms(key: KeyObject): readonly KeyAlgorithm[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  const type = key.asymmetricKeyType
  // RFC 7518 section 3.3.
  if (type === 'rsa' && modulusLength >= 2048) return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']
  if (type === 'ec') return curves[namedCurve] ?? []
  return type === 'ed25519' ? ['EdDSA', 'Ed25519'] : []
}

const curves: Readonly<Record<string, readonly KeyAlgorithm[]>> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
}

type Jwk = Readonly<Record<string, unknown>>

function readJwk(text: string, where: string): Jwk {
  let value: Jwk
  try {
    value = JSON.parse(text) as Jwk
  } catch {
    throw invalid(where, 'begins like JSON but is none: expected a JWK, or PEM')
  }
  if (typeof value['private_key'] === 'string')
    throw invalid(where, 'is a whole key file: name the field of it that is the key, such as secret:NAME#private_key')
  if (Array.isArray(value['keys']))
    throw invalid(where, 'is a set of keys: store the one that signs, or name it, such as secret:NAME#/keys/0')
  if (value['kty'] === undefined) throw invalid(where, 'is JSON but no JWK: it has no kty')
  if (value['kty'] !== 'oct' && value['d'] === undefined)
    throw invalid(where, 'is a public key: expected the private key that belongs to it')
  return value
}

function openJwk(jwk: Jwk, where: string): KeyObject {
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' })
  } catch {
    throw invalid(
      where,
      'is a JWK that cannot be read as a private key: expected kty RSA, EC or OKP with all its members',
    )
  }
}
