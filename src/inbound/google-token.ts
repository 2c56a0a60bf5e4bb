import { SyncError } from '../base/errors.ts'
import { unknownCaller } from './caller.ts'

export interface GoogleTokenOptions {
  /** Of a server on this machine that gives Google's keys, for tests. */
  readonly endpoint?: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export type Claims = Readonly<Record<string, unknown>>

/** Checks with Google's own keys what Google has signed. */
export interface GoogleTokens {
  /** An ID token (OpenID Connect Core section 3.1.3.7). Throws `CALLER_UNKNOWN` and `CALLER_UNCHECKED`. */
  verifyIdToken(token: string, audience: string): Promise<Claims>
  /** The header that Identity-Aware Proxy adds to a request. Throws as above. */
  verifyIap(assertion: string, audience: string): Promise<Claims>
}

const idIssuers = ['https://accounts.google.com', 'accounts.google.com']
const iapIssuers = ['https://cloud.google.com/iap']
const keysTimeout = 5_000

/** The library is loaded by the first token that looks like one. */
export function createGoogleTokens({ endpoint, now }: GoogleTokenOptions): GoogleTokens {
  let opened: ReturnType<typeof openClient> | undefined
  const open = (): ReturnType<typeof openClient> => (opened ??= openClient(endpoint))
  const idKeys = createKeys(async () => (await (await open()).getFederatedSignonCertsAsync()).certs, now)
  const iapKeys = createKeys(async () => (await (await open()).getIapPublicKeysAsync()).pubkeys, now)

  async function verify(token: string, { alg, keys, audience, issuers }: Expected): Promise<Claims> {
    const kid = readKeyId(token, alg)
    const known = await keys(kid)
    const client = await open()
    try {
      const ticket = await client.verifySignedJwtWithCertsAsync(token, { ...known }, audience, issuers)
      const payload = ticket.getPayload()
      if (payload) return payload as unknown as Claims
    } catch (thrown) {
      // The library's words hold the token, so neither they nor the error itself go any further.
      throw unknownCaller(explain(thrown instanceof Error ? thrown.message.slice(0, 40) : ''))
    }
    throw unknownCaller('The token says nothing.')
  }

  return {
    verifyIdToken: (token, audience) => verify(token, { alg: 'RS256', keys: idKeys, audience, issuers: idIssuers }),
    verifyIap: (token, audience) => verify(token, { alg: 'ES256', keys: iapKeys, audience, issuers: iapIssuers }),
  }
}

interface Expected {
  readonly alg: string
  readonly keys: ReturnType<typeof createKeys>
  readonly audience: string
  readonly issuers: string[]
}

async function openClient(endpoint: string | undefined) {
  const { OAuth2Client } = await import('google-auth-library')
  return new OAuth2Client({
    transporterOptions: { timeout: keysTimeout },
    ...(endpoint !== undefined && {
      endpoints: { oauth2FederatedSignonPemCertsUrl: `${endpoint}/certs`, oauth2IapPublicKeyUrl: `${endpoint}/iap` },
    }),
  })
}

type Keys = Readonly<Record<string, string>>

/** So long keys are kept; Google gives new ones out days before it signs with them. */
const keepFor = 600_000
/** For a key that is not among them they are fetched again, but not for every forged token. */
const freshFor = 60_000

/** The keys by their ids; however many calls come at once, they are fetched once. */
function createKeys(fetch: () => Promise<unknown>, now: () => number) {
  let kept: { readonly keys: Keys; readonly at: number } | undefined
  let fetching: Promise<Keys> | undefined

  async function fetchKeys(): Promise<Keys> {
    try {
      const keys = await fetch()
      if (!isKeys(keys)) throw new TypeError('no keys')
      kept = { keys, at: now() }
      return keys
    } catch (cause) {
      const message = "Google's keys cannot be had, so nobody can be let in: call again."
      throw new SyncError('CALLER_UNCHECKED', message, { cause, details: { retryAfter: 10 } })
    }
  }

  return async (kid: string): Promise<Keys> => {
    const age = kept ? now() - kept.at : Infinity
    if (kept && age < keepFor && (Object.hasOwn(kept.keys, kid) || age < freshFor)) return kept.keys
    fetching ??= fetchKeys().finally(() => (fetching = undefined))
    return fetching
  }
}

const isKeys = (value: unknown): value is Keys =>
  typeof value === 'object' && value !== null && Object.values(value).every((key) => typeof key === 'string')

/** Throws `CALLER_UNKNOWN` for what is no token of that kind, before any key is fetched for it. */
function readKeyId(token: string, alg: string): string {
  const parts = token.split('.')
  if (parts.length !== 3)
    throw unknownCaller('The token is no JSON web token: fetch an identity token, not an access token.')
  let header: { readonly alg?: unknown; readonly kid?: unknown } | null
  try {
    header = JSON.parse(Buffer.from(parts[0] as string, 'base64url').toString('utf8')) as typeof header
  } catch {
    throw unknownCaller('The token is broken: fetch another one.')
  }
  if (header?.alg !== alg || typeof header.kid !== 'string')
    throw unknownCaller('The token is not signed the way Google signs.')
  return header.kid
}

function explain(words: string): string {
  if (/used too late/i.test(words)) return 'The token has expired: fetch another one.'
  if (/used too early/i.test(words)) return 'The token is not valid yet: compare the clocks.'
  if (/recipient/i.test(words)) return 'The token is for another audience than this service.'
  if (/invalid issuer/i.test(words)) return 'The token is not from Google.'
  return 'The token is not signed by Google, or broken.'
}
