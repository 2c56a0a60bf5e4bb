import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { SyncError } from '../../base/errors.ts'
import type { ApiRequest, ApiResponse } from '../../http/send.ts'
import { secretRef, secretRefOrText } from '../../secrets/ref.ts'
import { parseChallenges } from '../../http/auth-challenge.ts'
import { defineAuth } from '../auth.ts'
import {
  type DigestChallenge,
  type DigestCredentials,
  answerChallenge,
  chooseChallenge,
} from '../signature/digest-response.ts'
import { rejectTrailingNewline, withHeader } from '../credential-location/header.ts'
import { authorizationHeader } from '../credential-location/location.ts'
import { oneLine } from '../../base/words/line.ts'

/** What is kept of the challenge of one origin, for the requests that follow. */
interface Session {
  readonly challenge: DigestChallenge
  /** The one of the last `nextnonce`, else the challenge's. */
  nonce: string
  /** Requests sent with this nonce. */
  count: number
  /** Of a session whose key depends on it. */
  readonly cnonce: string
  /** A request was accepted with it, so the credentials are right. */
  proven: boolean
}

/**
 * Digest authentication (RFC 7616): the first request costs one 401, which brings the challenge; all that follow are
 * signed with it at once, until the server brings another.
 */
export default defineAuth({
  config: z
    .strictObject({
      type: z.literal('digest'),
      username: secretRefOrText.meta({ description: 'The user name: a literal or a secret.', examples: ['me'] }),
      password: secretRef.meta({ description: 'The password.', examples: ['secret:acme-password'] }),
    })
    .meta({
      description: 'HTTP digest authentication (RFC 7616).',
      examples: [{ type: 'digest', username: 'me', password: 'secret:acme-password' }],
    }),
  isSignature: true,
  writes: authorizationHeader,
  example: {
    label: 'user name and password (digest)',
    lines: ({ secret }) => [`username: ${secret('username')}`, `password: ${secret('password')}`],
  },
  create({ username, password }, { secret, redactor }) {
    const known = rejectTrailingNewline(secret(password), 'auth.password').reveal()
    const credentials = { username: secret(username).reveal(), password: known }
    const sessions = new Map<string, Session>()
    return {
      async sign(request) {
        const session = sessions.get(new URL(request.url).origin)
        return session ? withHeader(request, 'authorization', authorizeDigest(request, session, credentials)) : request
      },
      handleChallenge(signed, response) {
        const { origin, pathname } = new URL(signed.url)
        const session = sessions.get(origin)
        if (response.status !== 401) {
          if (session && usedNonce(signed) === session.nonce) learnSuccess(session, response)
          return false
        }
        const challenge = chooseChallenge(response.headers['www-authenticate'] ?? '')
        if (!challenge) throw noChallenge(`${signed.method} ${redactor.redact(origin + pathname)}`, response)
        if (isRefusal(challenge, usedNonce(signed), session)) return false
        // Another request that was under way may have brought a newer one.
        if (!session || usedNonce(signed) === session.nonce) sessions.set(origin, startSession(challenge))
        return true
      },
    }
  },
})

function authorizeDigest(request: ApiRequest, session: Session, credentials: DigestCredentials): string {
  session.count++
  const { challenge, nonce, count } = session
  const { pathname, search } = new URL(request.url)
  const call = {
    method: request.method,
    uri: pathname + search,
    body: request.body ?? '',
    count,
    cnonce: challenge.session ? session.cnonce : createCnonce(),
    firstNonce: challenge.nonce,
  }
  return answerChallenge({ ...challenge, nonce }, call, credentials)
}

const createCnonce = (): string => randomBytes(16).toString('hex')

function startSession(challenge: DigestChallenge): Session {
  return { challenge, nonce: challenge.nonce, count: 0, cnonce: createCnonce(), proven: false }
}

/** The nonce that a request was signed with; undefined where it was not. */
function usedNonce({ headers }: ApiRequest): string | undefined {
  return parseChallenges(headers['authorization'] ?? '')[0]?.params.get('nonce')
}

/** Whether a 401 says that the credentials are wrong, rather than that it wants a (newer) nonce. */
function isRefusal(challenge: DigestChallenge, used: string | undefined, session: Session | undefined): boolean {
  if (used === undefined || used !== session?.nonce || challenge.stale) return false
  // A server that has forgotten its nonces does not always say that they are stale.
  return !session.proven
}

/** RFC 7616 section 3.5: the server may say which nonce it wants next. */
function learnSuccess(session: Session, { headers }: Pick<ApiResponse, 'headers'>): void {
  session.proven = true
  const next = parseChallenges(`Digest ${headers['authentication-info'] ?? ''}`)[0]?.params.get('nextnonce')
  if (next === undefined || next === session.nonce) return
  session.nonce = next
  session.count = 0
}

function noChallenge(request: string, { headers }: Pick<ApiResponse, 'headers'>): SyncError {
  const offered = parseChallenges(headers['www-authenticate'] ?? '').map(({ scheme, params }) =>
    [scheme, params.get('algorithm'), params.get('qop')].filter((word) => word !== undefined).join(' '),
  )
  const found = offered.length === 0 ? 'no challenge' : `only ${oneLine(offered.join(', '), 100)}`
  return new SyncError(
    'AUTH_REJECTED',
    `${request} was answered 401 with ${found}, so there is nothing that digest authentication could answer; check the path and the type under auth.`,
    { details: { status: 401 } },
  )
}
