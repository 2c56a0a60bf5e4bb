import { createHash, getHashes } from 'node:crypto'
import { type Challenge, parseChallenges } from '../../http/auth-challenge.ts'

/** A digest challenge that can be answered (RFC 7616 section 3.3; without `qop` as in RFC 2069). */
export interface DigestChallenge {
  readonly realm: string
  readonly nonce: string
  readonly opaque: string | undefined
  /** As Node calls it. */
  readonly hash: string
  /** As it was written; absent where it was not. */
  readonly algorithm: string | undefined
  /** The key is derived once, of the first nonce (`-sess`). */
  readonly session: boolean
  readonly qop: 'auth' | 'auth-int' | undefined
  readonly userhash: boolean
  /** The nonce was too old, and nothing else was wrong. */
  readonly stale: boolean
}

/** Node's names of the algorithms, the strongest first; those that this Node lacks (as with FIPS) are left out. */
const hashes = (
  [
    ['sha-512-256', 'sha512-256'],
    ['sha-256', 'sha256'],
    ['md5', 'md5'],
  ] as const
).filter(([, hash]) => getHashes().includes(hash))

/** The strongest of the challenges that can be answered; undefined where there is none. */
export function chooseChallenge(header: string): DigestChallenge | undefined {
  const known = parseChallenges(header)
    .filter((challenge) => challenge.scheme === 'digest')
    .map(readChallenge)
    .filter((challenge) => challenge !== undefined)
  return hashes
    .map(([, hash]) => known.find((challenge) => challenge.hash === hash))
    .find((found) => found !== undefined)
}

function readChallenge({ params }: Challenge): DigestChallenge | undefined {
  const algorithm = params.get('algorithm')
  const [, name, session] = /^(.*?)(-sess)?$/i.exec(algorithm ?? 'MD5') ?? []
  const hash = hashes.find(([known]) => known === name?.toLowerCase())?.[1]
  const nonce = params.get('nonce')
  const offered = (params.get('qop') ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== '')
  const qop = (['auth', 'auth-int'] as const).find((word) => offered.includes(word))
  if (hash === undefined || nonce === undefined || (offered.length > 0 && qop === undefined)) return undefined
  return {
    realm: params.get('realm') ?? '',
    nonce,
    opaque: params.get('opaque'),
    hash,
    algorithm,
    session: session !== undefined,
    qop,
    userhash: params.get('userhash')?.toLowerCase() === 'true',
    stale: params.get('stale')?.toLowerCase() === 'true',
  }
}

export interface DigestCredentials {
  readonly username: string
  readonly password: string
}

/** One request under a challenge. */
export interface DigestCall {
  readonly method: string
  /** Path and query, as they are sent. */
  readonly uri: string
  readonly body: string
  /** How many requests have been sent with this nonce, this one included. */
  readonly count: number
  readonly cnonce: string
  /** The nonce of the challenge that began the session; that of the challenge where absent. */
  readonly firstNonce?: string
}

/**
 * The value of the `Authorization` header (RFC 7616 sections 3.4 and 3.9). User name and password count in UTF-8, in
 * normalization form C; what the server sent goes back byte for byte.
 */
export function answerChallenge(challenge: DigestChallenge, call: DigestCall, credentials: DigestCredentials): string {
  const { realm, nonce, qop, session, algorithm, opaque, userhash } = challenge
  const hash = (text: string): string => createHash(challenge.hash).update(text, 'latin1').digest('hex')
  const username = toBytes(credentials.username.normalize('NFC'))
  const key = hash(`${username}:${realm}:${toBytes(credentials.password.normalize('NFC'))}`)
  const { cnonce, firstNonce = nonce } = call
  const secret = session ? hash(`${key}:${firstNonce}:${cnonce}`) : key
  const body = qop === 'auth-int' ? `:${hash(toBytes(call.body))}` : ''
  const target = hash(`${call.method}:${call.uri}${body}`)
  const count = call.count.toString(16).padStart(8, '0')
  const middle = qop === undefined ? nonce : `${nonce}:${count}:${cnonce}:${qop}`
  const fields = [
    userhash ? `username=${quote(hash(`${username}:${realm}`))}` : writeName(credentials.username.normalize('NFC')),
    `realm=${quote(realm)}`,
    `uri=${quote(call.uri)}`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    `nonce=${quote(nonce)}`,
    ...(qop === undefined ? [] : [`nc=${count}`, `qop=${qop}`]),
    ...(qop === undefined && !session ? [] : [`cnonce=${quote(cnonce)}`]),
    `response=${quote(hash(`${secret}:${middle}:${target}`))}`,
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
    ...(userhash ? ['userhash=true'] : []),
  ]
  return `Digest ${fields.join(', ')}`
}

/** A name that a quoted string cannot carry is encoded (RFC 7616 section 3.4, RFC 8187). */
function writeName(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return `username=${quote(name)}`
  return `username*=UTF-8''${encodeURIComponent(name).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)}`
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

/** UTF-8 as a string of bytes, such as header values are. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
