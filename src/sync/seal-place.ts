import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import type { Checkpoint } from '../destinations/checkpoint.ts'

/** Keeps secrets out of checkpoints, whose place is a request: its headers, its body and the provider's page token may hold one. */
export interface Sealer {
  /** Encrypts the place of an interrupted listing where it holds a known secret; else the checkpoint stays as it is. */
  seal(checkpoint: Checkpoint): Checkpoint
  /** The other way round. A place that cannot be read any more is forgotten, so that its listing starts again. */
  unseal(checkpoint: Checkpoint): Checkpoint
}

export interface SealerOptions {
  readonly redact: (text: string) => string
  /** The secrets that the next run will know too: the key is made of them. Without any, nothing is sealed for later. */
  readonly secrets: readonly string[]
}

const cipher = 'aes-256-gcm'
const nowhere = { method: 'GET', url: '', headers: {} } as const

/**
 * The key comes from the connector's own secrets, so that whoever reads the warehouse cannot open what is sealed, and a
 * secret that is replaced costs an interrupted listing, no row. scrypt makes guessing a weak secret slow (RFC 7914).
 */
export function createSealer({ redact, secrets }: SealerOptions): Sealer {
  let made: Buffer | undefined
  const key = (): Buffer => (made ??= scryptSync([...new Set(secrets)].sort().join('\0'), 'headrace place', 32))
  return {
    seal(checkpoint) {
      const { open } = checkpoint
      const text = JSON.stringify(open?.place)
      if (!open || redact(text) === text) return checkpoint
      const sealed = secrets.length === 0 ? '' : encrypt(text, key())
      return { ...checkpoint, open: { ...open, place: { next: nowhere, sealed } } }
    },
    unseal(checkpoint) {
      const { open } = checkpoint
      if (open?.place.sealed === undefined) return checkpoint
      const text = secrets.length === 0 ? undefined : decrypt(open.place.sealed, key())
      // No connector is the source of nothing, so that no run goes on there.
      if (text === undefined) return { ...checkpoint, open: { ...open, source: '' } }
      return { ...checkpoint, open: { ...open, place: JSON.parse(text) as typeof open.place } }
    },
  }
}

function encrypt(text: string, key: Buffer): string {
  const nonce = randomBytes(12)
  const sealing = createCipheriv(cipher, key, nonce)
  const bytes = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()])
  return Buffer.concat([nonce, sealing.getAuthTag(), bytes]).toString('base64')
}

function decrypt(sealed: string, key: Buffer): string | undefined {
  const bytes = Buffer.from(sealed, 'base64')
  try {
    const opening = createDecipheriv(cipher, key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28))
    return Buffer.concat([opening.update(bytes.subarray(28)), opening.final()]).toString()
  } catch {
    return undefined
  }
}
