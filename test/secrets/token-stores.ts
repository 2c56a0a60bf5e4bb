import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { TokenStore } from '../../src/secrets/token-store/contract.ts'
import type { Effects } from '../../src/base/effects.ts'
import type { Log } from '../../src/base/log.ts'
import { type TokenStoreOptions, createTokenStores } from '../../src/secrets/token-store/index.ts'
import { type SecretManagerServer, startSecretManager } from '../support/secret-manager.ts'
import { effectsOf, parseRef, quietLog } from './helpers.ts'

export const signal = new AbortController().signal

/** The secret that `secret:rt` is. */
export const secretName = 'projects/acme/secrets/rt'

export function makeDir(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-tokens-'))
  context.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export async function startSecrets(context: TestContext): Promise<SecretManagerServer> {
  const server = await startSecretManager()
  context.after(() => server[Symbol.asyncDispose]())
  return server
}

export interface StoreSetup extends Partial<Omit<TokenStoreOptions, 'endpoint'>> {
  readonly endpoint?: string
  readonly dir?: string
}

/** The store of a reference, as another process would have it: nothing is shared with any other store. */
export function storeOf(text: string, { dir = 'absent', ...setup }: StoreSetup = {}): TokenStore {
  const options = { env: {}, project: 'acme', effects: effectsOf(), log: quietLog, ...setup }
  return createTokenStores(options)(join(dir, 'acme.yaml'))(parseRef(text))
}

/** A log that keeps its lines, as `level message {fields}`. */
export function keepingLog(lines: string[]): Log {
  const keep = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  return { error: keep('error'), warn: keep('warn'), info: keep('info'), debug: keep('debug'), trace: keep('trace') }
}

/** Effects with a clock that a test turns, and waits that let others go on. */
export function turnedEffects(clock: { now: number }): Effects {
  return {
    now: () => clock.now,
    random: () => 0.5,
    sleep: async (_ms, stop) => {
      stop.throwIfAborted()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
