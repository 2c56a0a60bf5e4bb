import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { App } from '../run/app.ts'
import { createTokenFetch } from '../auth/token/token-fetch.ts'
import { foldName } from './allow-list.ts'
import { readBearer, readClaims } from './bearer.ts'
import { type Caller, allRights, createCaller, refusedCaller, unknownCaller } from './caller.ts'
import type { InboundConfig } from './config.ts'
import { createDoor, isLocalName, isLocalPeer } from './door.ts'
import { type GoogleTokens, createGoogleTokens } from './google-token.ts'
import { createSecretReader } from './secret-text.ts'
import type { Seal } from './sign-in/seal.ts'
import type { SignIn } from './sign-in/sign-in.ts'

export type { Caller } from './caller.ts'

/** What a request is about: a look at the status, or work to be done. */
export type Purpose = 'look' | 'work'

/** The front door: who calls, and whether a form is one of ours. */
export interface Inbound {
  /** Throws `CALLER_UNKNOWN`, `CALLER_REFUSED` and `CALLER_UNCHECKED`. */
  identify(request: IncomingMessage, purpose: Purpose): Promise<Caller>
  /** Whether this account's word counts for what a call is a delivery of; everybody's where no account is named. */
  mayDeliver(caller: Caller): boolean
  /** Undefined where nobody signs in. */
  readonly signIn?: SignIn
  /** Our own origin as the caller sees it; undefined where it is not configured and the caller is not on this machine. */
  originOf(request: IncomingMessage): string | undefined
  /** What a form of this caller's must bring along; undefined for a caller who can have no form. */
  formToken(caller: Caller): Promise<string | undefined>
  /** Throws `CALLER_REFUSED` for a form that is not one of ours. */
  checkForm(request: IncomingMessage, caller: Caller, token: string): Promise<void>
}

const providerTimeout = 10_000

/** Everything that only some requests need is loaded by the first of them. */
export async function createInbound(config: InboundConfig, app: App, signal: AbortSignal): Promise<Inbound> {
  const google = createGoogleTokens({
    now: () => app.effects.now(),
    ...(config.keysEndpoint !== undefined && { endpoint: config.keysEndpoint }),
  })
  const check = createDoor(config, { google, log: app.log })
  const seal = await createFormSeal(config, app, signal)
  const signIn = config.signIn && seal && (await openSignIn(config.signIn, seal, { app, signal }))

  const originOf = (request: IncomingMessage): string | undefined => {
    if (config.origin !== undefined) return config.origin
    const { host = '' } = request.headers
    return isLocalPeer(request) && isLocalName(host) ? `http://${host}` : undefined
  }

  return {
    originOf,
    ...(signIn && { signIn }),
    async identify(request, purpose) {
      const assertion = request.headers['x-goog-iap-jwt-assertion']
      if (config.iapAudience !== undefined && typeof assertion === 'string')
        return checkIap(assertion, { audience: config.iapAudience, config, google })
      if (signIn) {
        const origin = originOf(request)
        const person = origin === undefined ? undefined : await signIn.readSession(request, origin)
        if (person) return person
        if (purpose !== 'work') {
          const token = readBearer(request.headers.authorization)
          if (token === undefined) throw unknownCaller('Sign in first.')
          const ofGoogle = config.audience !== undefined && readClaims(token)?.['aud'] === config.audience
          if (!ofGoogle) return signIn.checkToken(token)
        }
      }
      return check(request)
    },
    mayDeliver: ({ name }) => config.deliverers.size === 0 || (name !== undefined && config.deliverers.has(name)),
    formToken: async ({ session }) => (seal && session !== undefined ? seal.sign(session) : undefined),
    async checkForm(request, { session }, token) {
      if (!isOwnPage(request.headers, originOf(request)))
        throw refusedCaller('Runs are not started by the pages of other sites.')
      if (!seal || session === undefined || !(await seal.isSigned(session, token)))
        throw refusedCaller('The form is too old, or not one of ours: load the page again.')
    },
  }
}

/** Under a referrer policy of `no-referrer` browsers send `Origin: null` (Fetch section 3.2), and say the site in a header of its own. */
function isOwnPage({ origin, 'sec-fetch-site': site }: IncomingHttpHeaders, own: string | undefined): boolean {
  if (own === undefined) return false
  return origin === undefined || origin === own || (origin === 'null' && site === 'same-origin')
}

async function createFormSeal(config: InboundConfig, app: App, signal: AbortSignal): Promise<Seal | undefined> {
  // On one machine there is one process, so a key that is gone with it does.
  const own = randomBytes(32).toString('base64')
  const read = config.signIn
    ? createSecretReader(config.signIn.key, app, signal)
    : config.mode === 'none'
      ? () => Promise.resolve(own)
      : config.iapAudience !== undefined && config.iapKey !== undefined
        ? createSecretReader(config.iapKey, app, signal)
        : undefined
  if (!read) return undefined
  const { createSeal } = await import('./sign-in/seal.ts')
  return createSeal(read, () => app.effects.now())
}

async function openSignIn(
  config: NonNullable<InboundConfig['signIn']>,
  seal: Seal,
  { app, signal }: { readonly app: App; readonly signal: AbortSignal },
): Promise<SignIn> {
  const { createSignIn } = await import('./sign-in/sign-in.ts')
  return createSignIn(config, {
    seal,
    signal,
    now: () => app.effects.now(),
    clientId: config.clientId,
    clientSecret: createSecretReader(config.clientSecret, app, signal),
    fetch: createTokenFetch(app.dispatcher, providerTimeout),
  })
}

interface IapRules {
  readonly audience: string
  readonly config: InboundConfig
  readonly google: GoogleTokens
}

/** Identity-Aware Proxy has decided who comes in; a list narrows that down, and says what he may do. */
async function checkIap(assertion: string, { audience, config, google }: IapRules): Promise<Caller> {
  const token = readBearer(`Bearer ${assertion}`) as string
  const { email } = await google.verifyIap(token, audience)
  if (typeof email !== 'string' || email === '') throw unknownCaller('The proxy names no e-mail.')
  const name = foldName(email)
  const who = { name, session: `iap ${name}`, signedIn: false }
  if (config.callers.size === 0) return createCaller({ ...allRights, connectors: new Set() }, who)
  const rights = config.callers.get(name)
  if (!rights) throw refusedCaller('This account is not on the list: add it to HEADRACE_CALLERS.')
  return createCaller(rights, who)
}
