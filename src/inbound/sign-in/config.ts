import type { Env } from '../../run/app.ts'
import { isLoopback } from '../../syntax/loopback.ts'
import { SyncError } from '../../base/errors.ts'
import { type AllowList, parseAllowList, peopleSyntax } from '../allow-list.ts'

/** With whom people sign in to the status page, and who may. */
export interface SignInConfig {
  /** An OpenID Connect issuer, or GitHub, whose OAuth is not OpenID. */
  readonly provider: { readonly type: 'oidc'; readonly issuer: string } | GithubConfig
  readonly clientId: string
  /** References to secrets: `secret:NAME`, `env:NAME` or `file:PATH`. */
  readonly clientSecret: string
  readonly key: string
  readonly allow: AllowList
  /** How long a session lasts, in seconds. */
  readonly lifetime: number
}

/** Where GitHub is: on the web or, for tests, on this machine. */
export interface GithubConfig {
  readonly type: 'github'
  readonly web: string
  readonly api: string
}

const reference = /^(secret|env|file):./

/** Undefined where nobody signs in; behind a proxy that does it for us the key alone may be there. Throws `CONFIG_INVALID`. */
export function parseSignIn(env: Env, proxied: boolean): SignInConfig | undefined {
  const provider = env['HEADRACE_SIGN_IN_PROVIDER']
  if (!provider) {
    const allowed = proxied ? 'HEADRACE_SIGN_IN_KEY' : undefined
    const stray = Object.keys(env).find((name) => name.startsWith('HEADRACE_SIGN_IN_') && name !== allowed && env[name])
    if (proxied && env['HEADRACE_SIGN_IN_KEY']) requireReference(env, 'HEADRACE_SIGN_IN_KEY')
    if (stray !== undefined) throw invalid(`${stray} is set, but HEADRACE_SIGN_IN_PROVIDER is not.`)
    return undefined
  }
  const allow = parseAllowList(env['HEADRACE_SIGN_IN_ALLOW'], peopleSyntax)
  if (allow.size === 0)
    throw invalid('HEADRACE_SIGN_IN_ALLOW is empty, so nobody could sign in: name people, domains or organisations.')
  const parsed = parseProvider(provider, env)
  if (parsed.type !== 'github' && [...allow.keys()].some((name) => name.startsWith('github')))
    throw invalid('HEADRACE_SIGN_IN_ALLOW names GitHub users or organisations, but people sign in elsewhere.')
  return {
    provider: parsed,
    clientId: require(env, 'HEADRACE_SIGN_IN_CLIENT_ID'),
    clientSecret: requireReference(env, 'HEADRACE_SIGN_IN_CLIENT_SECRET'),
    key: requireReference(env, 'HEADRACE_SIGN_IN_KEY'),
    allow,
    lifetime: parseMinutes(env['HEADRACE_SIGN_IN_MINUTES']) * 60,
  }
}

function parseProvider(text: string, env: Env): SignInConfig['provider'] {
  if (text === 'google') return { type: 'oidc', issuer: 'https://accounts.google.com' }
  if (text === 'github') {
    const local = env['HEADRACE_SIGN_IN_GITHUB_ENDPOINT']
    if (!local) return { type: 'github', web: 'https://github.com', api: 'https://api.github.com' }
    if (!isLoopback(local)) throw invalid('HEADRACE_SIGN_IN_GITHUB_ENDPOINT must lie on this machine: it is for tests.')
    return { type: 'github', web: local, api: local }
  }
  const url = URL.parse(text)
  if (url && !url.username && !url.search && !url.hash)
    if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))
      return { type: 'oidc', issuer: text }
  throw invalid(
    `HEADRACE_SIGN_IN_PROVIDER is ${JSON.stringify(text)}: expected google, github or the https address of an OpenID Connect issuer.`,
  )
}

function parseMinutes(text: string | undefined): number {
  const minutes = Number(text || 60)
  if (Number.isFinite(minutes) && minutes >= 1 && minutes <= 1440) return minutes
  throw invalid(`HEADRACE_SIGN_IN_MINUTES is ${JSON.stringify(text)}: expected 1 to 1440.`)
}

function require(env: Env, name: string): string {
  const value = env[name]
  if (value) return value
  throw invalid(`${name} is not set, but HEADRACE_SIGN_IN_PROVIDER is.`)
}

function requireReference(env: Env, name: string): string {
  const value = require(env, name)
  if (reference.test(value)) return value
  throw invalid(`${name} must be a reference to a secret (secret:NAME, env:NAME or file:PATH), not the secret itself.`)
}

const invalid = (message: string): SyncError => new SyncError('CONFIG_INVALID', message)
