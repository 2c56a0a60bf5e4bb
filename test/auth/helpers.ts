import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Agent } from 'undici'
import type { Auth, AuthDeps } from '../../src/auth/auth.ts'
import { authConfig, createAuth } from '../../src/auth/index.ts'
import { createTokenFetch } from '../../src/auth/token/token-fetch.ts'
import type { Effects } from '../../src/base/effects.ts'
import type { ApiRequest } from '../../src/http/send.ts'
import { createRedactor } from '../../src/secrets/redactor.ts'
import type { SecretRef } from '../../src/secrets/ref.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { createTokenStores } from '../../src/secrets/token-store/index.ts'
import { quietLog } from '../secrets/helpers.ts'

export const request: ApiRequest = {
  method: 'GET',
  url: 'https://api.example/v1/rows?page=2',
  headers: { accept: 'application/json' },
}

export interface World {
  /** Milliseconds since 1970; a test may turn the clock. */
  now: number
  readonly waits: number[]
  readonly stop: AbortController
  readonly deps: AuthDeps
}

export interface WorldOptions {
  /** Where the `file:` references of token stores lead. */
  readonly dir?: string
  /** Of the Secret Manager of token stores, whose project is `acme`. */
  readonly endpoint?: string
}

/** What a method of authentication is given, with a clock that stands and waits that are over at once. */
export function createWorld(
  context: TestContext,
  secrets: Readonly<Record<string, string>> = {},
  { dir = 'absent', endpoint }: WorldOptions = {},
): World {
  const dispatcher = new Agent()
  context.after(() => dispatcher.destroy())
  const redactor = createRedactor()
  const stop = new AbortController()
  for (const value of Object.values(secrets)) redactor.add(new Secret(value))
  const effects: Effects = {
    now: () => world.now,
    random: () => 1,
    sleep: async (ms, signal) => {
      signal.throwIfAborted()
      world.waits.push(ms)
    },
  }
  const stores = { env: secrets, project: 'acme', ...(endpoint && { endpoint }), effects, log: quietLog }
  const world: World = {
    now: 1_000_000,
    waits: [],
    stop,
    deps: {
      ...effects,
      secret: (value) => new Secret(readValue(value, secrets)),
      fetch: createTokenFetch(dispatcher, 5_000),
      redactor,
      signal: stop.signal,
      tokens: createTokenStores(stores)(join(dir, 'acme.yaml')),
      file: 'acme.yaml',
      log: quietLog,
    },
  }
  return world
}

function readValue(value: SecretRef | string, secrets: Readonly<Record<string, string>>): string {
  if (typeof value === 'string') return value
  const found = secrets[value.name]
  if (found === undefined) throw new Error(`${value.text} is not among the secrets of the test`)
  return found
}

/** The method for what stands in a connector file under `auth`. */
export function authOf(config: object | readonly object[], deps: AuthDeps): Auth {
  const list: readonly object[] = Array.isArray(config) ? config : [config]
  return createAuth(
    list.map((entry) => authConfig.parse(entry)),
    deps,
  )
}

/** The token that `auth` signs with. */
export async function tokenOf(auth: Auth): Promise<string> {
  const { headers } = await auth.sign(request)
  return (headers['authorization'] ?? '').replace('Bearer ', '')
}
