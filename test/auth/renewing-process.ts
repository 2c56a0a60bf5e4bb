/**
 * A process of its own that renews a token: for each line `{"round": N}` on standard input it signs one request, an hour
 * later by its own clock than the round before, and writes what it got as a line on standard output.
 */
import { createInterface } from 'node:readline'
import { Agent } from 'undici'
import { authConfig, createAuth } from '../../src/auth/index.ts'
import { createTokenFetch } from '../../src/auth/token/token-fetch.ts'
import { systemEffects } from '../../src/base/effects.ts'
import { toSyncError } from '../../src/base/errors.ts'
import { createRedactor } from '../../src/secrets/redactor.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { createTokenStores } from '../../src/secrets/token-store/index.ts'
import { keepingLog } from '../secrets/token-stores.ts'

export interface RenewingSetup {
  readonly connectorFile: string
  readonly auth: object
  readonly secrets: Readonly<Record<string, string>>
  readonly endpoint?: string
  readonly leaseMs: number
  /** How far the clock of this process is ahead, in milliseconds. */
  readonly skew: number
}

export interface RoundResult {
  readonly round: number
  readonly token?: string
  readonly error?: { readonly code: string; readonly message: string }
  readonly log: readonly string[]
}

const setup = JSON.parse(process.argv[2] ?? '{}') as RenewingSetup
let round = 0
const effects = { ...systemEffects, now: () => Date.now() + setup.skew + round * 3_600_000 }
const lines: string[] = []
const log = keepingLog(lines)
const stores = createTokenStores({
  env: {},
  project: 'acme',
  ...(setup.endpoint !== undefined && { endpoint: setup.endpoint }),
  effects,
  log,
  leaseMs: setup.leaseMs,
})
const auth = createAuth([authConfig.parse(setup.auth)], {
  ...effects,
  secret: (value) => new Secret(typeof value === 'string' ? value : (setup.secrets[value.name] ?? '')),
  fetch: createTokenFetch(new Agent(), 10_000),
  redactor: createRedactor(),
  signal: new AbortController().signal,
  tokens: stores(setup.connectorFile),
  file: setup.connectorFile,
  log,
})

for await (const line of createInterface({ input: process.stdin })) {
  ;({ round } = JSON.parse(line) as { round: number })
  process.stdout.write(`${JSON.stringify(await signOnce())}\n`)
}

async function signOnce(): Promise<RoundResult> {
  try {
    const { headers } = await auth.sign({ method: 'GET', url: 'https://api.example/', headers: {} })
    return { round, token: (headers['authorization'] ?? '').replace('Bearer ', ''), log: lines }
  } catch (thrown) {
    const { code, message } = toSyncError(thrown)
    return { round, error: { code, message }, log: lines }
  }
}
