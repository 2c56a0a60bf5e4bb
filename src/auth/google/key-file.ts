import { SyncError } from '../../base/errors.ts'
import { isLoopback } from '../../syntax/loopback.ts'
import { Secret } from '../../secrets/secret.ts'
import { createAssertionGrant } from '../assertion/grant.ts'
import { signAssertion } from '../assertion/assertion.ts'
import type { AuthDeps } from '../auth.ts'
import { explainDelegation } from './delegation.ts'
import type { GoogleConfig } from '../methods/google.ts'
import { readPrivateKey } from '../assertion/signing-key.ts'
import { readClaims } from '../token/token-claims.ts'
import { type Token, requestToken } from '../token/token-request.ts'

/** Google takes an hour and less; a clock that is a little fast must not make it more. */
const lifetime = 30 * 60_000

/**
 * Tokens for a service account by its key file, as Google's "OAuth 2.0 for server to server applications" wants them.
 * Throws `CONFIG_INVALID` for a file that is none of a service account.
 */
export function createKeyFileGrant(config: GoogleConfig, file: Secret, deps: AuthDeps): () => Promise<Token> {
  const { email, key, keyId, tokenUrl } = readKeyFile(file)
  // The file is known to the redactor as a whole, its key alone is not.
  deps.redactor.add(key)
  const signing = { ...readPrivateKey(key, { where: 'auth.key_file' }), keyId }
  const { audience, scopes, subject } = config
  const claims = {
    iss: email,
    aud: tokenUrl,
    ...(audience === undefined ? { scope: scopes.join(' ') } : { target_audience: audience }),
    ...(subject !== undefined && { sub: deps.secret(subject).reveal() }),
  }
  const send = createAssertionGrant(
    { tokenUrl, assert: (now) => signAssertion(signing, { claims, now, lifetime }) },
    deps,
  )
  const sendFor = audience === undefined ? send : async () => toTokenAnswer(await send(), deps.now())
  return async () => {
    const token = await requestToken(tokenUrl, sendFor, deps).catch((thrown: unknown) => {
      throw subject === undefined ? thrown : explainDelegation(thrown)
    })
    return { ...token, account: token.account ?? email }
  }
}

interface KeyFile {
  readonly email: string
  readonly key: Secret
  readonly keyId: string
  readonly tokenUrl: string
}

function readKeyFile(file: Secret): KeyFile {
  const fields = parse(file.reveal())
  const { type, client_email: email, private_key: key, private_key_id: keyId, token_uri: url } = fields
  if (type !== 'service_account' || typeof email !== 'string' || typeof key !== 'string') {
    throw invalid(
      "is no service account's key file: expected JSON with type service_account, client_email and private_key",
    )
  }
  const tokenUrl = typeof url === 'string' ? url : 'https://oauth2.googleapis.com/token'
  if (!tokenUrl.startsWith('https://') && !isLoopback(tokenUrl)) throw invalid('has a token_uri that is not https')
  return { email, key: new Secret(key), keyId: typeof keyId === 'string' ? keyId : '', tokenUrl }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  } catch {
    // Not kept as a cause: the parser quotes the text.
    return {}
  }
}

function invalid(what: string): SyncError {
  return new SyncError('CONFIG_INVALID', `The secret of auth.key_file ${what}.`)
}

/** An ID token is what is wanted, so it is read as the access token of the answer; its life is in its own claims. */
async function toTokenAnswer(response: Response, now: number): Promise<Response> {
  const text = await response.text()
  const { id_token: token } = parse(text)
  const { status, headers } = response
  if (!response.ok || typeof token !== 'string') return new Response(text, { status, headers })
  const lifetime = Math.floor(Number(readClaims(token)?.['exp']) - now / 1_000)
  return Response.json({ access_token: token, expires_in: lifetime })
}
