import type { AuthDeps } from '../auth/auth.ts'
import type { SignInSettings } from '../auth/authorization/sign-in-settings.ts'
import { formatTime } from '../auth/token/saved-token.ts'
import { type TokenFields, liftTokens } from '../auth/token/token-answer.ts'
import { requestAnswer } from '../auth/token/token-request.ts'
import type { SavedTokens } from '../secrets/token-store/contract.ts'
import { Secret } from '../secrets/secret.ts'
import { oneLine } from '../base/words/line.ts'

/** What a consent has brought: what is saved, and what may be said about it. */
export interface Connection {
  readonly tokens: SavedTokens
  readonly scopes: ScopeReport
  /** RFC 3339: when the consent ends if it is not used until then, as far as the provider tells. */
  readonly renewableUntil?: string
  /** Who consented, as far as the provider tells. */
  readonly account?: string
  /** Further words of the provider that a connector's author wants to know, such as the address of the API. */
  readonly facts: Readonly<Record<string, string>>
}

/** Scopes asked for against scopes granted. */
export interface ScopeReport {
  readonly asked: readonly string[]
  /** Undefined where the provider does not say, which means as asked (RFC 6749 section 5.1). */
  readonly granted?: readonly string[]
  /** Asked for, and not granted. */
  readonly missing: readonly string[]
}

interface GrantOptions {
  readonly url: string
  readonly settings: SignInSettings
  /** Of the redirect, for what the provider says there. */
  readonly query?: URLSearchParams
}

/** Sends the token request once, and reads the tokens out of whatever shape the provider gives them. Throws `AUTH_*`. */
export async function requestConnection(
  send: () => Promise<Response>,
  { url, settings, query }: GrantOptions,
  deps: AuthDeps,
): Promise<Connection> {
  const since = deps.now()
  const { fields, token: readToken } = await requestAnswer(url, send, deps)
  const answer = liftTokens(fields, settings.tokenField)
  const token = await readToken(answer)
  const refresh = textOf(answer['refresh_token'])
  if (refresh !== undefined) deps.redactor.add(new Secret(refresh))
  // The provider's own separator, and no reading of scopes out of a JWT: that is for the API alone.
  const granted = splitScopes(answer['scope'])
  const tokens: SavedTokens = {
    obtained_at: formatTime(since),
    access_token: token.value.reveal(),
    ...(refresh !== undefined && { refresh_token: refresh }),
    ...(token.lifetime !== undefined && { expires_at: formatTime(since + token.lifetime) }),
    ...(granted && { scope: granted.join(' ') }),
  }
  const renewable = refresh === undefined ? undefined : readRefreshLifetime(answer)
  return {
    tokens,
    scopes: compareScopes(settings, granted),
    ...(renewable !== undefined && { renewableUntil: formatTime(since + renewable) }),
    ...(token.account !== undefined && { account: oneLine(deps.redactor.redact(token.account), 200) }),
    facts: readFacts(settings.preset?.facts ?? [], { fields, query, deps }),
  }
}

/** In milliseconds: the word of GitHub and LinkedIn, of Intuit, of Keycloak. No standard has one. */
function readRefreshLifetime(answer: TokenFields): number | undefined {
  const names = ['refresh_token_expires_in', 'x_refresh_token_expires_in', 'refresh_expires_in']
  const seconds = names.map((name) => Number(answer[name] ?? Number.NaN)).find((value) => value > 0 && value < Infinity)
  return seconds && seconds * 1_000
}

/** Splits on blanks and commas, regardless of what the provider likes. */
function splitScopes(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] | undefined = Array.isArray(value)
    ? value
    : typeof value === 'string'
      ? value.split(/[\s,]+/)
      : undefined
  const scopes = list?.filter((scope): scope is string => typeof scope === 'string' && scope !== '')
  // An empty scope is how a GitHub App says that scopes are not its way.
  return scopes && scopes.length > 0 ? [...new Set(scopes)] : undefined
}

export function compareScopes({ scopes, preset }: SignInSettings, granted?: readonly string[]): ScopeReport {
  const isGranted = (asked: string): boolean =>
    preset?.unnamedScopes?.includes(asked) === true ||
    granted?.some((one) => one === asked || preset?.covers?.(one, asked) === true) === true
  return {
    asked: scopes,
    ...(granted && { granted }),
    missing: granted ? scopes.filter((scope) => !isGranted(scope)) : [],
  }
}

interface Sources {
  readonly fields: TokenFields
  readonly query: URLSearchParams | undefined
  readonly deps: Pick<AuthDeps, 'redactor'>
}

/** What the provider says beside the tokens, of the token answer first. */
function readFacts(names: readonly string[], { fields, query, deps }: Sources): Readonly<Record<string, string>> {
  const found = names.map((name) => {
    const value = name.split('.').reduce<unknown>((inner, step) => memberOf(inner, step), fields) ?? query?.get(name)
    const text = typeof value === 'number' ? String(value) : textOf(value)
    return text === undefined ? undefined : ([name, oneLine(deps.redactor.redact(text), 200)] as const)
  })
  return Object.fromEntries(found.filter((fact) => fact !== undefined))
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
