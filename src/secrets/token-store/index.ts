import { dirname, resolve } from 'node:path'
import type { TokenStore } from './contract.ts'
import type { Effects } from '../../base/effects.ts'
import { SyncError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { readEnv } from '../env.ts'
import type { SecretRef } from '../ref.ts'
import { parseResourceName } from '../resource-name.ts'
import { accessVersion, limits } from '../secret-manager.ts'
import { type OpenSecret, openSecretManager } from '../secret-manager-client.ts'
import { retry } from '../retry.ts'
import { createTokenFile } from './file.ts'
import { createTokenSecret } from './secret.ts'
import { createBackedStore } from './token-store.ts'
import { parseTokens } from './text.ts'

export interface TokenStoreOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Google Cloud project of short names; found out from the credentials where absent. */
  readonly project?: string
  /** Of a Secret Manager on this machine, for tests. */
  readonly endpoint?: string
  readonly effects: Effects
  readonly log: Log
  /** How long a holder of the lease may be silent before it counts as dead, in milliseconds. */
  readonly leaseMs?: number
}

/** The token store of a reference; of one reference it is the same for as long as the process lives. */
export type OpenTokenStore = (ref: SecretRef) => TokenStore

/** Longer than a token request may take, and than a process is likely to be held up. */
const defaultLeaseMs = 90_000

/**
 * Token stores of all connectors of a process; called with the connector's file, which relative `file:` paths stand
 * beside. The store, `CONFIG_INVALID` where the endpoint or the name of a secret is none.
 */
export function createTokenStores(options: TokenStoreOptions): (connectorFile: string) => OpenTokenStore {
  const { effects, log, leaseMs = defaultLeaseMs } = options
  const { project, endpoint } = options
  let openSecret: OpenSecret | undefined
  const open: OpenSecret = (ref) => {
    openSecret ??= openSecretManager({ ...(project && { project }), ...(endpoint && { endpoint }) })
    return openSecret(ref)
  }
  const stores = new Map<string, TokenStore>()

  function createStore(ref: SecretRef, path: string): TokenStore {
    const name = `${ref.store}:${ref.name}`
    const backed = { effects, log, leaseMs, pointer: ref.pointer }
    switch (ref.store) {
      case 'env':
        return createReadOnlyStore(ref, async () => readEnv(ref, options.env))
      case 'file':
        return createBackedStore(createTokenFile(path, name, log), backed)
      case 'secret':
        if (parseResourceName(ref).version !== 'latest')
          return createReadOnlyStore(ref, async (signal) => {
            const { client, name: full } = await open(ref)
            return (await retry(() => accessVersion(client, full, signal), limits, { effects, signal })).text
          })
        return createBackedStore(createTokenSecret({ name, open: () => open(ref), effects }), backed)
    }
  }

  return (connectorFile) => (ref) => {
    const path = ref.store === 'file' ? resolve(dirname(connectorFile), ref.name) : ''
    const key = [ref.store, path || ref.name, ref.version, ref.pointer].join('\n')
    const store = stores.get(key) ?? createStore(ref, path)
    stores.set(key, store)
    return store
  }
}

/** Of a reference that tokens can be read from but not saved to. */
function createReadOnlyStore(ref: SecretRef, read: (signal: AbortSignal) => Promise<string>): TokenStore {
  const name = `${ref.store}:${ref.name}`
  const why =
    ref.store === 'env'
      ? 'an environment variable cannot be written back, so keep them in secret:NAME or file:PATH'
      : 'this names one version, which cannot change, so leave the version out'
  const refuse = async (): Promise<never> => {
    throw new SyncError(
      'CONFIG_INVALID',
      `${ref.text} cannot keep tokens that a provider may replace: ${why}; or say \`rotates: false\` if it never replaces a refresh token.`,
    )
  }
  return {
    name,
    read: async (signal) => ({ tokens: parseTokens(await read(signal), ref.pointer, name).tokens, steady: false }),
    replace: refuse,
    withLease: refuse,
  }
}
