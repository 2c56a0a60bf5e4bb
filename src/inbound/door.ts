import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Log } from '../base/log.ts'
import { type AllowList, foldName } from './allow-list.ts'
import { readBearer, readClaims } from './bearer.ts'
import { type Caller, type Check, allRights, createCaller, refusedCaller, unknownCaller } from './caller.ts'
import type { InboundConfig } from './config.ts'
import type { Claims, GoogleTokens } from './google-token.ts'

export interface DoorDeps {
  readonly google: GoogleTokens
  readonly log: Log
}

/** Who calls, by the mode of `HEADRACE_INBOUND`. */
export function createDoor(config: InboundConfig, { google, log }: DoorDeps): Check {
  switch (config.mode) {
    case 'iam':
      return checkPlatform(config.callers)
    case 'verify':
      if (config.callers.size === 0)
        log.warn({}, 'HEADRACE_CALLERS is empty, so every token is refused: name the accounts that may call')
      return checkToken(config.audience ?? '', config.callers, google)
    case 'none':
      return checkPeer
  }
}

/**
 * The platform has let the caller in; where there is a list, the token's claims say who he is. Its signature is not looked
 * at: Cloud Run has replaced it by `SIGNATURE_REMOVED_BY_GOOGLE`.
 */
function checkPlatform(callers: AllowList): Check {
  if (callers.size === 0) return async ({ headers }) => createCaller(allRights, { ...nameOf(headers), signedIn: false })
  return async ({ headers }) => {
    // With both, the platform looks at the second, and hands the first on as it is.
    const token = readBearer(headers['x-serverless-authorization'] ?? headers.authorization)
    if (token === undefined)
      throw unknownCaller('There is no token: call with Authorization: Bearer and an identity token.')
    const claims = readClaims(token)
    if (!claims) throw unknownCaller('The token is no JSON web token: fetch an identity token, not an access token.')
    // The platform asks Google for the e-mail; only a token that says that it is not verified is none of its.
    return findCaller({ email_verified: true, ...claims }, callers)
  }
}

/** Where the platform lets in whom it likes, a token may be missing, or another kind of token. */
function nameOf(headers: IncomingHttpHeaders): { readonly name?: string } {
  const header = headers['x-serverless-authorization'] ?? headers.authorization
  const token = typeof header === 'string' ? /^bearer +(\S+)$/i.exec(header)?.[1] : undefined
  const email = token === undefined ? undefined : readClaims(token)?.['email']
  return typeof email === 'string' && email !== '' ? { name: foldName(email) } : {}
}

function checkToken(audience: string, callers: AllowList, google: GoogleTokens): Check {
  return async ({ headers }) => {
    const token = readBearer(headers.authorization)
    if (token === undefined)
      throw unknownCaller('There is no token: call with Authorization: Bearer and an identity token.')
    return findCaller(await google.verifyIdToken(token, audience), callers)
  }
}

function findCaller(claims: Claims, callers: AllowList): Caller {
  const { email, email_verified: verified } = claims
  if (typeof email !== 'string' || email === '')
    throw unknownCaller('The token names no e-mail: fetch one that includes it (gcloud: --include-email).')
  if (verified !== true && verified !== 'true') throw unknownCaller("The token's e-mail is not verified.")
  const name = foldName(email)
  const rights = callers.get(name)
  if (!rights) throw refusedCaller('This caller is not on the list: add the account to HEADRACE_CALLERS.')
  return createCaller(rights, { name, signedIn: false })
}

const loopback = /^(?:::ffff:)?127\.\d+\.\d+\.\d+$|^::1$/

/** Whether a connection comes from this very machine, by its socket: headers say anything. */
export const isLocalPeer = ({ socket }: IncomingMessage): boolean => loopback.test(socket.remoteAddress ?? '')

/** Everybody on this machine may do everything. A name that somebody's web page has pointed at it is none of its own. */
const checkPeer: Check = async (request) => {
  if (!isLocalPeer(request))
    throw refusedCaller(
      'HEADRACE_INBOUND is none, which answers calls from this very machine only: take iam or verify.',
    )
  if (!isLocalName(request.headers.host ?? ''))
    throw refusedCaller('HEADRACE_INBOUND is none, which answers to localhost and 127.0.0.1 only, not to another name.')
  return createCaller(allRights, { session: 'local', signedIn: false })
}

/** Whether a Host header names this machine. */
export const isLocalName = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host)
