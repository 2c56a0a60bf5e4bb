import { hkdfSync } from 'node:crypto'
import { SyncError } from '../../base/errors.ts'
import type { Secret } from '../../secrets/secret.ts'
import type { SavedTokens, StoredTokens, TokenStore } from '../../secrets/token-store/contract.ts'

const secretFields = ['refresh_token', 'access_token', 'token', 'token_secret'] as const

/** Fewer characters could be guessed by one who has the file. */
const shortestKey = 32

/**
 * A token store whose secrets lie encrypted in `store`: each is a compact JWE (RFC 7516: `dir`, A256GCM), bound to its
 * field, under a key that HKDF makes of `key`. Times and scopes stay readable. Throws `CONFIG_INVALID` for a key that is
 * too short; reading with another key throws `SECRET_MISSING`.
 */
export function sealTokens(store: TokenStore, key: Secret): TokenStore {
  const text = key.reveal()
  if (text.length < shortestKey)
    throw new SyncError(
      'CONFIG_INVALID',
      `The secret of auth.tokens_key has fewer than ${shortestKey} characters; make one with: openssl rand -base64 32`,
    )
  const bytes = new Uint8Array(hkdfSync('sha256', text, '', 'headrace saved tokens', 32))
  const seal = (tokens: SavedTokens): Promise<SavedTokens> =>
    mapSecrets(tokens, (value, field) => encrypt(value, field, bytes))
  const open = async ({ tokens, ...rest }: StoredTokens): Promise<StoredTokens> => ({
    ...rest,
    tokens: await mapSecrets(tokens, (value, field) => decrypt(value, field, { bytes, name: store.name })),
  })
  return {
    name: store.name,
    async read(signal) {
      const stored = await store.read(signal)
      return stored && open(stored)
    },
    replace: async (tokens, signal) => store.replace(await seal(tokens), signal),
    withLease: (task, signal) =>
      store.withLease(async (lease) => {
        const stored = lease.stored && (await open(lease.stored))
        return task({ ...lease, stored, save: async (tokens) => lease.save(await seal(tokens)) })
      }, signal),
  }
}

type SecretField = (typeof secretFields)[number]

async function mapSecrets(
  tokens: SavedTokens,
  change: (value: string, field: SecretField) => Promise<string>,
): Promise<SavedTokens> {
  const changed = await Promise.all(
    secretFields.map(async (field) => {
      const value = tokens[field]
      return value === undefined ? [] : [[field, await change(value, field)] as const]
    }),
  )
  return { ...tokens, ...Object.fromEntries(changed.flat()) }
}

async function encrypt(value: string, field: SecretField, key: Uint8Array): Promise<string> {
  const { CompactEncrypt } = await import('jose')
  // The field is authenticated with the rest, so that two of them cannot be swapped.
  return new CompactEncrypt(new TextEncoder().encode(value))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: field })
    .encrypt(key)
}

async function decrypt(
  value: string,
  field: SecretField,
  { bytes, name }: { readonly bytes: Uint8Array; readonly name: string },
): Promise<string> {
  const { compactDecrypt } = await import('jose')
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(value, bytes, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    if (protectedHeader.kid === field) return new TextDecoder('utf-8', { fatal: true }).decode(plaintext)
  } catch {
    // Not kept as a cause: one sentence for a wrong key and for a damaged file.
  }
  throw new SyncError(
    'SECRET_MISSING',
    `The tokens in ${name} cannot be decrypted with the secret of auth.tokens_key; give the key they were saved with, or connect again.`,
  )
}
