import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { readEnv } from './env.ts'
import { readSecretFile } from './file.ts'
import { readJsonField } from './json-field.ts'
import type { SecretRef } from './ref.ts'
import { Secret } from './secret.ts'
import { createSecretManager } from './secret-manager.ts'
import type { SecretStore } from './store.ts'

export { type Lookup, type SecretUse, resolveSecrets } from './resolve.ts'

export interface SecretStoreOptions {
  /** What relative `file:` paths stand beside. */
  readonly connectorFile: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Google Cloud project of short names; found out from the credentials where absent. */
  readonly project?: string
  /** Of a Secret Manager on this machine, for tests. */
  readonly endpoint?: string
  readonly effects: Effects
  readonly log: Log
}

/**
 * The store of all kinds of references. Reads of one secret at the same time, such as of two fields of a JSON secret,
 * share one fetch; nothing is kept beyond it, so a rotated secret is seen by the next run. Throws `CONFIG_INVALID` for
 * an endpoint that is not on this machine.
 */
export function createSecretStore(options: SecretStoreOptions): SecretStore {
  const { project, endpoint, effects } = options
  const readVersion = createSecretManager({ effects, ...(project && { project }), ...(endpoint && { endpoint }) })
  const pending = new Map<string, Promise<string>>()

  function fetchText(ref: SecretRef, signal: AbortSignal): Promise<string> {
    switch (ref.store) {
      case 'secret':
        return readVersion(ref, signal)
      case 'env':
        return Promise.resolve(readEnv(ref, options.env))
      case 'file':
        return readSecretFile(ref, options.connectorFile)
    }
  }

  function shareText(ref: SecretRef, signal: AbortSignal): Promise<string> {
    const key = [ref.store, ref.name, ref.version ?? ''].join('\n')
    const running = pending.get(key)
    if (running) return running
    const started = fetchText(ref, signal).finally(() => pending.delete(key))
    pending.set(key, started)
    return started
  }

  return {
    async read(ref, signal) {
      const start = effects.now()
      const text = await shareText(ref, signal)
      options.log.debug({ secret: ref.text, ms: effects.now() - start }, 'secret read')
      const value = dropLastBreak(
        ref.pointer === undefined ? text : readJsonField(text, ref.pointer, `The secret ${ref.store}:${ref.name}`),
      )
      if (value === '') throw new SyncError('SECRET_MISSING', `${ref.text} is empty; store the secret there.`)
      return new Secret(value)
    },
  }
}

/** Editors and `echo` end a text with a line break that is no part of the secret, wherever it is stored; PEM has its own. */
function dropLastBreak(text: string): string {
  return text.includes('-----BEGIN ') ? text : text.replace(/\r?\n$/, '')
}
