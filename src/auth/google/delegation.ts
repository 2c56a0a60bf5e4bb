import { SyncError } from '../../base/errors.ts'
import { sanitizeMessage } from '../../http/error-message.ts'
import { createAssertionGrant } from '../assertion/grant.ts'
import type { AuthDeps } from '../auth.ts'
import type { Identity } from './identity.ts'
import { type Token, requestToken } from '../token/token-request.ts'

const tokenUrl = 'https://oauth2.googleapis.com/token'
const signUrl = 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts'
const lifetime = 30 * 60_000

export interface Delegation {
  readonly identity: Identity
  /** The address of the person. */
  readonly subject: string
  readonly scopes: readonly string[]
}

/**
 * Acts for a person without a key: IAM signs the assertion for the service account (method signJwt of the IAM Service
 * Account Credentials API v1). Throws `AUTH_FAILED` with the role or the grant that is missing.
 */
export async function requestDelegated({ identity, subject, scopes }: Delegation, deps: AuthDeps): Promise<Token> {
  const email = await identity.email()
  const { value } = await identity.accessToken()
  const claims = { iss: email, sub: subject, aud: tokenUrl, scope: scopes.join(' ') }
  const assert = (now: number): Promise<string> => {
    const issued = Math.floor(now / 1_000)
    const payload = { ...claims, iat: issued, exp: issued + lifetime / 1_000 }
    return signByIam({ email, payload, token: value.reveal() }, deps)
  }
  const token = await requestToken(tokenUrl, createAssertionGrant({ tokenUrl, assert }, deps), deps).catch(
    (thrown: unknown) => {
      throw explainDelegation(thrown)
    },
  )
  return { ...token, account: subject }
}

interface Signing {
  readonly email: string
  readonly payload: object
  readonly token: string
}

async function askIam({ email, payload, token }: Signing, deps: AuthDeps): Promise<Response> {
  try {
    return await deps.fetch(`${signUrl}/${encodeURIComponent(email)}:signJwt`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ payload: JSON.stringify(payload) }),
      signal: deps.signal,
    })
  } catch {
    // Not kept as a cause: it may carry the request.
    throw new SyncError('AUTH_UNAVAILABLE', `IAM could not be reached to sign for ${email}; try again later.`)
  }
}

async function signByIam(signing: Signing, deps: AuthDeps): Promise<string> {
  const { email } = signing
  const response = await askIam(signing, deps)
  const { signedJwt, error } = (await response.json().catch(() => ({}))) as {
    readonly signedJwt?: string
    readonly error?: { readonly message?: string }
  }
  if (typeof signedJwt === 'string') return signedJwt
  const words = sanitizeMessage(error?.message, (text) => deps.redactor.redact(text)) ?? 'without a reason'
  if (response.status >= 500 || response.status === 429)
    throw new SyncError('AUTH_UNAVAILABLE', `IAM could not sign for ${email} (${response.status}: ${words}).`)
  const disabled = /has not been used|disabled/.test(words)
  const command = disabled
    ? 'gcloud services enable iamcredentials.googleapis.com'
    : `gcloud iam service-accounts add-iam-policy-binding ${email} --member=serviceAccount:${email} --role=roles/iam.serviceAccountTokenCreator`
  throw new SyncError('AUTH_FAILED', `IAM does not sign for ${email} (${response.status}: ${words}). Run: ${command}`)
}

/** `unauthorized_client` says here that nobody granted the delegation (Google Workspace Admin Help, "Control API access with domain-wide delegation"). */
export function explainDelegation(thrown: unknown): unknown {
  if (!(thrown instanceof SyncError) || !/unauthorized_client|access_denied/.test(thrown.message)) return thrown
  const todo =
    'in the Admin console, under API controls, grant domain-wide delegation to its client id for these scopes'
  return new SyncError(
    thrown.code,
    `${thrown.message.replace(/\.$/, '')}; the service account may not act for people: ${todo}.`,
    {
      details: thrown.details,
    },
  )
}
