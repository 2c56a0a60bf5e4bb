import type { SecretManagerServiceClient } from '@google-cloud/secret-manager'
import type { Effects } from '../base/effects.ts'
import { SyncError } from '../base/errors.ts'
import { crc32c } from './crc32c.ts'
import type { SecretRef } from './ref.ts'
import { type FullName, formatVersionName } from './resource-name.ts'
import { type RetryLimits, retry } from './retry.ts'
import { type SecretManagerOptions, openSecretManager } from './secret-manager-client.ts'
import { describeSecret, toSecretError } from './secret-manager-error.ts'
import { decodeText } from './text.ts'

/** The text of a secret version, as it is stored. */
export type ReadVersion = (ref: SecretRef, signal: AbortSignal) => Promise<string>

export const limits: RetryLimits = { attempts: 5, base: 250, cap: 8_000 }
export const timeoutMs = 15_000

/** Reads secret versions of Google Cloud Secret Manager. Throws `CONFIG_INVALID` at once for an endpoint that is not on this machine. */
export function createSecretManager({
  effects,
  ...options
}: SecretManagerOptions & { readonly effects: Effects }): ReadVersion {
  const openSecret = openSecretManager(options)
  return async (ref, signal) => {
    const { client, name } = await openSecret(ref)
    const { text } = await retry(() => accessVersion(client, name, signal), limits, { effects, signal })
    return text
  }
}

/** `version` is the number of what was read. */
export interface AccessedVersion {
  readonly text: string
  readonly version: string
}

/** Asks once. Throws `SECRET_*`. */
export async function accessVersion(
  client: SecretManagerServiceClient,
  name: FullName,
  signal: AbortSignal,
): Promise<AccessedVersion> {
  const { payload, name: found } = await callAccess(client, name, signal)
  const bytes =
    typeof payload?.data === 'string' ? Buffer.from(payload.data, 'base64') : (payload?.data ?? new Uint8Array())
  const expected = payload?.dataCrc32c
  if (expected !== undefined && expected !== null && String(expected) !== String(crc32c(bytes))) {
    throw new SyncError('SECRET_UNAVAILABLE', `${describeSecret(name)} arrived damaged: its checksum does not match.`)
  }
  return { text: decodeText(bytes, describeSecret(name)), version: (found ?? '').replace(/^.*\//, '') }
}

async function callAccess(client: SecretManagerServiceClient, name: FullName, signal: AbortSignal) {
  try {
    // Its own retries are off: they leave out 500, and their waits know nothing of the run's clock.
    const call = { retry: null, timeout: timeoutMs, signal }
    const [response] = await client.accessSecretVersion({ name: formatVersionName(name) }, call)
    return response
  } catch (thrown) {
    throw toSecretError(thrown, name)
  }
}
