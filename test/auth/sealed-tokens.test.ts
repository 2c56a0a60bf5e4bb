import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealTokens } from '../../src/auth/token/sealed-tokens.ts'
import type { SavedTokens, StoredTokens, TokenStore } from '../../src/secrets/token-store/contract.ts'
import { SyncError } from '../../src/base/errors.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { findLeaks } from '../support/leaks.ts'

const key = new Secret('kH3v0cYt2mZq8pR5sW7xB9dF1gJ4lN6uA0eI3oT8yQ=')
const tokens: SavedTokens = {
  obtained_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T01:00:00.000Z',
  scope: 'repo user',
  refresh_token: 'the-refresh-token-itself',
  access_token: 'the-access-token-itself',
}
const { signal } = new AbortController()

/** What lies below the encryption. */
function createPlainStore(): TokenStore & { stored: StoredTokens | undefined } {
  const keep = async (saved: SavedTokens): Promise<void> => void (store.stored = { tokens: saved, steady: false })
  const store: ReturnType<typeof createPlainStore> = {
    name: 'file:tokens.json',
    stored: undefined,
    read: async () => store.stored,
    replace: keep,
    withLease: (task) =>
      task({
        stored: store.stored,
        noteRenewal: async () => {},
        clearRenewalMark: async () => {},
        keep: async () => {},
        save: keep,
      }),
  }
  return store
}

const refusal = (pattern: RegExp, code: string) => (error: unknown) =>
  error instanceof SyncError && error.code === code && pattern.test(error.message)

test('what is saved holds no token in any spelling, and times and scopes as they are', async () => {
  const plain = createPlainStore()
  await sealTokens(plain, key).replace(tokens, signal)
  const text = JSON.stringify(plain.stored)
  for (const secret of [tokens.refresh_token, tokens.access_token, key.reveal()])
    assert.deepEqual(findLeaks(secret ?? '', text), [])
  assert.equal(plain.stored?.tokens.expires_at, tokens.expires_at)
  assert.equal(plain.stored?.tokens.scope, tokens.scope)
})

test('it is read back as it was, also under the lease, and what the lease saves is encrypted too', async () => {
  const plain = createPlainStore()
  const sealed = sealTokens(plain, key)
  assert.equal(await sealed.read(signal), undefined)
  await sealed.replace(tokens, signal)
  assert.deepEqual((await sealed.read(signal))?.tokens, tokens)
  await sealed.withLease(async (lease) => {
    assert.deepEqual(lease.stored?.tokens, tokens)
    await lease.save({ refresh_token: 'the-next-refresh-token' })
  }, signal)
  assert.deepEqual((await sealed.read(signal))?.tokens, { refresh_token: 'the-next-refresh-token' })
  assert.deepEqual(findLeaks('the-next-refresh-token', JSON.stringify(plain.stored)), [])
})

test('another key, a changed character or two tokens that were swapped are one sentence', async () => {
  const plain = createPlainStore()
  await sealTokens(plain, key).replace(tokens, signal)
  const refused = refusal(/cannot be decrypted with the secret of auth\.tokens_key/, 'SECRET_MISSING')
  await assert.rejects(sealTokens(plain, new Secret('x'.repeat(40))).read(signal), refused)
  const saved = plain.stored?.tokens ?? {}
  const { refresh_token: refresh = '', access_token: access = '' } = saved
  const broken = refresh.replace(
    /\.([^.])([^.]*)$/,
    (_, first: string, rest: string) => `.${first === 'A' ? 'B' : 'A'}${rest}`,
  )
  for (const change of [
    { refresh_token: broken },
    { refresh_token: access, access_token: refresh },
    { refresh_token: 'plain' },
  ]) {
    plain.stored = { tokens: { ...saved, ...change }, steady: false }
    await assert.rejects(sealTokens(plain, key).read(signal), refused)
  }
})

test('a key that could be guessed is refused before anything is read', () => {
  assert.throws(
    () => sealTokens(createPlainStore(), new Secret('short')),
    refusal(/fewer than 32 characters/, 'CONFIG_INVALID'),
  )
})
