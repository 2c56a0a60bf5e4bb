import type { ConnectedAccount } from '../connect/connect.ts'
import { oneLine } from '../base/words/line.ts'
import type { Terminal } from './terminal.ts'

/** Columns of what the provider says about one thing. */
const widest = 500

/** What `--json` prints: never a token. */
export function toDocument(connector: string, accounts: readonly ConnectedAccount[], next: string): object {
  return {
    connector,
    connected: accounts.map(({ method, label, store, encrypted, rotates, connection }) => ({
      method,
      provider: label,
      ...(connection.account !== undefined && { account: connection.account }),
      scopes: connection.scopes,
      ...(connection.tokens.expires_at !== undefined && { expires_at: connection.tokens.expires_at }),
      renewable: connection.tokens.refresh_token !== undefined,
      ...(connection.renewableUntil !== undefined && { renewable_until: connection.renewableUntil }),
      rotates,
      tokens: store,
      encrypted,
      facts: connection.facts,
    })),
    next,
  }
}

/**
 * ```
 * ✓ acme is connected to GitHub as octocat
 *     granted   repo
 *     expires   2026-03-01T10:00:00.000Z, and is renewed by itself
 *     saved in  secret:acme-tokens
 * ```
 */
export function describeAccount(account: ConnectedAccount, connector: string, terminal: Terminal): string {
  const { label, connection } = account
  const who = connection.account === undefined ? '' : ` as ${oneLine(connection.account, 200)}`
  const lines = [
    ['granted', describeGranted(account)],
    ['missing', connection.scopes.missing.join(', ')],
    ['expires', describeExpiry(account)],
    ['saved in', describeStore(account)],
    ...Object.entries(connection.facts),
  ].filter(([, text]) => text !== '')
  const width = Math.max(...lines.map(([name = '']) => name.length))
  const rows = lines.map(([name = '', text = '']) => {
    const head = name.padEnd(width)
    return `    ${name === 'missing' ? terminal.style('yellow', head) : head}  ${oneLine(text, widest)}\n`
  })
  const title = `${terminal.style('green', '✓')} ${terminal.style('bold', connector)} is connected to ${label}${who}\n`
  return title + rows.join('')
}

function describeGranted({ connection: { scopes } }: ConnectedAccount): string {
  if (scopes.granted) return scopes.granted.join(', ')
  return scopes.asked.length > 0 ? `${scopes.asked.join(', ')} (as asked; the provider does not list them)` : ''
}

function describeExpiry({ label, rotates, connection: { tokens, renewableUntil } }: ConnectedAccount): string {
  const { expires_at: end, refresh_token: refresh } = tokens
  if (refresh === undefined)
    return end === undefined
      ? 'not as far as the provider says'
      : `${end}, and cannot be renewed, as ${label} gave no refresh token: connect again by then, or ask for offline access (scopes, extra)`
  const until = renewableUntil === undefined ? '' : `; connect again where nothing runs until ${renewableUntil}`
  const copies = rotates ? '; each renewal replaces the tokens, so keep no copy of them' : ''
  return `${end ?? 'the provider does not say when'}, and is renewed by itself${copies}${until}`
}

function describeStore({ store, encrypted }: ConnectedAccount): string {
  if (encrypted) return `${store}, encrypted with the secret of tokens_key`
  if (!store.startsWith('file:')) return store
  return `${store} (mode 0600, not encrypted: whoever can read it can act for you; tokens_key encrypts it)`
}
