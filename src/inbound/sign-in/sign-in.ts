import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { generateRandomCodeVerifier, generateRandomNonce, generateRandomState } from 'oauth4webapi'
import { z } from 'zod'
import { refusedCaller, unknownCaller, type Caller } from '../caller.ts'
import type { SignInConfig } from './config.ts'
import { clearCookie, readCookie, setCookie } from './cookies.ts'
import { createGithub } from './github.ts'
import { createOidc } from './oidc.ts'
import { type ProviderDeps, type SignInProvider, noticeOutage } from './provider.ts'
import type { Seal } from './seal.ts'
import { createSessions, toPerson } from './session.ts'
import { rememberChecks } from './token-checks.ts'

/** Where a browser is sent next, and the cookies it gets. */
export interface Step {
  readonly location: string
  readonly cookies: readonly string[]
}

/** People sign in to the status page. `origin` is our own, as the browser sees it. */
export interface SignIn {
  /** `GET /login?to=PATH`: off to the provider. */
  begin(origin: string, to: string | null): Promise<Step>
  /** `GET /login/authorized`: back from it. Throws `CALLER_UNKNOWN`, `CALLER_REFUSED` and `CALLER_UNCHECKED`. */
  finish(request: IncomingMessage, origin: string): Promise<Step>
  /** `POST /logout`: the cookies that end the session of this caller. */
  end(caller: Caller, origin: string): readonly string[]
  /** Undefined where nobody is signed in. */
  readSession(request: IncomingMessage, origin: string): Promise<Caller | undefined>
  /** A program with an access token that the provider gave to it for somebody. Throws as `finish` does. */
  checkToken(token: string): Promise<Caller>
}

/** Between the way to the provider and the way back; seconds. */
const attemptLifetime = 600

const attempt = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), to: z.string() })

const notListed = 'This account is not on the list of people who may look: ask whoever runs this service.'

export interface SignInDeps extends ProviderDeps {
  readonly seal: Seal
  /** Milliseconds since 1970. */
  readonly now: () => number
}

export function createSignIn(config: SignInConfig, deps: SignInDeps): SignIn {
  const provider = createProvider(config, { ...deps, fetch: noticeOutage(deps.fetch) })
  const sessions = createSessions(config, deps.seal)
  const checkOnce = rememberChecks((token) => provider.checkToken(token), deps.now)
  const redirectUri = (origin: string): string => `${origin}/login/authorized`

  return {
    async begin(origin, to) {
      const secrets = {
        state: generateRandomState(),
        nonce: generateRandomNonce(),
        verifier: generateRandomCodeVerifier(),
      }
      const sealed = await deps.seal.close('login', { ...secrets, to: safeReturnPath(to) }, attemptLifetime)
      const url = await provider.begin({ ...secrets, redirectUri: redirectUri(origin) })
      const options = { secure: isSecure(origin), seconds: attemptLifetime }
      return { location: url.href, cookies: [setCookie('headrace-login', sealed, options)] }
    },
    async finish(request, origin) {
      const secure = isSecure(origin)
      const cookie = readCookie(request, 'headrace-login', secure)
      const { data } = attempt.safeParse(cookie && (await deps.seal.open('login', cookie)))
      if (!data) throw unknownCaller('This sign-in was not begun in this browser, or too long ago: start again.')
      const back = new URL(request.url ?? '/', origin).searchParams
      if (!isSame(back.get('state') ?? '', data.state))
        throw unknownCaller('The answer belongs to another sign-in: start again.')
      const identity = await provider.finish(back, { ...data, redirectUri: redirectUri(origin) })
      if (!identity.aliases.some((alias) => config.allow.has(alias))) throw refusedCaller(notListed)
      const begun = await sessions.begin(identity, secure)
      return { location: safeReturnPath(data.to), cookies: [begun, clearCookie('headrace-login', secure)] }
    },
    end: (caller, origin) => [sessions.end(caller, isSecure(origin))],
    readSession: (request, origin) => sessions.read(request, isSecure(origin)),
    async checkToken(token) {
      const person = toPerson(await checkOnce(token), config.allow, { signedIn: false })
      if (!person) throw refusedCaller(notListed)
      return person
    },
  }
}

function createProvider({ provider, allow }: SignInConfig, deps: ProviderDeps): SignInProvider {
  switch (provider.type) {
    case 'oidc':
      return createOidc(provider.issuer, deps)
    case 'github':
      return createGithub(provider, allow, deps)
  }
}

const isSecure = (origin: string): boolean => origin.startsWith('https:')

/** In constant time. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Pages of ours that a person may be sent back to after signing in, and nothing that a browser could take for another host. */
const ownPage = /^\/(?:runs\/[A-Za-z0-9-]{1,100})?(?:\?[A-Za-z0-9_=&%.~-]{0,300})?$/

/** The path to go back to after signing in; `/` for what is no page of ours. */
const safeReturnPath = (path: string | null | undefined): string => (path && ownPage.test(path) ? path : '/')
