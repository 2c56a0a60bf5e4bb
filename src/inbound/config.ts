import type { Env } from '../run/app.ts'
import { isLoopback } from '../syntax/loopback.ts'
import { suggest } from '../base/nearest.ts'
import { SyncError } from '../base/errors.ts'
import { type AllowList, callerSyntax, foldName, parseAllowList } from './allow-list.ts'
import { type SignInConfig, parseSignIn } from './sign-in/config.ts'

const modes = ['iam', 'verify', 'none'] as const
export type InboundMode = (typeof modes)[number]

/** How the front door is kept, from the environment. */
export interface InboundConfig {
  readonly mode: InboundMode
  /** What a token must be for; with `verify` only. */
  readonly audience?: string
  readonly callers: AllowList
  /** The accounts that deliver for schedules, queues and topics, as lists compare them; all where it is empty. */
  readonly deliverers: ReadonlySet<string>
  /** Of Identity-Aware Proxy's header, where it stands in front. */
  readonly iapAudience?: string
  /** Reference to the secret that its visitors' forms are signed with; they have none without it. */
  readonly iapKey?: string
  /** Of a server on this machine that gives Google's keys, for tests. */
  readonly keysEndpoint?: string
  /** Our own origin, as people see it. */
  readonly origin?: string
  readonly signIn?: SignInConfig
}

/** Throws `CONFIG_INVALID` for whatever would leave the door other than it was meant to be. */
export function parseInbound(env: Env): InboundConfig {
  const onPlatform = Boolean(env['K_SERVICE'])
  const named = env['HEADRACE_INBOUND'] || undefined
  // Off the platform nobody has checked who calls, so only this machine gets in unless it is said otherwise.
  const mode = parseMode(named ?? (onPlatform ? 'iam' : 'none'))
  const audience = env['HEADRACE_AUDIENCE'] || undefined
  if (named === undefined && mode === 'none' && env['HEADRACE_CALLERS'])
    throw invalid(
      'HEADRACE_CALLERS names who may call, but nothing checks here who does: set HEADRACE_INBOUND=verify and HEADRACE_AUDIENCE.',
    )
  if (mode === 'iam' && !onPlatform && !env['HEADRACE_INBOUND_CHECKED_BY'])
    throw invalid(
      'HEADRACE_INBOUND is iam, which believes what a token claims, and this is not Cloud Run (K_SERVICE is not set): take verify, or name what checks the tokens in front of this service in HEADRACE_INBOUND_CHECKED_BY.',
    )
  if (mode === 'none' && onPlatform)
    throw invalid(
      'HEADRACE_INBOUND is none, which answers this very machine only, but K_SERVICE says that this is the cloud: take iam or verify.',
    )
  if (mode === 'verify' && audience === undefined)
    throw invalid(
      'HEADRACE_INBOUND is verify, but HEADRACE_AUDIENCE is not set: give what callers ask their token for.',
    )
  const iapAudience = env['HEADRACE_IAP_AUDIENCE'] || undefined
  const signIn = parseSignIn(env, iapAudience !== undefined)
  if (signIn && mode === 'iam')
    throw invalid(
      'HEADRACE_SIGN_IN_PROVIDER needs HEADRACE_INBOUND=verify: people can sign in only where everybody may come to the door, and there iam would trust them all.',
    )
  const origin = parseOrigin(env['HEADRACE_URL'])
  if (signIn && mode === 'verify' && origin === undefined)
    throw invalid(
      'HEADRACE_URL is not set: sign-in needs the address that people see, such as https://etl.acme.example.',
    )
  const keysEndpoint = env['HEADRACE_GOOGLE_KEYS_ENDPOINT'] || undefined
  if (keysEndpoint !== undefined && !isLoopback(keysEndpoint))
    throw invalid('HEADRACE_GOOGLE_KEYS_ENDPOINT must lie on this machine: it is for tests.')
  return {
    mode,
    callers: parseAllowList(env['HEADRACE_CALLERS'], callerSyntax),
    deliverers: parseDeliverers(env['HEADRACE_DELIVERERS'] ?? env['HEADRACE_TASKS_ACCOUNT']),
    ...(audience !== undefined && { audience }),
    ...(iapAudience !== undefined && { iapAudience }),
    ...(iapAudience !== undefined && env['HEADRACE_SIGN_IN_KEY'] && { iapKey: env['HEADRACE_SIGN_IN_KEY'] }),
    ...(keysEndpoint !== undefined && { keysEndpoint }),
    ...(origin !== undefined && { origin }),
    ...(signIn && { signIn }),
  }
}

/** A deployment calls by one account: the one that its tasks are signed with. */
function parseDeliverers(text: string | undefined): ReadonlySet<string> {
  return new Set((text ?? '').split(/[,\s]+/).flatMap((name) => (name === '' ? [] : [foldName(name)])))
}

function parseMode(text: string): InboundMode {
  const mode = modes.find((known) => known === text)
  if (mode) return mode
  throw invalid(`HEADRACE_INBOUND is ${JSON.stringify(text)}${suggest(text, modes)}: expected ${modes.join(', ')}.`)
}

function parseOrigin(text: string | undefined): string | undefined {
  if (!text) return undefined
  const url = URL.parse(text)
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))) return url.origin
  throw invalid(`HEADRACE_URL is ${JSON.stringify(text)}: expected the https address of this service.`)
}

const invalid = (message: string): SyncError => new SyncError('CONFIG_INVALID', message)
