import { SyncError } from '../base/errors.ts'
import type { SecretRef } from './ref.ts'

/** The variable that `ref` names. An empty one counts as missing, as that is what an unset build variable becomes. */
export function readEnv(ref: SecretRef, env: Readonly<Record<string, string | undefined>>): string {
  const value = env[ref.name]
  if (value) return value
  const state = value === undefined ? 'is not set' : 'is empty'
  throw new SyncError('SECRET_MISSING', `The environment variable ${ref.name} ${state}; set it to the secret.`)
}
