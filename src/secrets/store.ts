import type { SecretRef } from './ref.ts'
import type { Secret } from './secret.ts'

/** Reads secrets by reference. */
export interface SecretStore {
  /** Throws `SECRET_MISSING`, `SECRET_FORBIDDEN` (names the role that is lacking) or `SECRET_UNAVAILABLE`. */
  read(ref: SecretRef, signal: AbortSignal): Promise<Secret>
}
